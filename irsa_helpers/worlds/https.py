"""Reading public HTTPS documents and certificate chains, from a host or from where it maps to."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from irsa_helpers.errors import IrsaLabError

TIMEOUT_SECONDS = 5.0


def get(url: str, *, address: tuple[str, int] | None = None, ca_file: str | None = None) -> bytes:
    """The body of an HTTPS document; the certificate must be valid for the URL's own host.

    `address` says where that host is, when the name service does not. Raises IrsaLabError for
    another scheme, an unreachable host, a bad certificate, or a status other than 200.
    """
    import urllib3

    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise IrsaLabError(f"{url!r} is not an https:// URL", next_step="give the URL whole")
    host, port = address or (parts.hostname, parts.port or 443)
    pool = urllib3.HTTPSConnectionPool(
        host,
        port,
        timeout=TIMEOUT_SECONDS,
        retries=False,
        ssl_context=ssl.create_default_context(cafile=ca_file),
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )
    try:
        answer = pool.request("GET", parts.path or "/", headers={"Host": parts.hostname})
    except urllib3.exceptions.HTTPError as error:
        raise IrsaLabError(
            f"{url} did not answer: {error}", next_step="check the address and the network"
        ) from error
    if answer.status != 200:
        raise IrsaLabError(
            f"{url} answered HTTP {answer.status}", next_step="check the path of the URL"
        )
    return bytes(answer.data)


def chain(host: str, *, address: tuple[str, int] | None = None) -> list[bytes]:
    """The certificates in DER that the server of `host` presents, its own first.

    The chain is read, not trusted: whoever pins a thumbprint wants to see what is there.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(address or (host, 443), timeout=TIMEOUT_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as tls,
    ):
        return _presented(tls)


def _presented(tls: ssl.SSLSocket) -> list[bytes]:
    """The unverified chain; Python has a public name for it from 3.13 on."""
    if hasattr(tls, "get_unverified_chain"):
        return list(tls.get_unverified_chain())
    der = ssl._ssl.ENCODING_DER  # type: ignore[attr-defined]
    return [part.public_bytes(der) for part in tls._sslobj.get_unverified_chain()]  # type: ignore[attr-defined]
