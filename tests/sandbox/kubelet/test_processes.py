"""A container's process, its children and its output; and what a killed sandbox leaves."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from irsa_helpers.sandbox.kubelet import processes
from irsa_helpers.sandbox.kubelet.processes import Process
from irsa_helpers.sandbox.kubelet.reaping import reap

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs sessions and signals")
pytestmark = posix

# Long, and of no other program.
NAP = "86399"


def run(
    script: str, folder: Path, then: Callable[[Process, bytearray], Coroutine[Any, Any, Any]]
) -> Any:
    """What `then` makes of the running script and its output."""

    async def scenario() -> Any:
        output = bytearray()
        process = await processes.start(
            ["/bin/sh", "-c", script],
            {"PATH": "/usr/bin:/bin", "HOME": str(folder)},
            folder,
            lambda _, chunk: output.extend(chunk),
        )
        try:
            return await asyncio.wait_for(then(process, output), 20)
        finally:
            await process.end(0)

    return asyncio.run(scenario())


def alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def ended(pid: int) -> bool:
    """Whether that process is gone, or goes in the next moment."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(10)
    return not alive(pid)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_the_exit_code_is_that_of_a_container_runtime(
    tmp_path: Path, script: str, code: int
) -> None:
    assert run(script, tmp_path, lambda process, _: process.wait()) == code


def test_all_output_is_there_when_the_process_has_ended(tmp_path: Path) -> None:
    async def then(process: Process, output: bytearray) -> int:
        await process.wait()
        return len(output)

    assert run("head -c 300000 /dev/zero; echo err >&2", tmp_path, then) == 300_004


def test_children_end_with_their_container(tmp_path: Path) -> None:
    async def then(process: Process, output: bytearray) -> bytes:
        await process.wait()
        return bytes(output)

    child = int(run(f"sleep {NAP} & echo $!", tmp_path, then))
    assert ended(child)


def test_a_process_that_heeds_no_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    async def then(process: Process, output: bytearray) -> int:
        while b"ready" not in output:
            await asyncio.sleep(0)
        return await process.end(0.1)

    assert run("trap '' TERM; echo ready; while :; do sleep 1; done", tmp_path, then) == 137


def test_a_process_may_end_by_itself_within_its_grace(tmp_path: Path) -> None:
    async def then(process: Process, output: bytearray) -> int:
        while b"ready" not in output:
            await asyncio.sleep(0)
        return await process.end(20)

    assert run("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done", tmp_path, then) == 3


@pytest.fixture
def stray() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process in a session of its own, as a sandbox that is gone did."""
    started = []

    def start(**options: Any) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", NAP], start_new_session=True, **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_what_belongs_to_a_pods_folder_is_reaped(tmp_path: Path, stray: Any) -> None:
    (tmp_path / "pods" / "uid").mkdir(parents=True)
    at_home = stray(env={"HOME": str(tmp_path / "pods" / "uid")}, cwd="/")
    inside = stray(env={}, cwd=tmp_path / "pods" / "uid")
    noted = stray(env={}, cwd="/")
    processes.note(noted.pid, tmp_path / "pods" / "uid" / "app.pid")
    other = stray(env={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert reap(tmp_path / "pods") == 3
    assert [each.wait(10) for each in (at_home, inside, noted)] == [-signal.SIGKILL] * 3
    assert other.poll() is None
    assert not list((tmp_path / "pods").glob("*/*.pid"))


def test_a_number_that_was_given_away_again_is_spared(tmp_path: Path, stray: Any) -> None:
    other = stray(env={}, cwd="/")
    (tmp_path / "uid").mkdir()
    (tmp_path / "uid" / "app.pid").write_text(f"{other.pid} 1.0\n")
    assert reap(tmp_path) == 0
    assert other.poll() is None


def test_what_is_younger_than_the_reaper_is_spared(tmp_path: Path, stray: Any) -> None:
    young = stray(env={"HOME": str(tmp_path)}, cwd="/")
    assert reap(tmp_path, psutil.Process(young.pid).create_time() - 1) == 0
    assert young.poll() is None


def test_a_daemon_with_another_home_is_known_by_its_pod(tmp_path: Path, stray: Any) -> None:
    uid = "9f4c2a0e-6f0b-4b3e-9a56-0d0f3a3e2b11"
    (tmp_path / uid).mkdir()
    endpoint = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:1/pods/{uid}"}
    daemon = stray(cwd="/", env={"HOME": "/", **endpoint})
    somebody = stray(cwd="/", env={"HOME": "/", "NOTE": uid})
    assert reap(tmp_path) == 1
    assert daemon.wait(10) == -signal.SIGKILL
    assert somebody.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize("tty", [True, False])
def test_a_program_reads_what_is_written_to_it(tmp_path: Path, tty: bool) -> None:
    said: list[bytes] = []

    async def scenario() -> int:
        script = "read word; test -t 0 && stty size; echo got $word; cat >/dev/null; exit 4"
        process = await processes.start(
            ["sh", "-c", script],
            {"PATH": "/usr/bin:/bin"},
            tmp_path,
            lambda _, chunk: said.append(chunk),
            stdin=True,
            tty=tty,
        )
        process.resize({"Width": 97, "Height": 31})
        process.write(b"hello\n")
        while b"got hello" not in b"".join(said):
            await asyncio.sleep(0.001)
        process.close_input()
        return await process.wait()

    assert asyncio.run(asyncio.wait_for(scenario(), 20)) == 4
    assert (b"31 97" in b"".join(said)) == tty
