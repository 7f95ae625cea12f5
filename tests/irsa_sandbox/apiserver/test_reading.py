"""Lists in chunks, other forms of an object, discovery, rules, checks of labels."""

from __future__ import annotations

import json
from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def five(http: Any) -> None:
    """Five ConfigMaps, two of them labelled."""
    for index in range(5):
        labels = {"even": "yes"} if index % 2 == 0 else {}
        http("POST", MAPS, {"metadata": {"name": f"m{index}", "labels": labels}, "data": {}})


def names(body: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


@pytest.mark.usefixtures("five")
def test_a_list_in_chunks_shows_one_moment(http: Any) -> None:
    first = http("GET", f"{MAPS}?limit=2").json()
    assert names(first) == ["m0", "m1"]
    assert first["metadata"]["remainingItemCount"] == 3
    http("POST", MAPS, {"metadata": {"name": "m1a"}})
    http("DELETE", f"{MAPS}/m2")
    token = first["metadata"]["continue"]
    rest = http("GET", f"{MAPS}?limit=9&continue={token}").json()
    assert names(rest) == ["m2", "m3", "m4"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in rest["metadata"]
    http("DELETE", f"{MAPS}/m1a")
    http("POST", MAPS, {"metadata": {"name": "m2", "labels": {"even": "yes"}}})


@pytest.mark.usefixtures("five")
def test_a_selective_list_does_not_count_what_is_left(http: Any) -> None:
    chunk = http("GET", f"{MAPS}?limit=1&labelSelector=even").json()
    assert names(chunk) == ["m0"]
    assert "remainingItemCount" not in chunk["metadata"]
    token = chunk["metadata"]["continue"]
    rest = http("GET", f"{MAPS}?labelSelector=even&continue={token}").json()
    assert names(rest) == ["m2", "m4"]


def test_a_broken_continue_is_refused(http: Any) -> None:
    answer = http("GET", f"{MAPS}?continue=broken")
    assert answer.status_code == 400
    assert "continue key is not valid" in answer.json()["message"]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "List"),
        ("application/vnd.kubernetes.protobuf, application/json;as=Table", "Table"),
        ("application/json", "ConfigMapList"),
    ],
    ids=["metadata", "table", "whole"],
)
def test_the_form_is_the_first_that_is_here(http: Any, accept: str, kind: str) -> None:
    body = http("GET", MAPS, headers={"Accept": accept}).json()
    assert body["kind"].endswith(kind)
    if kind == "List":
        assert "data" not in body["items"][0]


def test_no_form_that_is_here_is_406(http: Any) -> None:
    answer = http("GET", MAPS, headers={"Accept": "application/vnd.kubernetes.protobuf"})
    assert (answer.status_code, answer.json()["reason"]) == (406, "NotAcceptable")


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("include", ["None", "Metadata", "Object"])
def test_a_table_carries_what_is_asked_for(http: Any, include: str) -> None:
    headers = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    row = http("GET", f"{MAPS}?includeObject={include}", headers=headers).json()["rows"][0]
    kinds = {"None": None, "Metadata": "PartialObjectMetadata", "Object": "ConfigMap"}
    assert row.get("object", {}).get("kind") == kinds[include]


def test_all_groups_in_one_document_say_the_same_as_one_by_one(http: Any) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    answer = http("GET", "/apis", headers={"Accept": accept})
    assert answer.headers["content-type"] == accept
    for group in answer.json()["items"]:
        name, version = group["metadata"]["name"], group["versions"][0]["version"]
        listed = http("GET", f"/apis/{name}/{version}").json()["resources"]
        plurals = [each["name"] for each in listed if "/" not in each["name"]]
        assert [each["resource"] for each in group["versions"][0]["resources"]] == plurals


def test_openapi_v2_refers_to_its_own_definitions(http: Any) -> None:
    text = http("GET", "/openapi/v2").text
    definitions = json.loads(text)["definitions"]
    assert "#/components" not in text
    references = {part.split('"')[0] for part in text.split('"#/definitions/')[1:]}
    assert references <= definitions.keys()


def test_the_rules_of_a_service_account_are_those_bound_to_it(http: Any) -> None:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    http("POST", f"{rbac}/roles", {"metadata": {"name": "r"}, "rules": [rule]})
    binding = {
        "metadata": {"name": "r"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "default"}],
    }
    http("POST", f"{rbac}/rolebindings", binding)
    status = http(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        {"spec": {"namespace": "default"}},
        headers={"Impersonate-User": "system:serviceaccount:default:a"},
    ).json()["status"]
    assert rule in status["resourceRules"]
    assert not any("*" in each["verbs"] for each in status["resourceRules"])


@pytest.mark.parametrize(
    ("metadata", "cause"),
    [
        ({"labels": {"a": "no spaces"}}, "a valid label must be an empty string"),
        ({"labels": {"a": "x" * 64}}, "must be no more than 63 bytes"),
        ({"labels": {"": "x"}}, "name part must be non-empty"),
        ({"annotations": {"x" * 64: ""}}, "name part must be no more than 63 bytes"),
        ({"annotations": {"no_prefix/a": ""}}, "prefix part a lowercase RFC 1123 subdomain"),
    ],
    ids=["value", "long value", "no name", "long name", "prefix"],
)
def test_labels_and_annotations_are_checked(
    http: Any, metadata: dict[str, Any], cause: str
) -> None:
    answer = http("POST", MAPS, {"metadata": {"name": "wrong", **metadata}})
    assert answer.status_code == 422
    assert cause in answer.json()["message"]
