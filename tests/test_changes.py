"""A change prints as a plan until it was applied."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.changes import Change, Changes, aws_tags, kubernetes_labels, may_apply

PLAN = Change("create", "IAM role", "reader", ("trust policy: the one given",))


def world(**settings: Any) -> Any:
    return SimpleNamespace(**settings)


def test_a_plan_says_that_nothing_was_applied() -> None:
    assert PLAN.pending
    assert str(PLAN).splitlines() == [
        "(plan) would create IAM role reader",
        "  - trust policy: the one given",
        "  nothing was applied: call again with approve=True",
    ]


def test_a_done_change_says_what_was_done() -> None:
    assert str(PLAN.done()).splitlines()[0] == "created IAM role reader"
    assert not PLAN.done().pending


def test_nothing_to_do_is_no_plan() -> None:
    change = Change("none", "IAM role", "reader")
    assert str(change) == "IAM role reader: nothing to do"
    assert not change.pending


def test_several_changes_tell_what_is_new_and_count_the_rest() -> None:
    there = Change("none", "IAM role", "reader")
    assert str(Changes([there, there])) == "nothing to do: all 2 are as wanted"
    assert str(Changes([PLAN.done(), there])).splitlines() == [
        "created IAM role reader",
        "1 more were as wanted already",
    ]
    assert str(Changes([PLAN])).splitlines() == [
        "(plan) would create IAM role reader",
        "nothing was applied: world = connect(approve=True), then run this again",
    ]


def test_a_notebook_shows_a_change_as_markdown() -> None:
    text = PLAN._repr_markdown_()
    assert text.startswith("**(plan) would create IAM role reader**")
    assert "- trust policy: the one given" in text
    assert "`approve=True`" in text


@pytest.mark.parametrize(
    ("needs_approval", "approve", "allowed"),
    [(False, False, True), (False, True, True), (True, False, False), (True, True, True)],
)
def test_only_a_real_world_asks_for_approval(
    needs_approval: bool, approve: bool, allowed: bool
) -> None:
    assert may_apply(world(needs_approval=needs_approval), approve) is allowed


def test_all_that_is_made_carries_the_clusters_name() -> None:
    here = world(cluster_name="enginrect-cluster")
    assert aws_tags(here) == [{"Key": "irsa-lab", "Value": "enginrect-cluster"}]
    assert kubernetes_labels(here) == {"irsa-lab": "enginrect-cluster"}


def test_a_long_cluster_name_still_makes_a_label() -> None:
    [value] = kubernetes_labels(world(cluster_name="a" * 62 + "-" + "b" * 37)).values()
    assert value == "a" * 62
