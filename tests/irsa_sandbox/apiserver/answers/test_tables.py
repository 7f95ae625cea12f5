"""Tables and discovery as a real API server (v1.36.2) has them, and what stands in a Pod's row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.apiserver.answers import tables
from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.kinds import BY_PATH, KINDS, Kind
from irsa_sandbox.apiserver.kinds.columns import Column
from irsa_sandbox.apiserver.kinds.nodes import NODE
from irsa_sandbox.apiserver.kinds.pods import POD
from irsa_sandbox.apiserver.published import discovery
from irsa_sandbox.clock import Clock

DATA = Path(__file__).parents[2] / "data"
COLUMNS = json.loads((DATA / "columns.json").read_text(encoding="utf-8"))
DISCOVERY = json.loads((DATA / "discovery.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
READ_ONLY = ["get", "list", "watch"]


@pytest.mark.parametrize("plural", COLUMNS)
def test_the_columns_are_the_recorded_ones(plural: str) -> None:
    group = "apps" if plural in {"deployments", "replicasets"} else ""
    assert tables.definitions(BY_PATH[group, "v1", plural]) == COLUMNS[plural]


def test_the_core_kinds_are_described_as_recorded() -> None:
    recorded = {entry["name"]: entry for entry in DISCOVERY["core"]}
    for entry in discovery.resources("", "v1")["resources"]:
        real = recorded[entry["name"]]
        assert entry | {"verbs": 0} == real | {"verbs": 0}
        assert entry["verbs"] in (real["verbs"], READ_ONLY)


def test_named_groups_come_in_the_recorded_order() -> None:
    recorded = [each["name"] for each in DISCOVERY["groups"]]
    ours = [name for name, _ in discovery.groups()]
    assert ours == [name for name in recorded if name in ours]


def status(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "c", "state": state, "restartCount": 0, **more}


WAITS = {"waiting": {"reason": "CrashLoopBackOff"}}
ENDED = {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:00:40Z"}}
RUNS = {"running": {}}


@pytest.mark.parametrize(
    ("statuses", "initial", "metadata", "cells"),
    [
        ([status(RUNS, ready=True)], [], {}, ["1/1", "Running", "0"]),
        ([status(ENDED)], [], {}, ["0/1", "ExitCode:1", "0"]),
        (
            [status(WAITS, restartCount=3, lastState=ENDED)],
            [],
            {},
            ["0/1", "CrashLoopBackOff", "3 (20s ago)"],
        ),
        ([], [status(RUNS)], {}, ["0/1", "Init:0/1", "0"]),
        ([], [status(ENDED)], {}, ["0/1", "Init:ExitCode:1", "0"]),
        ([], [status(WAITS)], {}, ["0/1", "Init:CrashLoopBackOff", "0"]),
        ([status(RUNS)], [], {"deletionTimestamp": "x"}, ["0/1", "Terminating", "0"]),
    ],
    ids=["running", "ended", "crashing", "init", "init ended", "init crashing", "terminating"],
)
def test_a_pods_row_says_how_it_fares(
    statuses: list[Any], initial: list[Any], metadata: dict[str, Any], cells: list[str]
) -> None:
    spec = {"containers": [{"name": "c"}], "initContainers": [{"name": "c"}] if initial else []}
    body = {
        "metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z", **metadata},
        "spec": spec,
        "status": {
            "phase": "Running",
            "containerStatuses": statuses,
            "initContainerStatuses": initial,
        },
    }
    assert tables.cells(POD, body, NOW)[1:4] == cells


def test_a_cordoned_node_says_so() -> None:
    body = {
        "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {"unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert tables.cells(NODE, body, NOW)[1:3] == ["Ready,SchedulingDisabled", "worker"]


def test_quantities_are_written_in_their_shortest_form() -> None:
    for given, kept in (
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000k", "1M"),
        ("100", "100"),
        (5, "5"),
        ("0", "0"),
    ):
        assert formats.canonical_quantity(given) == kept
    assert formats.quantity("1mm") == ["unable to parse quantity's suffix"]
    assert formats.quantity("x")[0].startswith("quantities must match the regular expression")


# What the columns of any kind read.
ANY_OBJECT: dict[str, Any] = {
    "metadata": {
        "name": "some",
        "namespace": "ns",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "generation": 1,
    },
    "spec": {
        "containers": [],
        "template": {"spec": {"containers": []}},
        "selector": {},
        "replicas": 1,
        "schedule": "* * * * *",
        "suspend": False,
        "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}},
    },
    "status": {},
    "revision": 1,
    "roleRef": {"kind": "Role", "name": "r"},
    "involvedObject": {"kind": "Pod", "name": "p"},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.qualified)
def test_a_row_has_a_cell_for_each_column(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    made = tables.table(kind, [ANY_OBJECT], {}, Clock())
    assert len(made["rows"][0]["cells"]) == len(made["columnDefinitions"])
    assert caplog.records == []


def test_a_column_without_its_cell_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="cell"):
        Column("Name", "words")  # type: ignore[call-arg]


def test_an_object_that_its_columns_cannot_show_is_named_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cells = tables.cells(POD, {"metadata": {"name": "p"}, "status": {"conditions": 1}}, NOW)
    assert cells == ["p", *["<unknown>"] * (len(POD.columns) - 1)]
    assert "no row for p" in caplog.text
