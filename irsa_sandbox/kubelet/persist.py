"""Work of a Pod that goes on whatever it raises: told, and begun again after a while."""

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
    """What the work returns in the end; `failed` and the log hear of each exception before."""
    retry = 1
    while True:
        try:
            return await work()
        except Exception as error:
            log.exception("%s", name)
            failed(error)
            await sleep(retry)
            retry = min(retry * 2, LONGEST_RETRY_SECONDS)
