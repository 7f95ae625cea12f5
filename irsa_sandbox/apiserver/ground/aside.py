"""Work on a large object beside the event loop, so that nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
LARGE = 2_000  # values; each step of a write goes over them in a few milliseconds


def is_large(value: Any) -> bool:
    """Whether a JSON value holds many others."""
    waiting, seen = [value], 0
    while waiting and seen < LARGE:
        part = waiting.pop()
        seen += 1
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return bool(waiting)


async def aside(value: Any, function: Callable[..., T], *arguments: Any) -> T:
    """What a function returns for its arguments; it runs in a thread where `value` is large.

    The function may change only its arguments: other requests are served meanwhile.
    """
    if is_large(value):
        return await asyncio.to_thread(function, *arguments)
    return function(*arguments)
