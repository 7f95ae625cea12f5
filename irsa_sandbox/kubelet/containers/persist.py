"""Work for a Pod that is tried until it succeeds: each error is told, then comes a pause."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger("irsa-lab.kubelet")

T = TypeVar("T")
LONGEST_RETRY_SECONDS = 10


async def persist(
    name: str,
    work: Callable[[], Awaitable[T]],
    failed: Callable[[Exception], None],
    sleep: Callable[[float], Awaitable[None]],
) -> T:
    """What the work returns once it succeeds; `failed` and the log get each error before."""
    retry = 1
    while True:
        try:
            return await work()
        except Exception as error:
            log.exception("%s", name)
            failed(error)
            await sleep(retry)
            retry = min(retry * 2, LONGEST_RETRY_SECONDS)
