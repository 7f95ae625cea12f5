"""How AWS reaches the cluster's issuer: over TLS, by its public name, which maps to loopback."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import aiohttp

from irsa_sandbox.certificates import Authority

# What AWS is reported to allow for the fetch of the keys.
TIMEOUT_SECONDS = 5.0


class IssuerClient:
    """Fetches documents of the one issuer on this machine; every other host is unreachable."""

    def __init__(self, host: str, port: int, authority: Authority) -> None:
        self._host = host
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(authority.ca_file))

    async def fetch(self, url: str) -> bytes:
        """The body of a document. Raises OSError where the host or the document is not there."""
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.netloc != self._host:
            raise OSError(f"no route to {parts.netloc}: the sandbox has the issuer {self._host}")
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
                session.get(
                    f"https://127.0.0.1:{self._port}{parts.path}",
                    headers={"Host": self._host},
                    ssl=self._tls,
                    server_hostname=self._host,
                ) as answer,
            ):
                return await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OSError(f"{url}: {error}") from error
