"""How long a lab takes to start, to check and to diagnose, in a notebook and from a terminal."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from benchmarks.measure import PROGRAM, RUNS, median_seconds, new_home, run

# Prints, as JSON, the seconds that each lab's start, check and diagnosis took.
MEASURE = """
import json, time
from irsa_helpers import connect
from irsa_helpers.doctor import doctor
from irsa_helpers.labs import engine
from irsa_helpers.labs.model import all_labs
from irsa_helpers.labs.progress import Progress
world, progress = connect(), Progress()

def seconds(action, *arguments, **options):
    begun = time.perf_counter()
    action(*arguments, **options)
    return time.perf_counter() - begun

engine.start(world, all_labs()[0], progress)
taken = {}
for lab in all_labs():
    taken[lab.id] = [
        seconds(engine.start, world, lab, progress),
        seconds(engine.check, world, lab, progress),
        seconds(doctor, world, "deployment/app", namespace=lab.namespace),
    ]
print(json.dumps(taken))
"""

TYPED = {
    "labs start 02": ("labs", "start", "02"),
    "labs check 02": ("labs", "check", "02"),
    "doctor": ("doctor", "deployment/app", "-n", "lab-02"),
}


def _typed(words: tuple[str, ...], variables: dict[str, str]) -> float:
    """The median time of a whole `irsa-lab` process, in seconds."""

    def once() -> None:
        # A check and a diagnosis that find a fault end with 1.
        subprocess.run([PROGRAM, *words], env=variables, capture_output=True, check=False)

    return median_seconds(once)


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    with new_home() as variables:
        output = run([sys.executable, "-c", MEASURE], variables)
        typed = {what: _typed(words, variables) for what, words in TYPED.items()}
    taken = json.loads(output.splitlines()[-1])
    rows = [(f"`irsa-lab {what}`, median of {RUNS}", f"{typed[what]:.2f} s") for what in TYPED]
    for place, what in enumerate(("starting a lab", "checking a lab", "the doctor on a lab")):
        figures = {name: times[place] for name, times in taken.items()}
        slowest = max(figures, key=lambda name: figures[name])
        median = statistics.median(figures.values())
        rows.append((f"{what}, median of {len(figures)}", f"{median:.2f} s"))
        rows.append((f"{what}, the slowest ({slowest[:2]})", f"{figures[slowest]:.2f} s"))
    return rows
