"""Nothing that a Pod ran outlives the sandbox, however the sandbox ends.

A warden, one small shell, waits on a pipe that the sandbox holds. When the sandbox is gone, killed
or not, the pipe closes, and the warden ends what the sandbox started: noted sessions, and what
carries a Pod's mark. Where there is no `sh`, the next start does that. Only a process that leaves
both its session and its environment (`env -i setsid -f ...`) escapes: no container holds it here.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from irsa_sandbox.kubelet.programs.processes import sweep

# The words are those of the reaper: it compares start times, as no shell can, before it ends any.
_SCRIPT = 'read -r _; "$@"'


def reap(pods: Path, before: float | None = None) -> int:
    """End what an earlier sandbox left running below that folder; returns how many processes."""
    if not pods.is_dir():
        return 0
    noted = list(pods.glob("*/*.pid"))
    ended = sweep([pods.resolve()], before)
    if before is None:
        for path in noted:
            path.unlink(missing_ok=True)
    return ended


class Sweeper:
    """Ends what Pods that end together left running, in one look at the machine's processes."""

    def __init__(self) -> None:
        self._waiting: dict[Path, asyncio.Future[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def sweep(self, folder: Path) -> None:
        """No process belongs to that folder any more."""
        future = self._waiting.setdefault(
            folder.resolve(), asyncio.get_running_loop().create_future()
        )
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="sweep")
        await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, {}
            try:
                await asyncio.to_thread(sweep, list(taken))
            finally:
                for future in taken.values():
                    future.set_result(None)


class Warden:
    """The shell that outlives the sandbox by the time that it takes to clean up."""

    def __init__(self, pods: Path) -> None:
        self._pods = pods
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """From now on the sandbox's end is noticed."""
        shell = shutil.which("sh")
        if shell is None:
            return
        reaper = (sys.executable, "-m", "irsa_sandbox.kubelet.programs.reap", str(self._pods))
        self._process = await asyncio.create_subprocess_exec(
            *(shell, "-c", _SCRIPT, "irsa-lab-warden", *reaper, "--older"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            cwd=self._pods,
        )

    async def stop(self) -> None:
        """Nothing is left to guard."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
