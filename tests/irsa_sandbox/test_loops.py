"""A loop that dies begins again, is counted, and takes nothing with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from irsa_sandbox import loops
from irsa_sandbox.apiclient import Informer


def test_a_loop_that_dies_begins_again_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_DELAY_SECONDS", 0.0)
    runs = []

    async def loop() -> None:
        runs.append(1)
        if len(runs) < 1_200:
            raise KeyError("uid")

    asyncio.run(asyncio.wait_for(loops.keep_running("of a test", loop), 20))
    assert loops.restarted()["of a test"] == {"times": 1_199, "last_error": "KeyError: 'uid'"}


class Api:
    """A watch that breaks once with what nobody foresaw, and a list that knows more after it."""

    def __init__(self) -> None:
        self.lists = 0

    async def list(self, _path: str) -> tuple[list[dict[str, Any]], str]:
        self.lists += 1
        metadata = {"name": f"p{self.lists}", "namespace": "ns", "resourceVersion": "1"}
        return [{"metadata": metadata}], "1"

    async def watch(self, _path: str, _revision: str) -> Any:
        if self.lists == 1:
            raise ValueError("half a line")
        await asyncio.Event().wait()
        yield


def test_an_informer_that_dies_lists_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_DELAY_SECONDS", 0.0)

    async def scenario() -> list[str]:
        seen: list[str] = []
        again = asyncio.Event()

        def changed(body: dict[str, Any]) -> None:
            seen.append(body["metadata"]["name"])
            if seen[-1] == "p2":
                again.set()

        informer = Informer(Api(), "/pods", changed)  # type: ignore[arg-type]
        await informer.start()
        await asyncio.wait_for(again.wait(), 20)
        await informer.stop()
        return seen

    assert asyncio.run(scenario())[:2] == ["p1", "p2"]
