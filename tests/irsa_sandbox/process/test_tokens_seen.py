"""The tokens that the console shows: those of the trace, each with what STS found out."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.process.tokens_seen import KEPT, tokens_seen

GOOD = {"name": "signature", "ok": True, "expected": "by key k1", "found": "RS256"}
BAD = {**GOOD, "ok": False, "found": "the signature does not fit"}


def hop(kind: str, pod: str, outcome: str = "ok", **detail: Any) -> dict[str, Any]:
    names = {"source": f"sub-{pod}", "summary": f"{kind} of {pod}", "outcome": outcome}
    at = "2026-11-29T06:53:45.966125+00:00"
    return {"kind": kind, "at": at, **names, "detail": {"pod": pod, **detail}}


def asks(pod: str, number: int = 1) -> dict[str, Any]:
    token = {"header": {"alg": "RS256", "kid": "k1"}, "claims": {"jti": f"{pod}-{number}"}}
    return hop("assume-role", pod, **token)


def test_each_token_stands_once_the_newest_last() -> None:
    seen = tokens_seen([asks("a"), asks("b"), asks("a"), hop("session", "a")])
    assert [each["label"] for each in seen] == ["06:53:45 sub-b", "06:53:45 sub-a"]
    many = tokens_seen([asks("a", number) for number in range(KEPT + 5)])
    assert len(many) == KEPT
    assert many[-1]["claims"][0]["value"] == f"a-{KEPT + 4}"


@pytest.mark.parametrize(
    ("later", "good", "said"),
    [
        ([hop("token-check", "a", checks=[GOOD])], True, "STS checked it by key k1"),
        ([hop("token-check", "a", "denied", checks=[BAD])], False, "the signature does not fit"),
        ([hop("provider", "a", "denied")], None, "provider of a"),
        ([hop("token-check", "b", checks=[GOOD])], None, "STS has not come to it"),
        ([asks("a", 2), hop("token-check", "a", checks=[GOOD])], None, "STS has not come to it"),
        ([], None, "STS has not come to it"),
    ],
)
def test_the_signature_is_as_sts_found_it(
    later: list[dict[str, Any]], good: bool | None, said: str
) -> None:
    signature = tokens_seen([asks("a"), *later])[0]["signature"]
    assert signature["good"] is good
    assert signature["said"].startswith(said)
