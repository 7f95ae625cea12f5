"""The course's files where seats can read them, although they stand in a folder closed to others.

Root's home is closed to everybody else, and a checkout or a Python in it with it. The room then
sees another such folder in its place, which leads to those files and has nothing else in it; the
machine's own stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from irsa_helpers.errors import IrsaLabError

APART_VARIABLE = "IRSA_LAB_ROOM_APART"


def ensure(paths: Sequence[Path]) -> None:
    """Seats can reach these folders. Where that takes mounts, this program begins anew with them.

    Raises IrsaLabError where the system forbids that.
    """
    closed = closed_folders(paths) if os.geteuid() == 0 else {}
    if not closed:
        return
    if os.environ.get(APART_VARIABLE) is None:
        _begin_apart(closed)
    for folder, inside in closed.items():
        open_way(folder, inside)


def closed_folders(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """The outermost folders that others may not pass, each with the given paths below it."""
    closed: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(path.resolve() for path in paths):
        for folder in reversed(path.parents):
            if folder.exists() and not folder.stat().st_mode & 0o001:
                closed.setdefault(folder, []).append(path)
                break
    return closed


def _begin_apart(closed: dict[Path, list[Path]]) -> None:
    """This very command again, where mounts are nobody else's to see."""
    unshare = shutil.which("unshare")
    names = ", ".join(map(str, closed))
    tried = unshare and subprocess.run([unshare, "--mount", "true"], capture_output=True)
    if not unshare or not tried or tried.returncode:
        raise IrsaLabError(
            f"seats cannot read the course: {names} is closed to other users",
            next_step=f"chmod o+x {names}, or move the project and its Python to /opt",
        )
    os.environ[APART_VARIABLE] = "1"
    command = [sys.executable, "-m", "irsa_workshop.room", *sys.argv[1:]]
    os.execv(unshare, [unshare, "--mount", *command])


def open_way(folder: Path, inside: Sequence[Path]) -> None:
    """In place of that folder stands one that leads to those inside, and to nothing else."""
    with tempfile.TemporaryDirectory() as place:
        _mount("-t", "tmpfs", "-o", "mode=0711", "room", place)
        for path in inside:
            target = Path(place) / path.relative_to(folder)
            path.mkdir(parents=True, exist_ok=True)
            target.mkdir(parents=True, exist_ok=True)
            _mount("--bind", str(path), str(target))
        _mount("--rbind", place, str(folder))
        subprocess.run(["umount", "--recursive", "--lazy", place], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
