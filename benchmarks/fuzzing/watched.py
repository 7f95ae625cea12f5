"""`python -m benchmarks.fuzzing.watched HOME`: a sandbox that says when its event loop was held.

A hold is written to the log with the place where the loop's thread was at that time.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from pathlib import Path

from irsa_sandbox.process import opening
from irsa_sandbox.process.server import run

HELD = "event loop held"
LONGEST_SECONDS = 0.1
BEAT_SECONDS = 0.01

log = logging.getLogger("fuzz")


class Watch:
    """A beat of the loop, and a thread that notices where it stays away."""

    def __init__(self) -> None:
        self._beat = time.monotonic()
        self._thread = threading.get_ident()
        threading.Thread(target=self._look, daemon=True).start()

    async def beat(self) -> None:
        """Beat for ever; a beat that comes late is written down."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = time.monotonic()
            if (late := now - self._beat - BEAT_SECONDS) > LONGEST_SECONDS:
                log.warning("%s %.3f s", HELD, late)
            self._beat = now

    def _look(self) -> None:
        told = 0.0
        while True:
            time.sleep(LONGEST_SECONDS / 2)
            if time.monotonic() - self._beat > LONGEST_SECONDS and self._beat != told:
                told = self._beat
                log.warning("the loop is at\n%s", self._places())

    def _places(self) -> str:
        """Where the threads are, the loop's last: another may hold the interpreter's lock."""
        frames = sys._current_frames()
        own = frames.pop(self._thread)
        others = [frame for thread, frame in frames.items() if thread != threading.get_ident()]
        stacks = [traceback.format_stack(frame)[-6:] for frame in (*others, own)]
        return "\n".join("".join(stack) for stack in stacks)


async def _watched(home: Path) -> None:
    beating = asyncio.create_task(Watch().beat())
    with opening.opened(home) as (frame, servers):
        await run(frame, servers)
    beating.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    asyncio.run(_watched(Path(sys.argv[1]).resolve()))
