"""How soon a learner can begin: imports, `irsa-lab up`, the four steps, memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.measure import PROGRAM, RUNS, median_seconds, moto_server, new_home, run


def import_package() -> None:
    """`import irsa_helpers` in a fresh Python, less nothing: the whole process counts."""
    subprocess.run([sys.executable, "-c", "import irsa_helpers"], check=True)


def start_python() -> None:
    """A fresh Python that does nothing."""
    subprocess.run([sys.executable, "-c", ""], check=True)


def start_sandbox(variables: dict[str, str]) -> None:
    """`irsa-lab up` in an empty folder, until it says that it is ready."""
    run([PROGRAM, "up"], variables)


def seconds_to_start() -> float:
    """The median time of `irsa-lab up` in an empty folder."""
    taken = []
    for _ in range(RUNS):
        with new_home() as variables:
            begun = time.perf_counter()
            start_sandbox(variables)
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def seconds_for_moto() -> float:
    """The median time until a plain moto server listens."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        with moto_server():
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


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
    with new_home() as variables:
        start_sandbox(variables)
        output = run([sys.executable, "-c", FOUR_STEPS], variables)
    seconds, memory = (float(line) for line in output.splitlines()[-2:])
    return seconds, memory


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    python = median_seconds(start_python)
    package = median_seconds(import_package)
    up, moto = seconds_to_start(), seconds_for_moto()
    steps, memory = four_steps()
    return [
        ("import irsa_helpers, above a bare Python", f"{package - python:.3f} s"),
        ("irsa-lab up, until ready", f"{up:.2f} s"),
        ("plain moto_server, until it listens", f"{moto:.2f} s"),
        ("ratio sandbox / moto_server", f"{up / moto:.2f}"),
        ("steps 1 to 4, the Pod verified", f"{steps:.2f} s"),
        ("the sandbox's memory after that", f"{memory:.0f} MiB"),
    ]
