"""How soon a learner can begin: imports, `irsa-lab up`, the four steps, memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import clean_environment, median_seconds, moto_server

PROGRAM = str(Path(sys.executable).with_name("irsa-lab"))


def import_package() -> None:
    """`import irsa_helpers` in a fresh Python, less nothing: the whole process counts."""
    subprocess.run([sys.executable, "-c", "import irsa_helpers"], check=True)


def start_python() -> None:
    """A fresh Python that does nothing."""
    subprocess.run([sys.executable, "-c", ""], check=True)


def start_moto() -> None:
    """A plain moto server, until it listens."""
    with moto_server():
        pass


def in_new_home(action: Callable[[dict[str, str]], None]) -> None:
    """Run an action with a folder of its own for the sandbox, and stop the sandbox after it."""
    with tempfile.TemporaryDirectory() as folder:
        variables = clean_environment() | {"IRSA_LAB_HOME": folder}
        try:
            action(variables)
        finally:
            subprocess.run([PROGRAM, "down"], env=variables, stdout=subprocess.DEVNULL, check=True)


def start_sandbox(variables: dict[str, str]) -> None:
    """`irsa-lab up` in an empty folder, until it says that it is ready."""
    subprocess.run([PROGRAM, "up"], env=variables, stdout=subprocess.DEVNULL, check=True)


FOUR_STEPS = """
import time
from irsa_helpers import connect
from irsa_helpers.course import catch_up
from irsa_helpers.pods import exec_in_pod, wait_for_pod
world = connect()
begun = time.perf_counter()
catch_up(world, through="deployment")
pod = wait_for_pod(world, "s3-access-app")
answer = exec_in_pod(world, pod.metadata.name, ["aws", "sts", "get-caller-identity"])
assert "enginrect-irsa-role" in answer.stdout, answer
print(time.perf_counter() - begun)
import psutil
print(psutil.Process(world.sandbox["pid"]).memory_info().rss / 2**20)
"""


def four_steps() -> tuple[float, float]:
    """Seconds for steps 1 to 4 with the Pod verified, and the sandbox's memory after it in MiB."""
    figures: list[float] = []

    def action(variables: dict[str, str]) -> None:
        start_sandbox(variables)
        output = subprocess.run(
            [sys.executable, "-c", FOUR_STEPS],
            env=variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        figures.extend(float(line) for line in output.splitlines()[-2:])

    in_new_home(action)
    return figures[0], figures[1]


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    python = median_seconds(start_python)
    package = median_seconds(import_package)
    up_and_down = median_seconds(lambda: in_new_home(lambda _: None))
    up = median_seconds(lambda: in_new_home(start_sandbox)) - up_and_down
    moto = median_seconds(start_moto)
    steps, memory = four_steps()
    return [
        ("import irsa_helpers, above a bare Python", f"{package - python:.3f} s"),
        ("irsa-lab up, until ready, and down", f"{up:.2f} s"),
        ("plain moto_server, until it listens, and down", f"{moto:.2f} s"),
        ("ratio sandbox / moto_server", f"{up / moto:.2f}"),
        ("steps 1 to 4, the Pod verified", f"{steps:.2f} s"),
        ("the sandbox's memory after that", f"{memory:.0f} MiB"),
    ]
