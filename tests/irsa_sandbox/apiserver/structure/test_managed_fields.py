"""Who owns which field, and what server-side apply does to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
APPLY = {"Content-Type": "application/apply-patch+yaml"}


def account(**annotations: str) -> dict[str, Any]:
    metadata = {"name": "app"} | ({"annotations": annotations} if annotations else {})
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def deployment(**containers: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app"},
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {
                "metadata": {"labels": {"app": "a"}},
                "spec": {"containers": [{"name": n, **c} for n, c in containers.items()]},
            },
        },
    }


@pytest.fixture
def apply(http: Any) -> Iterator[Any]:
    """Server-side apply of one object: `apply(body, "manager", force=True)`."""

    def call(body: dict[str, Any], manager: str, *, force: bool = False) -> Any:
        base = ACCOUNTS if body["kind"] == "ServiceAccount" else DEPLOYMENTS
        query = f"fieldManager={manager}&force={json.dumps(force)}"
        return http("PATCH", f"{base}/app?{query}", json.dumps(body), headers=APPLY)

    yield call
    http("DELETE", f"{ACCOUNTS}/app")
    http("DELETE", f"{DEPLOYMENTS}/app")


def managers(body: dict[str, Any]) -> dict[str, Any]:
    entries = body["metadata"].get("managedFields", [])
    return {f"{e['manager']} {e['operation']}": e["fieldsV1"] for e in entries}


def test_what_a_manager_leaves_out_goes_unless_another_owns_it(apply: Any) -> None:
    apply(account(a="1", b="2"), "me")
    apply(account(b="2"), "you")
    after = apply(account(), "me").json()
    assert after["metadata"]["annotations"] == {"b": "2"}
    assert managers(after) == {"you Apply": {"f:metadata": {"f:annotations": {"f:b": {}}}}}


def test_the_last_annotation_takes_its_map_along(apply: Any) -> None:
    apply(account(a="1"), "me")
    assert "annotations" not in apply(account(), "me").json()["metadata"]


def test_a_conflict_names_every_field_and_its_manager(apply: Any, http: Any) -> None:
    http("POST", ACCOUNTS, account(a="1", b="2"), headers={"User-Agent": "kubectl/v1.37"})
    answer = apply(account(a="x", b="y"), "me")
    assert answer.status_code == 409
    assert answer.json()["message"] == (
        'Apply failed with 2 conflicts: conflicts with "kubectl" using v1:\n'
        "- .metadata.annotations.a\n- .metadata.annotations.b"
    )
    forced = apply(account(a="x", b="y"), "me", force=True).json()
    assert forced["metadata"]["annotations"] == {"a": "x", "b": "y"}
    owned = managers(forced)
    assert owned["me Apply"] == {"f:metadata": {"f:annotations": {"f:a": {}, "f:b": {}}}}


def test_the_same_value_is_owned_together(apply: Any) -> None:
    apply(account(a="1"), "me")
    answer = apply(account(a="1"), "you")
    assert answer.status_code == 200
    assert set(managers(answer.json())) == {"me Apply", "you Apply"}


def test_containers_are_joined_by_name_and_taken_out_by_it(apply: Any) -> None:
    apply(deployment(a={"image": "busybox"}, b={"image": "busybox"}), "me")
    after = apply(deployment(a={"image": "python"}), "me").json()
    containers = after["spec"]["template"]["spec"]["containers"]
    assert [(c["name"], c["image"]) for c in containers] == [("a", "python")]
    assert containers[0]["imagePullPolicy"] == "Always"


def test_an_update_takes_a_field_from_who_applied_it(apply: Any, http: Any) -> None:
    apply(account(a="1"), "me")
    patch = {"metadata": {"annotations": {"a": "2"}}}
    kind = {"Content-Type": "application/merge-patch+json"}
    after = http("PATCH", f"{ACCOUNTS}/app?fieldManager=hand", patch, headers=kind).json()
    assert set(managers(after)) == {"hand Update"}
    assert apply(account(a="1"), "me").status_code == 409


def test_nothing_changes_where_nothing_is_new(apply: Any) -> None:
    first = apply(account(a="1"), "me").json()
    assert apply(account(a="1"), "me").json() == first


@pytest.mark.parametrize(
    ("query", "body", "code", "message"),
    [
        ("", account(), 422, "fieldManager: Required value: is required for apply patch"),
        ("?fieldManager=me", {"kind": "ServiceAccount"}, 400, "apiVersion must be set"),
        (
            "?fieldManager=me",
            account() | {"metadata": {"managedFields": [{"manager": "x"}]}},
            400,
            "metadata.managedFields must be nil",
        ),
    ],
    ids=["no manager", "no apiVersion", "managedFields"],
)
def test_a_configuration_that_cannot_be_applied(
    http: Any, query: str, body: dict[str, Any], code: int, message: str
) -> None:
    answer = http("PATCH", f"{ACCOUNTS}/app{query}", json.dumps(body), headers=APPLY)
    assert answer.status_code == code
    assert message in answer.json()["message"]


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_kubectl_takes_over_only_what_is_as_it_applied_it(http: Any, apply: Any) -> None:
    applied = account(a="1", b="1")
    body = account(a="1", b="1", **{LAST_APPLIED: json.dumps(applied)})
    http("POST", f"{ACCOUNTS}?fieldManager=kubectl-client-side-apply", body)
    assert apply(account(a="2", b="1"), "kubectl").status_code == 200, "nobody else changed it"
    change = {"metadata": {"annotations": {"b": "other"}}}
    merge = {"Content-Type": "application/merge-patch+json"}
    http("PATCH", f"{ACCOUNTS}/app?fieldManager=kubectl-annotate", change, headers=merge)
    refused = apply(account(a="2", b="1"), "kubectl")
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        'Apply failed with 1 conflict: conflict with "kubectl-annotate" using v1: '
        ".metadata.annotations.b",
    )
    assert apply(account(a="2", b="1"), "kubectl", force=True).status_code == 200
