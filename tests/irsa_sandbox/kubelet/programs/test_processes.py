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

from irsa_sandbox.kubelet.programs import processes
from irsa_sandbox.kubelet.programs.processes import Process
from irsa_sandbox.kubelet.programs.reaping import reap

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


def test_what_the_sandbox_noted_or_marked_is_reaped(tmp_path: Path, stray: Any) -> None:
    pod = tmp_path / "pods" / "uid"
    pod.mkdir(parents=True)
    daemon = stray(env={"HOME": "/", processes.MARK: processes.mark_of(pod)}, cwd="/")
    noted = stray(env={}, cwd="/")
    processes.note(noted.pid, pod / "app.pid")
    assert reap(tmp_path / "pods") == 2
    assert [each.wait(10) for each in (daemon, noted)] == [-signal.SIGKILL] * 2
    assert not list((tmp_path / "pods").glob("*/*.pid"))


def test_a_process_of_ones_own_is_spared_wherever_it_stands(tmp_path: Path, stray: Any) -> None:
    uid = "9f4c2a0e-6f0b-4b3e-9a56-0d0f3a3e2b11"
    pod = tmp_path / "pods" / uid
    (pod / "volumes" / "data").mkdir(parents=True)
    processes.mark_of(pod)
    own = [
        stray(env={"HOME": str(pod)}, cwd="/"),
        stray(env={}, cwd=pod),
        stray(env={"NOTE": f"http://127.0.0.1:1/pods/{uid}"}, cwd="/"),
        stray(env={processes.MARK: ""}, cwd="/"),
    ]
    processes.note(own[1].pid, pod / "volumes" / "data" / "mine.pid")
    assert reap(tmp_path / "pods") == 0
    assert [each.poll() for each in own] == [None] * 4


def test_a_number_that_was_given_away_again_is_spared(tmp_path: Path, stray: Any) -> None:
    other = stray(env={}, cwd="/")
    (tmp_path / "uid").mkdir()
    (tmp_path / "uid" / "app.pid").write_text(f"{other.pid} 1.0\n")
    assert reap(tmp_path) == 0
    assert other.poll() is None


def test_what_is_younger_than_the_reaper_is_spared(tmp_path: Path, stray: Any) -> None:
    (tmp_path / "uid").mkdir()
    young = stray(env={processes.MARK: processes.mark_of(tmp_path / "uid")}, cwd="/")
    assert reap(tmp_path, psutil.Process(young.pid).create_time() - 1) == 0
    assert young.poll() is None


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
