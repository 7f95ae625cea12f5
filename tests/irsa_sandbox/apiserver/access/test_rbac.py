"""Who may do what: default roles, aggregation, escalation, impersonation, and the reasons given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

RBAC = "/apis/rbac.authorization.k8s.io/v1"
NAMESPACED = f"{RBAC}/namespaces/default"
ACCOUNT = "system:serviceaccount:default:viewer"
MERGE = {"Content-Type": "application/merge-patch+json"}
PROD = "system:serviceaccount:prod:viewer"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def binding(name: str, role: str, kind: str = "ClusterRole") -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "roleRef": {"kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "viewer", "namespace": "default"}],
    }


@pytest.fixture
def bound(http: Any) -> Any:
    """Binds the ServiceAccount `viewer` in the namespace `default`, for a test."""
    names: list[str] = []

    def call(role: str, kind: str = "ClusterRole") -> None:
        names.append(f"{role}-{kind}".lower())
        answer = http("POST", f"{NAMESPACED}/rolebindings", binding(names[-1], role, kind))
        assert answer.status_code == 201

    yield call
    for name in names:
        http("DELETE", f"{NAMESPACED}/rolebindings/{name}")


def review(http: Any, user: str, **attributes: str) -> dict[str, Any]:
    asked = {"namespace": "default"} | attributes
    body = {"spec": {"user": user, "resourceAttributes": asked}}
    status: dict[str, Any] = http("POST", REVIEWS, body).json()["status"]
    return status


def test_the_default_roles_are_made_of_each_other(http: Any) -> None:
    rules = {
        each["metadata"]["name"]: each["rules"]
        for each in http("GET", f"{RBAC}/clusterroles").json()["items"]
    }
    assert rules["view"] == rules["system:aggregate-to-view"]
    for part in ("system:aggregate-to-edit", "system:aggregate-to-view"):
        assert all(rule in rules["edit"] for rule in rules[part])
    assert all(rule in rules["admin"] for rule in rules["edit"])


def test_a_label_makes_a_role_part_of_view(http: Any, bound: Any) -> None:
    bound("view")
    assert review(http, ACCOUNT, verb="get", resource="widgets")["allowed"] is False
    metadata = {"name": "w", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}
    rule = {"apiGroups": [""], "resources": ["widgets"], "verbs": ["get"]}
    http("POST", f"{RBAC}/clusterroles", {"metadata": metadata, "rules": [rule]})
    assert review(http, ACCOUNT, verb="get", resource="widgets") == {
        "allowed": True,
        "reason": 'RBAC: allowed by RoleBinding "view-clusterrole/default" of ClusterRole "view" '
        'to ServiceAccount "viewer/default"',
    }
    http("DELETE", f"{RBAC}/clusterroles/w")
    assert review(http, ACCOUNT, verb="get", resource="widgets")["allowed"] is False


def test_a_role_that_went_after_its_finalizer_is_part_of_view_no_more(
    http: Any, bound: Any
) -> None:
    bound("view")
    metadata = {"name": "w", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}
    metadata |= {"finalizers": ["example.com/hold"]}
    rule = {"apiGroups": [""], "resources": ["widgets"], "verbs": ["get"]}
    http("POST", f"{RBAC}/clusterroles", {"metadata": metadata, "rules": [rule]})
    http("DELETE", f"{RBAC}/clusterroles/w")
    assert review(http, ACCOUNT, verb="get", resource="widgets")["allowed"] is True
    patch = {"metadata": {"finalizers": None}}
    http("PATCH", f"{RBAC}/clusterroles/w", patch, headers=MERGE)
    assert review(http, ACCOUNT, verb="get", resource="widgets")["allowed"] is False


def test_a_role_that_is_not_there_is_named(http: Any, bound: Any) -> None:
    bound("gone", "Role")
    pods = "/api/v1/namespaces/default/pods"
    answer = http("GET", pods, headers={"Impersonate-User": ACCOUNT})
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        f'pods is forbidden: User "{ACCOUNT}" cannot list resource "pods" in API group "" in the '
        'namespace "default": RBAC: role.rbac.authorization.k8s.io "gone" not found'
    )


def test_nobody_gives_what_they_do_not_have(http: Any, bound: Any) -> None:
    bound("admin")
    as_account = {"Impersonate-User": ACCOUNT}

    def role(resource: str) -> dict[str, Any]:
        rule = {"apiGroups": [""], "resources": [resource], "verbs": ["get", "list"]}
        return {"metadata": {"name": f"give-{resource}"}, "rules": [rule]}

    place = f"{NAMESPACED}/roles"
    assert http("POST", place, role("secrets"), headers=as_account).status_code == 201
    answer = http("POST", place, role("nodes"), headers=as_account)
    assert answer.status_code == 403
    assert answer.json()["message"].endswith(
        "is attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["nodes"], Verbs:["get", "list"]}'
    )
    body = binding("up", "cluster-admin")
    refused = http("POST", f"{NAMESPACED}/rolebindings", body, headers=as_account)
    assert refused.status_code == 403
    assert '{NonResourceURLs:["*"], Verbs:["*"]}' in refused.json()["message"]


def test_a_stranger_hears_no_before_not_found(http: Any) -> None:
    stranger = {"Impersonate-User": "eve"}
    for method, path, verb in (
        ("GET", "/api/v1/namespaces/default/widgets/w", "get"),
        ("DELETE", "/api/v1/namespaces/default/widgets", "deletecollection"),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", "create"),
    ):
        answer = http(method, path, headers=stranger)
        assert answer.status_code == 403
        assert f'User "eve" cannot {verb} resource' in answer.json()["message"]


def test_whoever_is_impersonated_is_taken_whole(http: Any) -> None:
    headers = {
        "Impersonate-User": "alice",
        "Impersonate-Group": "dev",
        "Impersonate-Uid": "12",
        "Impersonate-Extra-Scopes": "a",
    }
    place = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    info = http("POST", place, {}, headers=headers).json()["status"]["userInfo"]
    assert info == {
        "username": "alice",
        "uid": "12",
        "groups": ["dev", "system:authenticated"],
        "extra": {"scopes": ["a"]},
    }
    refused = http("GET", "/api", headers={"Impersonate-Group": "dev"})
    assert refused.status_code == 500
    assert "without impersonating a user" in refused.json()["message"]


def test_a_namespace_is_read_by_a_role_in_it(http: Any, bound: Any) -> None:
    as_viewer = {"Impersonate-User": ACCOUNT}
    path = "/api/v1/namespaces/default"
    assert http("GET", path, headers=as_viewer).json()["message"] == (
        f'namespaces "default" is forbidden: User "{ACCOUNT}" cannot get resource "namespaces" in '
        'API group "" in the namespace "default"'
    )
    bound("view")
    assert http("GET", path, headers=as_viewer).status_code == 200
    for other in ("/api/v1/namespaces/kube-system", "/api/v1/namespaces"):
        assert http("GET", other, headers=as_viewer).status_code == 403


@pytest.fixture
def by_name(http: Any, bound: Any) -> Iterator[Any]:
    """Requests of a ServiceAccount that may do everything with one ConfigMap, by its name."""
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}
    role = {"metadata": {"name": "mine"}, "rules": [rule | {"resourceNames": ["mine"]}]}
    assert http("POST", f"{NAMESPACED}/roles", role).status_code == 201
    bound("mine", "Role")
    for name in ("mine", "other"):
        http("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": name}})

    def call(method: str, path: str, body: Any = None) -> Any:
        place = f"/api/v1/namespaces/default/configmaps{path}"
        return http(method, place, body, headers={"Impersonate-User": ACCOUNT})

    yield call
    http("DELETE", f"{NAMESPACED}/roles/mine")
    for name in ("mine", "other"):
        http("DELETE", f"/api/v1/namespaces/default/configmaps/{name}")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/mine", 200),
        ("DELETE", "/mine", 200),
        ("GET", "/other", 403),
        ("DELETE", "/other", 403),
        ("GET", "", 403),
        ("DELETE", "", 403),
        ("GET", "?fieldSelector=metadata.name%3Dmine", 200),
        ("GET", "?fieldSelector=metadata.name%3D%3Dmine,metadata.namespace%3Ddefault", 200),
        ("GET", "?fieldSelector=metadata.name%3Dother", 403),
        ("GET", "?fieldSelector=metadata.name!%3Dmine", 403),
        ("GET", "?fieldSelector=metadata.namespace%3Dmine", 403),
        ("DELETE", "?fieldSelector=metadata.name%3Dmine", 403),
    ],
)
def test_a_rule_for_names_gives_those_alone(
    by_name: Any, method: str, path: str, code: int
) -> None:
    assert by_name(method, path).status_code == code


def test_what_has_no_name_yet_is_not_made_by_a_rule_for_names(by_name: Any) -> None:
    answer = by_name("POST", "", {"metadata": {"generateName": "mine"}})
    assert answer.status_code == 403


def test_a_rule_for_no_names_is_for_all(http: Any, bound: Any) -> None:
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": []}
    http("POST", f"{NAMESPACED}/roles", {"metadata": {"name": "any"}, "rules": [rule]})
    bound("any", "Role")
    assert review(http, ACCOUNT, verb="get", resource="configmaps", name="other")["allowed"]
    http("DELETE", f"{NAMESPACED}/roles/any")


GRANTS = {
    "pods": {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
    "scales": {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["get"]},
    "logs": {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    "all of apps": {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["get"]},
    "all groups": {"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]},
}


@pytest.mark.parametrize(
    ("grant", "asked", "allowed"),
    [
        ("pods", "pods", True),
        ("pods", "pods/log", False),
        ("pods", "secrets", False),
        ("pods", "pods.apps", False),
        ("logs", "pods/log", True),
        ("logs", "pods", False),
        ("logs", "pods/exec", False),
        ("scales", "deployments/scale.apps", True),
        ("scales", "deployments/status.apps", False),
        ("scales", "deployments.apps", False),
        ("scales", "deployments/scale", False),
        ("all of apps", "deployments/status.apps", True),
        ("all of apps", "pods", False),
        ("all groups", "pods.apps", True),
        ("all groups", "secrets", False),
    ],
)
def test_a_rule_gives_its_resources_and_no_others(
    http: Any, bound: Any, grant: str, asked: str, allowed: bool
) -> None:
    role = {"metadata": {"name": "some"}, "rules": [GRANTS[grant]]}
    assert http("POST", f"{NAMESPACED}/roles", role).status_code == 201
    bound("some", "Role")
    path, _, group = asked.partition(".")
    resource, _, subresource = path.partition("/")
    wanted = {"group": group, "resource": resource, "subresource": subresource}
    found = review(http, ACCOUNT, verb="get", **wanted)
    other = review(http, ACCOUNT, verb="list", **wanted)
    elsewhere = review(http, ACCOUNT, verb="get", namespace="kube-system", **wanted)
    http("DELETE", f"{NAMESPACED}/roles/some")
    assert (found["allowed"], other["allowed"], elsewhere["allowed"]) == (allowed, False, False)


@pytest.mark.parametrize(
    ("subject", "users"),
    [
        ({"kind": "User", "name": "alice"}, {"alice"}),
        ({"kind": "Group", "name": "dev"}, {"bob"}),
        ({"kind": "Group", "name": "alice"}, set()),
        ({"kind": "ServiceAccount", "name": "viewer"}, {ACCOUNT}),
        ({"kind": "ServiceAccount", "name": "viewer", "namespace": "default"}, {ACCOUNT}),
        ({"kind": "ServiceAccount", "name": "viewer", "namespace": "prod"}, {PROD}),
        (None, set()),
    ],
)
def test_a_binding_is_for_its_subjects(http: Any, subject: Any, users: set[str]) -> None:
    """`bob` is of the group `dev`."""
    whole = binding("some", "view") | {"subjects": [subject] if subject else None}
    assert http("POST", f"{NAMESPACED}/rolebindings", whole).status_code == 201
    groups = {"bob": ["dev"]}
    allowed = set()
    for user in ("alice", "bob", "dev", ACCOUNT, PROD):
        attributes = {"verb": "get", "resource": "pods", "namespace": "default"}
        spec = {"user": user, "groups": groups.get(user, []), "resourceAttributes": attributes}
        if http("POST", REVIEWS, {"spec": spec}).json()["status"]["allowed"]:
            allowed.add(user)
    http("DELETE", f"{NAMESPACED}/rolebindings/some")
    assert allowed == users


def test_the_reason_names_the_binding_the_role_and_the_subject(http: Any) -> None:
    body = binding("clusterwide", "view")
    assert http("POST", f"{RBAC}/clusterrolebindings", body).status_code == 201
    status = review(http, ACCOUNT, verb="get", resource="pods", namespace="prod")
    http("DELETE", f"{RBAC}/clusterrolebindings/clusterwide")
    assert status["reason"] == (
        'RBAC: allowed by ClusterRoleBinding "clusterwide" of ClusterRole "view" to ServiceAccount '
        '"viewer/default"'
    )


def test_all_roles_that_are_not_there_are_named(http: Any, bound: Any) -> None:
    bound("gone", "Role")
    bound("lost")
    assert review(http, ACCOUNT, verb="get", resource="pods")["reason"] == (
        'RBAC: [role.rbac.authorization.k8s.io "gone" not found, '
        'clusterrole.rbac.authorization.k8s.io "lost" not found]'
    )


def test_the_rules_of_a_user_are_listed(http: Any, bound: Any) -> None:
    bound("gone", "Role")
    rule = {"apiGroups": [""], "resources": ["widgets"], "verbs": ["get"]}
    http("POST", f"{NAMESPACED}/roles", {"metadata": {"name": "some"}, "rules": [rule]})
    bound("some", "Role")
    place = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    as_account = {"Impersonate-User": ACCOUNT}
    for namespace, listed in (("default", True), ("kube-system", False)):
        body = {"spec": {"namespace": namespace}}
        status = http("POST", place, body, headers=as_account).json()["status"]
        assert (rule in status["resourceRules"]) is listed
    http("DELETE", f"{NAMESPACED}/roles/some")


@pytest.mark.parametrize(
    ("urls", "path", "allowed"),
    [
        (["/healthz"], "/healthz", True),
        (["/healthz"], "/healthz/etcd", False),
        (["/healthz/*"], "/healthz/etcd", True),
        (["/healthz/*"], "/metrics", False),
        (["*"], "/metrics", True),
        ([], "/metrics", False),
    ],
)
def test_a_rule_for_paths(http: Any, urls: list[str], path: str, allowed: bool) -> None:
    rules = [{"nonResourceURLs": urls, "verbs": ["get"]}] if urls else []
    role = {"metadata": {"name": "paths"}, "rules": rules}
    assert http("POST", f"{RBAC}/clusterroles", role).status_code == 201
    http("POST", f"{RBAC}/clusterrolebindings", binding("paths", "paths"))
    found = []
    for verb in ("get", "post"):
        asked = {"path": path, "verb": verb}
        spec = {"user": "system:serviceaccount:default:viewer", "nonResourceAttributes": asked}
        found.append(http("POST", REVIEWS, {"spec": spec}).json()["status"]["allowed"])
    http("DELETE", f"{RBAC}/clusterroles/paths")
    http("DELETE", f"{RBAC}/clusterrolebindings/paths")
    assert found == [allowed, False]


@pytest.mark.parametrize(
    ("path", "message", "details"),
    [
        ("/metrics", 'forbidden: User "eve" cannot get path "/metrics"', {}),
        (
            "/apis/apps/v1/namespaces/default/deployments/a/scale",
            'deployments.apps "a" is forbidden: User "eve" cannot get resource "deployments/scale" '
            'in API group "apps" in the namespace "default"',
            {"name": "a", "group": "apps", "kind": "deployments"},
        ),
        (
            "/api/v1/nodes",
            'nodes is forbidden: User "eve" cannot list resource "nodes" in API group "" at the '
            "cluster scope",
            {"kind": "nodes"},
        ),
    ],
)
def test_a_refusal_says_who_may_not_do_what_where(
    http: Any, path: str, message: str, details: dict[str, str]
) -> None:
    answer = http("GET", path, headers={"Impersonate-User": "eve"})
    said = answer.json()
    assert (said["code"], said["reason"], said["message"]) == (403, "Forbidden", message)
    assert said["details"] == details
