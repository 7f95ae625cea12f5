"""How AWS reaches the cluster's issuer: over TLS, by its public name, which maps to loopback."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import httpx

from irsa_helpers.sandbox.certificates import Authority

# What AWS is reported to allow for the fetch of the keys.
TIMEOUT_SECONDS = 5.0


class IssuerClient:
    """Fetches documents of the one issuer on this machine; every other host is unreachable."""

    def __init__(self, host: str, port: int, authority: Authority) -> None:
        self._host = host
        self._port = port
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=str(authority.ca_file)),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def fetch(self, url: str) -> bytes:
        """The body of a document. Raises OSError where the host or the document is not there."""
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.netloc != self._host:
            raise OSError(f"no route to {parts.netloc}: the sandbox has the issuer {self._host}")
        try:
            answer = await self._client.get(
                f"https://127.0.0.1:{self._port}{parts.path}",
                headers={"Host": self._host},
                extensions={"sni_hostname": self._host},
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(f"{url}: {error}") from error
        return answer.content

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
