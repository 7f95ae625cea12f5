"""The container image, as far as that can be seen without a container runtime."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import psutil
import pytest
import yaml

from irsa_workshop.room.learner import Learner

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "image" / "Dockerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n\s*", " ", TEXT).splitlines()
SEEN = (ROOT / "image" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
USER = 2_000_000 + os.getpid()  # nobody's, and of no other test process
SECONDS = 90


def words(instruction: str) -> list[list[str]]:
    """What follows each instruction of that name."""
    return [shlex.split(line)[1:] for line in LINES if line.startswith(f"{instruction} ")]


def variables() -> dict[str, str]:
    return dict(entry.split("=", 1) for line in words("ENV") for entry in line)


def command() -> list[str]:
    [line] = [line for line in LINES if line.startswith("CMD ")]
    return list(json.loads(line.removeprefix("CMD ")))


def test_all_that_is_copied_is_there_and_seen_by_the_build() -> None:
    copied = [source for *sources, _ in words("COPY") for source in sources]
    allowed = [line[1:] for line in SEEN if line.startswith("!")]
    assert sorted(copied) == sorted(allowed)
    assert all((ROOT / source).exists() for source in copied)


def test_nothing_that_a_learner_made_goes_into_it() -> None:
    left_out = [line.removeprefix("**/") for line in SEEN if line.startswith("**/")]
    for made in (".irsa-lab", "__pycache__", ".ipynb_checkpoints"):
        assert any(fnmatch(made, pattern) for pattern in left_out)


def test_its_python_is_the_one_of_conda() -> None:
    [[image]] = words("FROM")
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python = environment["dependencies"][0].replace("=", ":")
    assert image.startswith(f"{python}-slim")


def test_it_installs_a_seat_with_the_projects_pins() -> None:
    installs = [line for line in LINES if "pip install" in line]
    assert all("-c constraints.txt -e '.[seat]'" in line for line in installs)
    assert len(installs) == 1


def test_it_runs_as_nobody_special_and_writes_to_its_home() -> None:
    assert words("USER") == [["1000"]]
    assert f'VOLUME ["{variables()["HOME"]}"]' in LINES
    assert variables()["IRSA_LAB_HOME"].startswith(f"{variables()['HOME']}/")


@dataclass
class Container:
    """A process of the image's command, and the address that it printed."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    home: Path


@pytest.fixture
def container() -> Iterator[Container]:
    """The image's command in a closed mount namespace, with the image's variables.

    Its folders are not pytest's, which are closed to other users.
    """
    if unclosable():
        pytest.skip("closing a file system takes root on Linux, and leave to mount")
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as temporary:
        for folder in (home, temporary):
            os.chown(folder, USER, USER)
        with _running(Path(home), Path(temporary)) as container:
            yield container


@contextmanager
def _running(home: Path, temporary: Path) -> Iterator[Container]:
    settings = here(variables(), home) | {"TMPDIR": str(temporary)}
    program = [sys.executable, str(ROOT / "tests/irsa_workshop/room/contained.py")]
    log = temporary / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "--mount", *program, str(home), str(temporary), str(USER), *command()],
            env=settings,
            cwd=home,
            stdout=output,
            stderr=output,
        )
    try:
        yield Container(process, *_address(process, log), home)
    finally:
        process.terminate()
        process.wait(SECONDS)


def unclosable() -> bool:
    """Whether mounts of one's own cannot be had here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return True
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0


def here(image: dict[str, str], home: Path) -> dict[str, str]:
    """The image's variables, with this project and that folder in place of the image's."""
    own, project = image["HOME"], image["IRSA_LAB_PROJECT"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    moved = {
        name: value.replace(own, str(home)).replace(project, str(ROOT))
        for name, value in image.items()
    }
    return moved | {"PATH": path}


def _address(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """Where it says that it is to be reached, and the token."""
    deadline, said = time.monotonic() + SECONDS, ""
    while time.monotonic() < deadline and process.poll() is None:
        said = log.read_text(encoding="utf-8")
        if address := re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)\n", said):
            return address[1], address[2]
        time.sleep(0.1)
    raise AssertionError(said)


def test_it_serves_a_lab_to_an_unknown_user_on_a_closed_file_system(container: Container) -> None:
    async def look() -> str:
        async with Learner(container.url) as learner:
            learner.base = container.url
            async with learner.http.get(f"{container.url}/lab?token={container.token}") as page:
                assert page.status == 200
            await learner.open("notebooks/00-welcome.ipynb")
            return await learner.run(
                "import os\nfrom irsa_helpers import connect\n"
                "connect().aws('sts').get_caller_identity()\n"
                f"try:\n    open({str(ROOT / 'mine.txt')!r}, 'w')\n"
                "except OSError as error: print(error.strerror, os.getuid())\n"
                "open('mine.txt', 'w').write('x')"
            )

    assert f"Read-only file system {USER}" in asyncio.run(look())
    assert (container.home / "irsa-lab/notebooks/mine.txt").exists()
    container.process.send_signal(signal.SIGTERM)
    container.process.wait(SECONDS)
    wait_until_nothing_runs()


def wait_until_nothing_runs() -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if not [it for it in psutil.process_iter(["uids"]) if it.info["uids"].real == USER]:
            return
        time.sleep(0.1)
    raise AssertionError("the container's programs run on")
