"""Starting and stopping the sandbox as a background process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.worlds import forks

if TYPE_CHECKING:
    import psutil

START_SECONDS = 30
"""How long a start may go on without a word of progress."""
SPACE_BYTES = 2**20
"""What a start needs on the disk, at least."""
STOP_SECONDS = 10
POLL_SECONDS = 0.01
# What of the home is the world: a reset takes it away, and nothing else.
WORLD = (
    *("aws", "bin", "pods", "kubeconfig", "announced.json", "state.json", "clock.json"),
    *("kubernetes.sqlite3", "kubernetes.sqlite3-shm", "kubernetes.sqlite3-wal"),
    *("trace.jsonl*", "webhook-registered", "sandbox.log", "progress.txt", "*.damaged-*"),
)
# What outlives a reset, so that shells, kernels and browsers that are open go on: addresses,
# credentials, keys and certificates; the learner's progress, JupyterLab's own files.
KEPT = (
    *("ports.json", "identity.json", "keys", "lock.sqlite3", "lock.sqlite3-journal"),
    *("progress.sqlite3", "jupyter", "kinds-*.json"),
)


def ensure_sandbox(home: Path, *, tell: Callable[[str], None] | None = None) -> dict[str, Any]:
    """The running sandbox of that folder, started where none runs; returns its state.

    `tell` is called with the progress of a long start. Raises IrsaLabError as `Start` does.
    """
    return Start(home).finish(tell or (lambda _: None))


class Start:
    """A sandbox of that folder that runs, or is on its way: begun, announced, finished.

    Raises IrsaLabError where the folder cannot be written or is full, or where a blank is in its
    path or in Python's.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: forks.Forked | subprocess.Popen[bytes] | None = None
        _check_blanks(home)
        try:
            if not state.read(home):
                _prepare(home)
                self._process = _start(home)
        except OSError as error:
            raise IrsaLabError(
                f"the sandbox cannot write to its folder {home}: {error.strerror}",
                next_step="free some space, or name another folder: export IRSA_LAB_HOME=...",
            ) from error

    def announced(self) -> dict[str, Any]:
        """The state that the sandbox is going to have, before it answers.

        Raises IrsaLabError, with the end of its log, where it ends before.
        """
        return self._wait(lambda: state.read(self._home) or state.announced(self._home))

    def finish(self, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
        """The state of the sandbox that answers now; `tell` is called with its progress.

        Raises IrsaLabError, with the end of its log, where it does not start.
        """
        return self._wait(lambda: state.read(self._home), tell)

    def _wait(
        self,
        look: Callable[[], dict[str, Any] | None],
        tell: Callable[[str], None] = lambda _: None,
    ) -> dict[str, Any]:
        """What is looked for, once it is there; waits while the start makes progress."""
        deadline, said = time.monotonic() + START_SECONDS, ""
        while time.monotonic() < deadline:
            if answer := look():
                return answer
            # Another start may have won the race: it holds the lock, ours ends, its state comes.
            if self._status() not in (None, 0, state.ALREADY_RUNNING):
                break
            if (now := _progress(self._home)) not in ("", said):
                tell(now)
                deadline, said = time.monotonic() + START_SECONDS, now
            time.sleep(POLL_SECONDS)
        if self._status() == state.NO_SPACE:
            raise _full(self._home)
        raise IrsaLabError(
            f"the sandbox did not start; the end of {self._home / 'sandbox.log'} says:\n"
            f"{_log_end(self._home)}",
            next_step="irsa-lab up --foreground shows all of it",
        )

    def _status(self) -> int | None:
        return self._process.poll() if self._process else None


def _prepare(home: Path) -> None:
    """The folder is there, is a sandbox's own, has space, and says nothing of an earlier start."""
    _check_own(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_space(home)
    for name in ("announced.json", "state.json", "progress.txt"):
        (home / name).unlink(missing_ok=True)


def _progress(home: Path) -> str:
    """What the start is doing now, in its own words."""
    try:
        return (home / "progress.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _check_space(home: Path) -> None:
    """Raises IrsaLabError where a start would fail for lack of space."""
    if shutil.disk_usage(home).free < SPACE_BYTES:
        raise _full(home)


def _full(home: Path) -> IrsaLabError:
    free = shutil.disk_usage(home).free
    return IrsaLabError(
        f"no space left in {home}: {free:,} bytes are free, a start needs {SPACE_BYTES:,}",
        next_step="free some space, then again: what you made is kept; or name another folder: "
        "export IRSA_LAB_HOME=...",
    )


def _check_blanks(home: Path) -> None:
    """Raises IrsaLabError for a path that a shell in a Pod would take for two words.

    A process that stands for a Pod sees the machine's own paths: its volumes are below `home`, and
    the first line of pip's `aws` names its Python.
    """
    for place in (home, Path(sys.executable)):
        if os.name != "nt" and re.search(r"\s", str(place)):
            raise IrsaLabError(
                f"there is a blank in the path {place}, where shells in Pods would stumble",
                next_step="move the project to a folder without blanks, and install it there",
            )


def _check_own(home: Path) -> None:
    """Raises IrsaLabError for a folder in which somebody else's files are."""
    if not home.is_dir() or (home / "lock.sqlite3").exists():
        return
    own = (*WORLD, *KEPT)
    others = sorted(path.name for path in home.iterdir() if not any(map(path.match, own)))
    if others:
        raise IrsaLabError(
            f"the folder {home} is not a sandbox's: {', '.join(others[:3])} "
            f"{'is' if len(others) == 1 else 'are'} in it",
            next_step="name a folder that is empty or not there yet: export IRSA_LAB_HOME=...",
        )


def _start(home: Path) -> forks.Forked | subprocess.Popen[bytes]:
    """The sandbox as a process of its own session, which outlives this one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    program = forks.Program("irsa_sandbox", [str(home)], kept, str(home))
    with (home / "sandbox.log").open("ab") as log:
        return forks.start("sandbox", program, output=log.fileno())


def stop_sandbox(home: Path) -> bool:
    """No sandbox runs in that folder, and none of its Pods' processes; False where none ran."""
    running = state.read(home)
    process = state.process_of(running) if running else None
    ended_itself = process is not None and _ended_when_asked(process)
    (home / "state.json").unlink(missing_ok=True)
    if not ended_itself:
        _reap(home)
    return running is not None


def _ended_when_asked(process: psutil.Process) -> bool:
    """Whether it stopped, and so its Pods' processes before it; one that does not is killed."""
    process.terminate()
    if _ended(process):
        return True
    process.kill()
    _ended(process)
    return False


def _ended(process: psutil.Process) -> bool:
    """Whether the process ends within its time; a zombie has ended.

    A parent that is busy, or a container's first program that reaps nobody, leaves a zombie.
    """
    import psutil

    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(POLL_SECONDS)
    return False


def _reap(home: Path) -> None:
    """End what a killed sandbox left running."""
    if (home / "pods").is_dir():
        subprocess.run(
            [sys.executable, "-m", "irsa_sandbox.kubelet.programs.reap", str(home / "pods")],
            check=True,
        )


def reset_sandbox(home: Path) -> None:
    """The folder holds nothing of the old world: what is in WORLD is gone, the rest untouched.

    Raises IrsaLabError for a folder that is no sandbox's.
    """
    _check_own(home)
    stop_sandbox(home)
    for entry in [path for name in WORLD for path in home.glob(name)]:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)


def _log_end(home: Path, lines: int = 15) -> str:
    try:
        text = (home / "sandbox.log").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return os.linesep.join(text.splitlines()[-lines:])
