"""`python -m benchmarks fuzz --minutes 10`: odd calls to a sandbox, and what they break.

A finding is an exception in the log, a 500, a wait of more than 100 ms (of the answer, or of the
event loop), an answer that cannot be read, a list or a start that fails afterwards. Each is shrunk,
printed with its seed, and written to `--folder`; what is found twice is told once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky, HypothesisWarning

from benchmarks.fuzzing import account, cloud, keeping, kubernetes, webhook
from benchmarks.fuzzing.calls import Call
from benchmarks.fuzzing.judge import Fault, FoundError, judged
from benchmarks.fuzzing.sandbox import Sandbox

SURFACES = {"kubernetes": kubernetes.calls, "aws": cloud.calls, "webhook": webhook.calls}
SHRINKING_SECONDS = 15
ROUND_EXAMPLES = 300  # of each surface, in turns
OPTIONS = {
    "deadline": None,
    "database": None,
    "report_multiple_bugs": False,
    "verbosity": Verbosity.quiet,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.generate, Phase.shrink),
}


@dataclass
class Run:
    """What was called, and what was found: the fault, its seed and the shrunk calls."""

    sandbox: Sandbox
    timed: bool = True
    calls: int = 0
    unconfirmed: int = 0
    known: set[str] = field(default_factory=set)
    findings: list[tuple[Fault, int, tuple[Call, ...]]] = field(default_factory=list)


def explore(run: Run, surface: str, number: int, examples: int, derandomize: bool = False) -> None:
    """Send that many examples; stop at the first new finding, shrunk."""
    hunt = _Hunt(run)
    # With a seed, or derandomised: the same examples each time.
    chosen = settings(max_examples=examples, derandomize=derandomize, **OPTIONS)  # type: ignore[arg-type]
    test = chosen(given(SURFACES[surface])(hunt.each))
    try:
        (test if derandomize else seed(number)(test))()
    except (FoundError, Flaky):
        if hunt.fault and (hunt.confirmed or not hunt.fault.name.startswith("slow")):
            run.known.add(hunt.fault.name)
            run.findings.append((hunt.fault, number, hunt.calls))
        else:
            run.unconfirmed += 1  # it was there once and not again


@dataclass
class _Hunt:
    """One series of examples; after its first finding they are smaller forms of it."""

    run: Run
    fault: Fault | None = None
    calls: tuple[Call, ...] = ()
    confirmed: bool = False
    until: float = 0.0

    def each(self, calls: tuple[Call, ...]) -> None:
        """Send one example. Raises FoundError for a finding that is not known."""
        if self.fault and time.monotonic() > self.until:
            return  # shrunk enough
        self.run.calls += len(calls)
        fault = judged(self.run.sandbox, calls, timed=self.run.timed)
        keeping.tidy(self.run.sandbox, calls)
        if fault is None or fault.name in self.run.known:
            return
        self.confirmed = self.fault is not None
        self.until = self.until or time.monotonic() + SHRINKING_SECONDS
        self.fault, self.calls = fault, calls
        raise FoundError(fault)


def explore_for(run: Run, seconds: float, first_seed: int) -> None:
    """Rounds over all surfaces until the time is up; after each, all lists are read."""
    kept = set(keeping.names(run.sandbox))
    end = time.monotonic() + seconds
    for number in _from(first_seed):
        for surface in SURFACES:
            if time.monotonic() > end:
                return
            before = len(run.findings)
            explore(run, surface, number, ROUND_EXAMPLES)
            for fault, found_seed, calls in run.findings[before:]:
                _told(fault, surface, found_seed, calls)
        keeping.sweep(run.sandbox, kept)


def _from(number: int) -> Iterator[int]:
    while True:
        yield number
        number += 1


def _told(fault: Fault, surface: str, number: int, calls: tuple[Call, ...]) -> None:
    print(f"FOUND {fault.name} (surface {surface}, seed {number})", flush=True)
    for call in calls:
        print(f"  {call.method} {call.path[:300]} {call.body[:600]!r}", flush=True)


def _written(run: Run, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, (fault, number, calls) in enumerate(run.findings):
        shown = [call.shown() for call in calls]
        content = {"fault": fault.name, "detail": fault.detail, "seed": number, "calls": shown}
        (folder / f"{index:03}.json").write_text(json.dumps(content, indent=1), encoding="utf-8")


def check_restart(run: Run) -> None:
    """Whether it starts on what the run left, and reads it. Raises RuntimeError where not."""
    before = set(keeping.names(run.sandbox))
    run.sandbox.restart()
    lost = before - set(keeping.names(run.sandbox))
    if lost:
        raise RuntimeError(f"gone after a restart: {sorted(lost)[:5]}")
    if "Traceback" in (said := run.sandbox.log()):
        run.findings.append((Fault("exception after a restart", said), 0, ()))


def report() -> list[tuple[str, str]]:
    """Run for the time that the command line gives; rows of what was done and found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--folder", type=Path, default=Path("fuzz-findings"))
    chosen = parser.parse_args(sys.argv[2:])
    warnings.simplefilter("ignore", HypothesisWarning)  # examples are larger than it likes
    with tempfile.TemporaryDirectory() as home:
        run = Run(Sandbox(Path(home)))
        try:
            keeping.prepare(run.sandbox)
            account.prepare(run.sandbox)
            explore_for(run, chosen.minutes * 60, chosen.seed)
            check_restart(run)
        finally:
            run.sandbox.stop()
            _written(run, chosen.folder)
    return [
        ("first seed", str(chosen.seed)),
        ("calls", str(run.calls)),
        ("seen once, not again", str(run.unconfirmed)),
        ("findings", str(len(run.findings))),
    ]
