"""A zygote of a small program: what its forks get, and what ends them."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from irsa_helpers.worlds import forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rooms are Linux's")

# `this` of the standard library is short; the program under fork is a module of the test's own.
PROGRAM = """
import json, os, signal, sys, time
print(json.dumps({"arguments": sys.argv[1:], "variables": dict(os.environ), "cwd": os.getcwd(),
    "ppid": os.getppid(), "uid": os.getuid(), "umask": os.umask(0),
    "files": sorted(map(int, os.listdir("/proc/self/fd"))),
    "int": signal.getsignal(signal.SIGINT) is signal.default_int_handler}))
sys.stdout.flush()
if "stay" in sys.argv:
    time.sleep(60)
raise SystemExit(3)
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[tuple[Path, int]]:
    """The folder of the sockets, with the kernels' zygote; and its number."""
    with tempfile.TemporaryDirectory(prefix="forks-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "forked_program.py").write_text(PROGRAM, encoding="utf-8")
        command = [sys.executable, "-P", "-m", "irsa_workshop.room.zygote", place, "seat"]
        variables = {"PATH": os.environ["PATH"], "PYTHONPATH": place}
        process = subprocess.Popen(command, env=variables)
        while not (folder / "seat.sock").exists():
            assert process.poll() is None
            time.sleep(0.05)
        yield folder, process.pid
        process.terminate()
        process.wait(10)


def started(folder: Path, output: Path, *arguments: str, **more: Any) -> Any:
    variables = {forks.VARIABLE: str(folder), "MINE": "1"}
    program = forks.Program("forked_program", arguments, variables, str(folder), **more)
    with output.open("wb") as stream:
        return forks.start("seat", program, output=stream.fileno())


def said(output: Path) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while not output.read_text(encoding="utf-8") and time.monotonic() < deadline:
        time.sleep(0.02)
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


def test_a_fork_has_what_was_asked_for_and_nothing_else(
    zygote: tuple[Path, int], tmp_path: Path
) -> None:
    folder, pid = zygote
    process = started(folder, tmp_path / "out", "a", "b c")
    assert process.wait(30) == 3
    found = said(tmp_path / "out")
    assert found["arguments"] == ["a", "b c"]
    assert found["variables"] == {forks.VARIABLE: str(folder), "MINE": "1"}
    assert found["cwd"] == str(folder)
    assert found["ppid"] == pid, "it is a fork"
    assert found["files"][:3] == [0, 1, 2]
    assert len(found["files"]) == 4, "and the folder that was listed"
    assert found["umask"] == 0o077
    assert found["int"]


def test_a_signal_reaches_it_and_its_end_is_told(zygote: tuple[Path, int], tmp_path: Path) -> None:
    process = started(zygote[0], tmp_path / "out", "stay")
    said(tmp_path / "out")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.1)
    process.terminate()
    assert process.wait(30) == -signal.SIGTERM
    assert not psutil.pid_exists(process.pid), "nothing is left of it"


def test_a_bound_program_ends_with_whoever_asked(zygote: tuple[Path, int], tmp_path: Path) -> None:
    bound = started(zygote[0], tmp_path / "bound", "stay", bound=True)
    free = started(zygote[0], tmp_path / "free", "stay")
    for name in ("bound", "free"):
        said(tmp_path / name)
    numbers = bound.pid, free.pid
    del bound, free
    deadline = time.monotonic() + 30
    while psutil.pid_exists(numbers[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [psutil.pid_exists(number) for number in numbers] == [False, True]
    os.kill(numbers[1], signal.SIGTERM)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts another user's programs")
def test_root_starts_another_users_program(zygote: tuple[Path, int], tmp_path: Path) -> None:
    process = started(zygote[0], tmp_path / "out", user=60800)
    assert process.wait(30) == 3
    assert said(tmp_path / "out")["uid"] == 60800


def test_without_a_zygote_it_starts_as_any_program(tmp_path: Path) -> None:
    (tmp_path / "forked_program.py").write_text(PROGRAM, encoding="utf-8")
    process = started(tmp_path, tmp_path / "out")
    assert process.wait(60) == 3
    assert said(tmp_path / "out")["ppid"] == os.getpid()


@pytest.mark.parametrize("wrong", [{"user": "root"}, {"ends_by": 9999}, {"ends_by": "soon"}])
def test_a_bad_request_harms_nobody(
    zygote: tuple[Path, int], tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(OSError, match="Error"):
        started(zygote[0], tmp_path / "out", **wrong)
    assert started(zygote[0], tmp_path / "out").wait(30) == 3


@pytest.mark.parametrize("message", [b"", b"\xff", b"[" * 100_000, b"[]", b"{}"])
def test_nor_does_one_that_is_none(
    zygote: tuple[Path, int], tmp_path: Path, message: bytes
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(str(zygote[0] / "seat.sock"))
        connection.send(message)
        if message:
            assert b"error" in connection.recv(4096)
    assert started(zygote[0], tmp_path / "out").wait(30) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as somebody else")
def test_who_asks_for_nothing_takes_nobodys_turn(zygote: tuple[Path, int], tmp_path: Path) -> None:
    def turned_away(path: str) -> int:
        """Of sixty connections of another user, how many are closed at once."""
        os.setresuid(60800, 60800, 60800)
        kept = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(60)]
        for connection in kept:
            connection.connect(path)
        return len(select.select(kept, [], [], 30)[0])

    if (pid := os.fork()) == 0:
        os._exit(turned_away(str(zygote[0] / "seat.sock")))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) > 0
    assert started(zygote[0], tmp_path / "out").wait(30) == 3


STARTER = """
import subprocess, sys
from pathlib import Path
from irsa_workshop.room import zygote
print(zygote.prepare("sandbox", Path(sys.argv[1]), output=subprocess.DEVNULL, bound=True).pid)
sys.stdout.flush()
sys.stdin.read()
"""


def test_one_that_is_bound_ends_with_whoever_started_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as starter:
        assert starter.stdout
        bound = psutil.Process(int(starter.stdout.readline()))
        assert bound.is_running()
        starter.kill()
    assert psutil.wait_procs([bound], timeout=60)[0] == [bound]


# It looks again until the end of a fork and its asker's hanging up are there to be heard at once.
BOTH_AT_ONCE = """
import sys
from pathlib import Path
from irsa_workshop.room.zygote import Zygote
zygote = Zygote(Path(sys.argv[1]) / "seat.sock", bound=True)
select = zygote._selector.select
def both(timeout=None):
    ready = select(timeout)
    while zygote._children and len(ready) < 2:
        ready = select(timeout)
    return sorted(ready, key=lambda event: event[0].fileobj is not zygote._ended)
zygote._selector.select = both
zygote.serve()
"""


def test_a_program_that_ends_as_its_asker_hangs_up_harms_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BOTH_AT_ONCE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        while not (tmp_path / "seat.sock").exists():
            assert process.poll() is None
            time.sleep(0.05)
        for _ in range(2):  # the second is started by one that outlived the first's end
            program = started(tmp_path, tmp_path / "out")
            while psutil.Process(program.pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
            program._connection.close()
        process.communicate()
