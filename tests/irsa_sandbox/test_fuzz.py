"""The same odd calls each time, to a sandbox of their own: nothing of it breaks.

`python -m benchmarks fuzz` sends others each time, for as long as it is told.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import fuzz
from benchmarks.fuzzing import account, keeping
from benchmarks.fuzzing.calls import Call, Reply
from benchmarks.fuzzing.judge import Fault, judged
from benchmarks.fuzzing.sandbox import Sandbox

EXAMPLES = {"kubernetes": 100, "aws": 100, "webhook": 60}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fuzz.Run]:
    """A sandbox to be fuzzed."""
    # How long answers take is the benchmark's to measure: here other tests run beside.
    found = fuzz.Run(Sandbox(tmp_path_factory.mktemp("fuzz")), timed=False)
    keeping.prepare(found.sandbox)
    account.prepare(found.sandbox)
    yield found
    found.sandbox.stop()


@pytest.mark.parametrize("surface", EXAMPLES)
def test_nothing_breaks_it(run: fuzz.Run, surface: str) -> None:
    fuzz.explore(run, surface, 0, EXAMPLES[surface], derandomize=True)
    assert not run.findings, run.findings[0]


def test_it_starts_again_and_reads_what_was_left(run: fuzz.Run) -> None:
    fuzz.check_restart(run)


@pytest.mark.parametrize(
    ("status", "body", "name"),
    [
        (200, b'{"a":NaN}', "broken answer"),
        (200, b"{", "broken answer"),
        (200, b"\xff", "broken answer"),
        (500, b"{}", "500"),
        (200, b"{}", None),
        (500, b'{"message":"failed calling webhook"}', None),
    ],
)
def test_what_counts_as_broken(
    run: fuzz.Run, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, name: str | None
) -> None:
    reply = Reply(status, {"content-type": "application/json"}, body, 0.001)
    monkeypatch.setattr(run.sandbox, "send", lambda call: reply)
    fault: Fault | None = judged(run.sandbox, (Call("kubernetes", "GET", "/"),))
    assert (fault.name.partition(":")[0] if fault else None) == name
