"""A sandbox for the tests: one for each test process, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from irsa_helpers.ground.happenings import LISTENER_VARIABLE
from irsa_helpers.worlds import environment, forks, launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_workshop.room import zygote

READY_SECONDS = 60
FORKED = ("sandbox", "pod")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are processors: the tests wait a good deal for other processes."""
    return 2 * (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Sandboxes, and Python in Pods, are forks of programs that have loaded everything.

    As in a room, which has the same: one of each for all test processes.
    """
    if sys.platform != "linux" or forks.VARIABLE in os.environ:  # the latter in xdist's workers
        return
    folder = Path(tempfile.mkdtemp(prefix="forks-"))
    with (folder / "log").open("wb") as log:
        programs = [zygote.prepare(kind, folder, output=log.fileno()) for kind in FORKED]
    os.environ[forks.VARIABLE] = str(folder)

    def end() -> None:
        del os.environ[forks.VARIABLE]
        for program in programs:
            program.terminate()
        for program in programs:
            program.wait()
        shutil.rmtree(folder)

    config.add_cleanup(end)


@pytest.fixture(scope="session")
def forks_ready() -> None:
    """What sandboxes are forks of has loaded: from now on they start in a moment."""
    if forks.VARIABLE not in os.environ:
        return
    folder, deadline = Path(os.environ[forks.VARIABLE]), time.monotonic() + READY_SECONDS
    while not all((folder / f"{kind}.sock").exists() for kind in FORKED):
        assert time.monotonic() < deadline, (folder / "log").read_text(encoding="utf-8")
        time.sleep(0.05)


@pytest.fixture
def plain_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sandboxes start as on a learner's machine: not as forks."""
    monkeypatch.delenv(forks.VARIABLE, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _no_credentials_of_the_machine() -> Iterator[None]:
    """The tests see none of the AWS settings, proxies or kubeconfigs of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("AWS_") or name in {"KUBECONFIG", "IRSA_LAB_WORLD"}:
                patch.delenv(name)
        yield


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a room would hear of the learner during this test."""
    told: list[dict[str, Any]] = []
    listener = ModuleType("heard_in_a_test")
    vars(listener)["tell"] = lambda kind, **facts: told.append({"kind": kind, **facts})
    monkeypatch.setitem(sys.modules, listener.__name__, listener)
    monkeypatch.setenv(LISTENER_VARIABLE, f"{listener.__name__}:tell")
    return told


@pytest.fixture(scope="session")
def sandbox_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this test process's sandbox."""
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="session")
def sandbox(sandbox_home: Path, forks_ready: None) -> Iterator[dict[str, Any]]:
    """The state of a running sandbox, shared by the tests of one process."""
    try:
        yield launch.ensure_sandbox(sandbox_home)
    finally:
        launch.stop_sandbox(sandbox_home)


@pytest.fixture(scope="session")
def world(sandbox: dict[str, Any]) -> SandboxWorld:
    """The world of that sandbox."""
    return SandboxWorld(sandbox)


@pytest.fixture
def namespace(world: SandboxWorld) -> Iterator[str]:
    """A fresh namespace, deleted after the test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    namespaces = world.resource("v1", "Namespace")
    namespaces.create(body={"metadata": {"name": name}})
    _wait_for_default_account(world, name)
    yield name
    namespaces.delete(name=name)


def _wait_for_default_account(world: SandboxWorld, name: str) -> None:
    """A controller makes it, a moment after the namespace."""
    accounts = world.resource("v1", "ServiceAccount")
    for _ in accounts.watch(namespace=name, name="default", timeout=10):
        return
    raise AssertionError(f"namespace {name} got no default ServiceAccount in 10 s")


@pytest.fixture(scope="session")
def shell(sandbox: dict[str, Any]) -> Any:
    """Run a command with the sandbox's environment: `shell("kubectl", "get", "pods")`."""
    variables = environment.process_environment(sandbox)

    def run(*command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        found = [shutil.which(command[0], path=variables["PATH"]) or command[0], *command[1:]]
        result = subprocess.run(
            found, env=variables, capture_output=True, text=True, timeout=60, **options
        )
        if check and result.returncode:
            raise AssertionError(f"{command} exited {result.returncode}: {result.stderr}")
        return result

    return run
