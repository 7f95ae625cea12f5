"""The trace keeps what was said, in little room, and outlives the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.clock import Clock
from irsa_sandbox.trace import BYTES_KEPT, KEPT, Trace

ROLES = [f"arn:aws:iam::111122223333:role/app-{number}" for number in range(3)]
REASON = {"policy": "trust policy", "principals": ["arn:aws:iam::111122223333:oidc-provider/x"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


def say(trace: Trace, number: int, text: str = "is let in") -> None:
    """One hop of a handshake, much as the last one about the same role."""
    conditions = [{"key": key, "wanted": ["a" * 80], "matched": True} for key in ("sub", "aud")]
    trace.add(
        "trust-policy",
        "STS",
        "IAM",
        f"token {number} {text}",
        role_arn=ROLES[number % 3],
        decision={"reasons": [{**REASON, "conditions": conditions}]},
        explanation=None,
        pod=f"app-{number}",
    )


def on_disk(path: Path) -> int:
    return sum(each.stat().st_size for each in path.parent.glob("trace.jsonl*"))


def test_hops_come_back_as_they_were_said(path: Path) -> None:
    trace = Trace(Clock(), path)
    said: list[dict[str, Any]] = []
    for number in range(50):
        say(trace, number)
        said += trace.since(number)
    assert [each["summary"] for each in said] == [f"token {n} is let in" for n in range(50)]
    assert said[7]["detail"]["role_arn"] == ROLES[1]
    assert list(said[7]["detail"]) == ["role_arn", "decision", "explanation", "pod"]
    assert trace.since() == said
    assert trace.since(48) == said[48:]
    trace.close()
    again = Trace(Clock(), path)
    assert again.since() == said
    say(again, 50)
    assert [each["seq"] for each in again.since(49)] == [50, 51]
    again.close()


def test_what_was_said_before_is_not_said_again(path: Path) -> None:
    trace = Trace(Clock(), path)
    for number in range(3):
        say(trace, number)
    first = on_disk(path)
    for number in range(3, 33):
        say(trace, number)
    trace.close()
    assert on_disk(path) - first < 4 * first, "thirty more take no more room than twelve would"


def test_the_file_is_cut_by_its_size(path: Path) -> None:
    trace, long = Trace(Clock(), path), "x" * 50_000
    for number in range(4 * BYTES_KEPT // len(long)):
        say(trace, number, f"{number} {long}")
    kept = trace.since()
    assert on_disk(path) <= 2 * BYTES_KEPT + 2 * len(long)
    assert 0 < len(kept) <= BYTES_KEPT // len(long)
    trace.close()
    again = Trace(Clock(), path)
    assert again.since() == kept, "what goes is the oldest"
    again.close()


def test_the_hops_are_counted_as_well(path: Path) -> None:
    trace = Trace(Clock(), path)
    for number in range(KEPT + 10):
        trace.add("jwks", "STS", "issuer", str(number))
    assert [each["seq"] for each in trace.since()] == list(range(11, KEPT + 11))
    trace.close()


def test_a_line_that_a_crash_cut_short_costs_itself(path: Path) -> None:
    trace = Trace(Clock(), path)
    for number in range(9):
        say(trace, number)
    trace.close()
    path.write_bytes(path.read_bytes()[:-20])
    again = Trace(Clock(), path)
    say(again, 9)
    again.close()
    numbers = [each["detail"]["pod"] for each in Trace(Clock(), path).since()]
    assert numbers == [f"app-{number}" for number in range(8)] + ["app-9"]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '{"seq": 1}',
        '{"like": 99, "changes": []}',
        '{"like": 1, "changes": [[["nowhere", "at", "all"], 1]]}',
        '{"like": 1, "changes": [[["seq"], "one"]]}',
        '{"like": 1, "changes": 5}',
        '{"like": [], "changes": []}',
    ],
)
def test_a_line_that_is_no_hop_is_left_out(path: Path, line: str) -> None:
    trace = Trace(Clock(), path)
    for number in range(2):
        say(trace, number)
    kept = trace.since()
    trace.close()
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    again = Trace(Clock(), path)
    assert again.since() == kept
    again.close()
