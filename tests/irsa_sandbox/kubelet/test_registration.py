"""A kubelet whose Node is refused goes on, and tries again."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from irsa_sandbox.apiclient import ApiClient, ApiError
from irsa_sandbox.clock import Clock
from irsa_sandbox.kubelet import registration

NODE = {"metadata": {"name": "n"}, "status": {"phase": "x"}}


class Refusing:
    """An API server that a webhook keeps from making anything, a few times."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.made: list[str] = []

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.refusals:
            self.refusals -= 1
            raise ApiError(500, "InternalError", 'failed calling webhook "dead.example.com"')
        self.made.append(path)
        return body

    async def get(self, path: str) -> None:
        """Nothing is there yet."""


def test_a_refused_node_is_registered_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "RETRY_SECONDS", 0.01)
    server = Refusing(3)

    async def run() -> None:
        node = registration.Registration(cast("ApiClient", server), Clock(), NODE)
        await node.start()
        assert server.made == []
        async with asyncio.timeout(5):
            while len(server.made) < 2:
                await asyncio.sleep(0.01)
        await node.stop()

    asyncio.run(run())
    assert [path.rpartition("/")[2] for path in server.made] == ["nodes", "leases"]
