"""A change prints as a plan until it was applied."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers import changes
from irsa_helpers.changes import Change, Changes, aws_tags, kubernetes_labels, may_apply
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.aws import AwsWorld

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


def test_a_real_world_is_asked_before_a_cell_changes_it() -> None:
    real = AwsWorld("enginrect-cluster", "ap-northeast-2")
    with pytest.raises(IrsaLabError) as refusal:
        changes.ask(real, "annotate it", undo="the value None", cost="a cent")
    text = str(refusal.value)
    assert "(plan) would annotate it in <World aws: enginrect-cluster" in text
    assert "undone by: the value None" in text
    assert "costs: a cent" in text
    assert "connect(approve=True)" in text
    approved = AwsWorld("enginrect-cluster", "ap-northeast-2", approve=True)
    changes.ask(approved, "annotate it", undo="the value None")


def test_some_things_are_for_the_sandbox_alone_approved_or_not() -> None:
    changes.only_in_sandbox(world(name="sandbox"), "widen it")
    for approve in (False, True):
        real = AwsWorld("enginrect-cluster", "ap-northeast-2", approve=approve)
        with pytest.raises(IrsaLabError, match="would widen it: it is for the sandbox alone"):
            changes.only_in_sandbox(real, "widen it")
