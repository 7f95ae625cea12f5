"""What the evaluation of a condition may cost."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.apiserver.validation import match_conditions

ITEMS = [{"name": f"i{index}"} for index in range(400)]
NESTED = "object.items.all(a, object.items.all(b, object.items.all(c, a != b)))"
GROWING = "['aaaaaaaaaa']" + ".map(s, s + s)" * 30 + " == []"
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


def hook(expression: str) -> dict[str, Any]:
    """A webhook with one condition."""
    return {
        "name": "a.b.c",
        "clientConfig": {"url": "https://127.0.0.1:1/x"},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "matchConditions": [{"name": "m", "expression": expression}],
    }


@pytest.mark.parametrize("expression", [NESTED, GROWING])
def test_what_would_go_on_and_on_is_cancelled(expression: str) -> None:
    with pytest.raises(match_conditions.ConditionError, match="actual cost limit exceeded"):
        match_conditions.hold(hook(expression), {"object": {"items": ITEMS}})


def test_what_goes_over_everything_once_is_not() -> None:
    asked = {"object": {"items": ITEMS}}
    assert match_conditions.hold(hook("object.items.all(a, a.name != '')"), asked)


@pytest.mark.parametrize(
    ("expressions", "said"),
    [
        (["true" + " && true" * 300], "expression code point size exceeds limit"),
        (["true" + " && true" * 100] * 10, "compiles at most 5000"),
    ],
)
def test_what_takes_long_to_compile_is_refused(
    http: Any, expressions: list[str], said: str
) -> None:
    body = {
        "metadata": {"name": "long"},
        "webhooks": [hook(each) | {"name": f"a{i}.b.c"} for i, each in enumerate(expressions)],
    }
    answer = http("POST", HOOKS, body)
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")
    assert said in answer.json()["message"]
