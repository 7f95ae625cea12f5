"""The exercises whose answer is in the world: what is there, and the slip in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from irsa_course.exercises import exercise
from irsa_course.exercises.proving import type_in_terminal
from irsa_course.exercises.words import all_words
from irsa_helpers import course, roles
from irsa_helpers.ground import state
from irsa_helpers.pod_identity import (
    build_pod_identity_trust_policy,
    ensure_association,
    ensure_no_association,
)
from irsa_helpers.roles import role_arn
from irsa_helpers.serviceaccounts import (
    ROLE_ARN,
    ensure_no_service_account,
    ensure_service_account,
)
from irsa_helpers.worlds import World

ACCOUNT = "reports-sa"
OTHER_ROLE = "arn:aws:iam::111122223333:role/other"


@pytest.fixture
def empty(world: World, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world, the story's role in it, without what these exercises ask for."""
    monkeypatch.setenv(state.HOME_VARIABLE, str(sandbox_home))
    roles.ensure_role(world, course.ROLE, build_pod_identity_trust_policy())
    yield world
    ensure_no_service_account(world, ACCOUNT)
    ensure_no_association(world, ACCOUNT)
    roles.ensure_no_role(world, course.ROLE)


IN_WORLD = [words.id for words in all_words() if words.in_world]


@pytest.mark.parametrize("name", IN_WORLD)
def test_nothing_is_there_until_the_solution_is_typed(empty: World, name: str) -> None:
    before = exercise(name, empty).check()
    assert (before.state, before.cases) == ("not tried", ())
    type_in_terminal(name)
    assert exercise(name, empty).check().state == "right"


ANNOTATIONS = {
    "no-annotation": {},
    "key-misspelt": {"eks.amazonaws.com/role_arn": "arn:aws:iam::111122223333:role/x"},
    "role-name": {ROLE_ARN: course.ROLE},
    "role-misspelt": {ROLE_ARN: OTHER_ROLE},
}


@pytest.mark.parametrize("slip", ANNOTATIONS)
def test_an_annotation_is_told_what_is_wrong_with_it(empty: World, slip: str) -> None:
    ensure_service_account(empty, ACCOUNT, annotations=ANNOTATIONS[slip])
    found = exercise("04-annotate", empty).check()
    assert (found.state, found.slip) == ("wrong", slip)
    assert found.cases[0].expected == role_arn(empty, course.ROLE)


def test_a_service_account_elsewhere_is_told_so(empty: World, namespace: str) -> None:
    ensure_service_account(empty, ACCOUNT, namespace=namespace)
    found = exercise("04-annotate", empty).check()
    assert (found.slip, found.cases[0].seen) == ("service-account-elsewhere", namespace)
    assert "another namespace" in found.says


def test_an_association_is_told_what_is_wrong_with_it(empty: World) -> None:
    roles.ensure_role(empty, "another", build_pod_identity_trust_policy())
    ensure_association(empty, ACCOUNT, role_arn=role_arn(empty, "another"))
    tied = exercise("08-association", empty)
    assert tied.check().slip == "another-role"
    assert "names another role" in tied.check().says
    roles.ensure_no_role(empty, "another")
    assert tied.check().slip == "no-such-role"
    assert "does not exist" in tied.check().says


def test_an_association_elsewhere_is_told_so(empty: World) -> None:
    ensure_association(
        empty, ACCOUNT, role_arn=role_arn(empty, course.ROLE), namespace="kube-system"
    )
    found = exercise("08-association", empty).check()
    assert found.slip == "association-elsewhere"
    assert "kube-system" in found.cases[0].seen
    ensure_no_association(empty, ACCOUNT, namespace="kube-system")
