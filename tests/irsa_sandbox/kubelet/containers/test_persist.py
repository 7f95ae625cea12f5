"""Work that raises is told of and begins again, with longer and longer pauses."""

from __future__ import annotations

import asyncio

from irsa_sandbox.kubelet.containers.persist import persist


def test_work_that_raises_is_told_and_begins_again_later_each_time() -> None:
    told: list[str] = []
    pauses: list[float] = []

    async def work() -> str:
        if len(told) < 6:
            raise RuntimeError(f"try {len(told)}")
        return "done"

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    assert asyncio.run(persist("p", work, lambda e: told.append(str(e)), sleep)) == "done"
    assert told == [f"try {each}" for each in range(6)]
    assert pauses == [1, 2, 4, 8, 10, 10]
