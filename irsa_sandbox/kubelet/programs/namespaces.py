"""A mount namespace for each container, where this machine allows it: Linux, as root or as a user.

A container then has its volumes at their own paths, a root of its own, and sees of the machine the
programs alone, to be read. It is no wall: processes, network and user are the machine's. Elsewhere
paths are rewritten, see `environment.Paths`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

ENTER = Path(__file__).with_name("enter.py")
# This project's packages that a program in a Pod may be of.
PACKAGES = ("irsa_course", "irsa_helpers", "irsa_sandbox")
# With "off" no container gets a namespace, as where the system allows none.
SWITCH = "IRSA_LAB_MOUNT_NAMESPACES"
# The files that a container makes outside of its volumes are in memory.
SCRATCH_SIZE = "512m"
# Where a system has its programs, and what they read.
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "usr", "etc", "opt", "nix")


@dataclass(frozen=True)
class Mount:
    """A file or folder of this machine, and where a container has it."""

    source: str
    target: str
    read_only: bool = False


async def available() -> bool:
    """Whether a container can have a namespace here: tried once."""
    global _answer
    if _answer is None:
        _answer = asyncio.ensure_future(_try())
    return await asyncio.shield(_answer)


_answer: asyncio.Future[bool] | None = None


async def _try() -> bool:
    if sys.platform != "linux" or os.environ.get(SWITCH) == "off":
        return False
    words = own_view([], "/", [sys.executable, "-c", "import irsa_sandbox"])
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *words, stdin=nothing, stdout=nothing, stderr=nothing
    )
    return await process.wait() == 0


def own_view(
    mounts: Sequence[Mount],
    directory: str,
    words: Sequence[str],
    *,
    as_a_user: bool = False,
    report: int | None = None,
) -> list[str]:
    """The command that runs a program with a view of its own.

    `report` is a file descriptor: closed when the program runs, else it says why it does not.
    """
    view = {
        "mounts": [{"target": place} for place in machine_places()] + [*map(asdict, mounts)],
        "size": SCRATCH_SIZE,
        "directory": directory,
        "as_a_user": as_a_user,
        "report": report,
    }
    return entering(view, words)


def view_of(pid: int, directory: str, *, as_a_user: bool = False) -> dict[str, object]:
    """The view of a container's process."""
    return {"join": pid, "directory": directory, "as_a_user": as_a_user}


def entering(view: Mapping[str, object], words: Sequence[str]) -> list[str]:
    """The command that runs a program with that view."""
    return [sys.executable, "-I", "-S", str(ENTER), json.dumps(view), *words]


@cache
def machine_places() -> list[str]:
    """What every container sees of this machine: programs, Python and this project."""
    wanted = [
        *(f"/{name}" for name in SYSTEM),
        *_with_links(Path(sys.prefix)),
        *_with_links(Path(sys.base_prefix)),
        *(str(path.parent) for path in _chain(Path(sys.executable))),
        *(place for package in PACKAGES for place in _places_of(package)),
    ]
    return sorted({place for place in wanted if os.path.exists(place)})


def _places_of(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or []) if spec else []


def _with_links(place: Path) -> set[str]:
    return {str(place), str(place.resolve())}


def _chain(program: Path) -> list[Path]:
    """A program, and what it is a link to, link by link."""
    if not program.is_symlink():
        return [program]
    return [program, *_chain(program.parent / program.readlink())]


@contextmanager
def reporting() -> Iterator[tuple[int, Callable[[], Awaitable[str]]]]:
    """A file for `own_view`'s report, and what tells, once the block is left, what it says."""
    report, told = os.pipe()
    try:
        yield told, partial(_read, report)
    except BaseException:
        os.close(report)
        raise
    finally:
        os.close(told)


async def _read(report: int) -> str:
    """All that is written until everybody has closed it: nothing, where the program runs."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(report, "rb", buffering=0)
    )
    try:
        return (await reader.read()).decode(errors="replace")
    finally:
        transport.close()
