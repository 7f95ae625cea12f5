"""Written and random cases: our decision is the one of an independent simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from irsa_helpers.policy import Request, evaluate
from tests.policy.cases import VERDICTS, Case, all_cases
from tests.policy.oracle import simulator
from tests.policy.random_cases import random_cases

CASES = all_cases()
WRITTEN = json.loads(VERDICTS.read_text(encoding="utf-8"))
POLICIES = ("identity_policies", "resource_policy", "session_policy", "permissions_boundary")

with_simulator = pytest.mark.skipif(
    not simulator.is_there(),
    reason="the independent simulator is not installed: npm install in tests/policy/oracle",
)


def decided(case: Case) -> str:
    policies: dict[str, Any] = {name: case[name] for name in POLICIES if name in case}
    request = Request(case["principal"], case["action"], case["resource"], case["context"])
    return evaluate(request, **policies).effect


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 300
    assert {case["id"] for case in CASES} == set(WRITTEN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_written_case_is_decided_as_the_simulator_does(case: Case) -> None:
    assert decided(case) == WRITTEN[case["id"]]


@with_simulator
def test_the_written_verdicts_are_the_simulators() -> None:
    assert simulator.verdicts(CASES) == [WRITTEN[case["id"]] for case in CASES]


@with_simulator
@pytest.mark.parametrize("seed", [1, 2])
def test_random_cases_are_decided_as_the_simulator_does(seed: int) -> None:
    cases = random_cases(2000, seed)
    verdicts = simulator.verdicts(cases)
    different = [
        (case, verdict)
        for case, verdict in zip(cases, verdicts, strict=True)
        if decided(case) != verdict
    ]
    assert different == []
