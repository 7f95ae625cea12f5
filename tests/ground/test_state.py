"""The state file tells of a sandbox that runs, and of no other."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from irsa_helpers.ground import state


def described(pid: int, port: int) -> str:
    url = f"http://127.0.0.1:{port}"
    return json.dumps(state.this_process() | {"pid": pid, "control": {"url": url}})


@pytest.fixture
def listener() -> socket.socket:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_running_sandbox_is_found(tmp_path: Path, listener: socket.socket) -> None:
    text = described(os.getpid(), listener.getsockname()[1])
    (tmp_path / "state.json").write_text(text)
    assert state.read(tmp_path) == json.loads(text)


def test_no_file_means_no_sandbox(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None


def test_a_file_of_a_dead_process_counts_as_none(tmp_path: Path, listener: socket.socket) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "state.json").write_text(described(ended.pid, listener.getsockname()[1]))
    assert state.read(tmp_path) is None


def test_a_file_with_a_dead_port_counts_as_none(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (tmp_path / "state.json").write_text(described(os.getpid(), port))
    assert state.read(tmp_path) is None


def test_a_private_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    state.write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_project_has_a_home_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(state.HOME_VARIABLE, raising=False)
    homes = []
    for name in ("one", "two"):
        for mark in state.PROJECT_MARKS:
            (tmp_path / name / mark).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / name / "notebooks")
        homes.append(state.home())
    assert homes == [tmp_path / "one" / ".irsa-lab", tmp_path / "two" / ".irsa-lab"]


def test_the_variable_names_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(state.HOME_VARIABLE, str(tmp_path / "here"))
    assert state.home() == tmp_path / "here"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', "\x00", '{"pid": 1}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert state.read(tmp_path) is None


@pytest.mark.parametrize("other", [{"process_started": 1.0}, {"command": ["vi", "thesis.txt"]}])
def test_another_program_of_the_same_number_is_not_the_sandbox(
    tmp_path: Path, listener: socket.socket, other: dict[str, object]
) -> None:
    sandbox = json.loads(described(os.getpid(), listener.getsockname()[1])) | other
    (tmp_path / "state.json").write_text(json.dumps(sandbox))
    assert state.read(tmp_path) is None
    assert state.process_of(sandbox) is None


def test_a_file_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        state.write_private(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]
    assert path.read_text() == "old"
