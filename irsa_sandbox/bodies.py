"""The bodies of requests, read up to a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class TooLargeError(ValueError):
    """The body has more bytes than are read."""


async def limited_body(scope: Mapping[str, Any], receive: Receive, most: int) -> bytes:
    """The body of an ASGI request. Raises TooLargeError, where possible before it reads."""
    if (announced(scope) or 0) > most:
        raise TooLargeError(f"the body is larger than {most} bytes")
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLargeError(f"the body is larger than {most} bytes")
        more = message.get("more_body", False)
    return b"".join(parts)


def closing_unread(app: Any) -> Any:
    """The ASGI application; where it answers without reading the body, the connection ends.

    A client that waits for `100 Continue` then sends no body, and the server would read its next
    request as the body. Source: RFC 9110, section 10.1.1.
    """

    async def closing(scope: Any, receive: Any, send: Any) -> None:
        if (b"expect", b"100-continue") not in scope.get("headers", ()):
            await app(scope, receive, send)
            return
        asked = False

        async def received() -> Message:
            nonlocal asked
            asked = True
            message: Message = await receive()
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and not asked:
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await app(scope, received, sent)

    return closing


def announced(scope: Mapping[str, Any]) -> int | None:
    """The length that a request gives for its body; None where the body comes in chunks."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    said = headers.get(b"content-length", b"0")
    return int(said) if said.isdigit() else 0
