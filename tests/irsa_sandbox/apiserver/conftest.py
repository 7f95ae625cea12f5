"""An API server without a network, and its administrator."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from irsa_sandbox import apiserver
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys
from irsa_sandbox.trace import Trace


async def nobody(_token: str) -> str | None:
    """No token of EKS is known here."""
    return None


class Http:
    """Requests to an API server's application, by default as the administrator."""

    def __init__(self, folder: Path) -> None:
        clock = Clock()
        masters = ("system:masters", "system:authenticated")
        self.server = apiserver.create(
            apiserver.KubernetesSettings(
                database=folder / "kubernetes.sqlite3",
                issuer_url="https://oidc.eks.ap-northeast-2.amazonaws.com/id/EXAMPLE",
                keys=SigningKeys.load_or_create(folder / "keys"),
                clock=clock,
                trace=Trace(clock),
                ca_pem="",
                server_url="https://127.0.0.1:6443",
                static_tokens={"admin": apiserver.User("kubernetes-admin", masters)},
                kubelet_token="kubelet",
                authenticate_eks_token=nobody,
            )
        )
        # One loop for all requests: the server's connections to webhooks live in it.
        self.runner = asyncio.Runner()
        self.runner.run(self.server.start())

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request; the body is an object, or text to be sent as it is."""
        return self.runner.run(self.send(method, path, body, **more))

    def close(self) -> None:
        """Stop the server."""
        self.runner.run(self.server.stop())
        self.runner.close()

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "admin",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One request, within the loop."""
        options = {"content": body} if isinstance(body, str) else {"json": body}
        sent = {"Authorization": f"Bearer {token}", "User-Agent": "python-requests/2"}
        transport = httpx.ASGITransport(app=self.server.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://sandbox") as http:
            arguments = options if body is not None else {}
            return await http.request(method, path, headers=sent | (headers or {}), **arguments)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Http]:
    """Requests to a server of the module's own."""
    http = Http(tmp_path_factory.mktemp("apiserver"))
    yield http
    http.close()
