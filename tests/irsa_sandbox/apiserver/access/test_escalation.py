"""Nobody reaches what they have no right to: every kind, every verb, every way to write."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.kinds import KINDS

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ADMIN = {"Impersonate-User": "system:serviceaccount:m2:admin"}
STRANGER = {"Impersonate-User": "system:serviceaccount:m2:stranger"}
MAKER = {"Impersonate-User": "maker"}
PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
WRITES = [("POST", "", None), ("PUT", "/x", None), ("DELETE", "/x", None), ("DELETE", "", None)]
WRITES += [("PATCH", "/x", kind) for kind in PATCHES]
READS = [("GET", "", None), ("GET", "/x", None)]
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
MAY_MAKE = {
    "apiGroups": ["rbac.authorization.k8s.io"],
    "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings"],
    "verbs": ["create", "update", "patch", "get"],
}
SELECTS_ALL = {"clusterRoleSelectors": [{"matchLabels": {"team": "x"}}]}


def path_of(resource: Resource, namespace: str = "") -> str:
    root = f"/apis/{resource.api_version}" if resource.group else "/api/v1"
    return f"{root}{f'/namespaces/{namespace}' if namespace else ''}/{resource.plural}"


def subject(name: str) -> dict[str, Any]:
    return {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name}


@pytest.fixture(scope="module", autouse=True)
def _rights(http: Any) -> None:
    """The namespace m2 with its admin, and a user who may make roles and has no others' rights."""
    account = {"kind": "ServiceAccount", "name": "admin", "namespace": "m2"}
    made = [
        ("/api/v1/namespaces", {"metadata": {"name": "m2"}}),
        (f"{RBAC}/namespaces/m2/roles", {"metadata": {"name": "all"}, "rules": [EVERYTHING]}),
        (
            f"{RBAC}/namespaces/m2/rolebindings",
            {
                "metadata": {"name": "all"},
                "roleRef": {"kind": "Role", "name": "all"},
                "subjects": [account],
            },
        ),
        (f"{RBAC}/clusterroles", {"metadata": {"name": "maker"}, "rules": [MAY_MAKE]}),
        (
            f"{RBAC}/clusterrolebindings",
            {
                "metadata": {"name": "maker"},
                "roleRef": {"kind": "ClusterRole", "name": "maker"},
                "subjects": [subject("maker")],
            },
        ),
    ]
    for path, body in made:
        assert http("POST", path, body).status_code == 201


def asked(http: Any, who: dict[str, str], method: str, path: str, kind: str | None) -> int:
    headers = who | ({"Content-Type": kind} if kind else {})
    body = None if method in {"GET", "DELETE"} else {"metadata": {"name": "x"}}
    code: int = http(method, path, body, headers=headers).status_code
    return code


@pytest.mark.parametrize("resource", KINDS, ids=lambda resource: resource.qualified)
def test_an_admin_of_a_namespace_and_a_stranger_gain_nothing_outside(
    http: Any, resource: Resource
) -> None:
    outside = path_of(resource, "kube-system" if resource.namespaced else "")
    for method, name, kind in (*WRITES, *READS):
        for who in (ADMIN, STRANGER):
            assert asked(http, who, method, outside + name, kind) == 403, (method, name, kind)
        if not resource.namespaced:
            inside = path_of(resource, "m2") + name
            for who in (ADMIN, STRANGER, {}):
                assert asked(http, who, method, inside, kind) == 404, (method, name, kind)


def test_a_binding_of_the_whole_cluster_cannot_be_made_by_way_of_a_namespace(http: Any) -> None:
    body = {
        "metadata": {"name": "mine"},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "admin", "namespace": "m2"}],
    }
    path = f"{RBAC}/namespaces/m2/clusterrolebindings"
    answer = http("POST", path, body, headers=ADMIN)
    assert (answer.status_code, answer.json()["reason"]) == (404, "NotFound")
    assert http("GET", f"{RBAC}/clusterrolebindings/mine").status_code == 404


def test_a_review_of_the_cluster_has_no_namespace(http: Any) -> None:
    path = "/apis/authorization.k8s.io/v1/namespaces/m2/subjectaccessreviews"
    assert http("POST", path, {"spec": {}}, headers=ADMIN).status_code == 404


def binding(role: str, kind: str = "ClusterRole") -> dict[str, Any]:
    return {
        "metadata": {"name": "early"},
        "roleRef": {"kind": kind, "name": role},
        "subjects": [subject("maker")],
    }


@pytest.mark.parametrize(
    ("path", "kind", "plural"),
    [
        (f"{RBAC}/clusterrolebindings", "ClusterRole", "clusterroles"),
        (f"{RBAC}/namespaces/m2/rolebindings", "ClusterRole", "clusterroles"),
        (f"{RBAC}/namespaces/m2/rolebindings", "Role", "roles"),
    ],
)
def test_nobody_binds_a_role_that_is_not_there_yet(
    http: Any, path: str, kind: str, plural: str
) -> None:
    body = binding("later", kind)
    for method, name, patch in (("POST", "", None), ("PATCH", "/early", PATCHES[3])):
        headers = MAKER | ({"Content-Type": patch} if patch else {})
        whole = {"apiVersion": "rbac.authorization.k8s.io/v1"} | body
        whole["kind"] = (
            "ClusterRoleBinding" if "cluster" in path.rpartition("/")[2] else "RoleBinding"
        )
        question = "?fieldManager=test" if patch else ""
        answer = http(method, path + name + question, whole, headers=headers)
        said = f'{plural}.rbac.authorization.k8s.io "later" not found'
        assert (answer.status_code, answer.json()["message"]) == (404, said)


def test_the_right_to_bind_takes_a_role_that_is_not_there(http: Any) -> None:
    path = f"{RBAC}/clusterrolebindings"
    assert http("POST", path, binding("later")).status_code == 201
    http("DELETE", f"{path}/early")


def test_an_aggregation_rule_wants_every_right(http: Any) -> None:
    path = f"{RBAC}/clusterroles"
    refused = (
        'clusterroles.rbac.authorization.k8s.io "gather" is forbidden: must have cluster-admin '
        "privileges to use the aggregationRule"
    )
    body = {"metadata": {"name": "gather"}, "aggregationRule": SELECTS_ALL, "rules": []}
    answer = http("POST", path, body, headers=MAKER)
    assert (answer.status_code, answer.json()["message"]) == (403, refused)

    assert http("POST", path, {"metadata": {"name": "gather"}, "rules": []}).status_code == 201
    whole = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"} | body
    patches: list[Any] = [
        [{"op": "add", "path": "/aggregationRule", "value": SELECTS_ALL}],
        {"aggregationRule": SELECTS_ALL},
        {"aggregationRule": SELECTS_ALL},
        whole,
    ]
    for kind, patch in zip(PATCHES, patches, strict=True):
        target = f"{path}/gather" + ("?fieldManager=t&force=true" if patch is whole else "")
        answer = http("PATCH", target, patch, headers=MAKER | {"Content-Type": kind})
        assert (answer.status_code, answer.json()["message"]) == (403, refused), kind
    assert http("PUT", f"{path}/gather", body, headers=MAKER).status_code == 403
    http("DELETE", f"{path}/gather")


def test_an_aggregation_rule_is_not_taken_away_by_anybody_either(http: Any) -> None:
    path = f"{RBAC}/clusterroles"
    body = {"metadata": {"name": "gather"}, "aggregationRule": SELECTS_ALL, "rules": []}
    assert http("POST", path, body).status_code == 201
    patch = {"aggregationRule": None}
    headers = MAKER | {"Content-Type": PATCHES[1]}
    assert http("PATCH", f"{path}/gather", patch, headers=headers).status_code == 403
    http("DELETE", f"{path}/gather")


def role(rules: list[Any] | None) -> dict[str, Any]:
    return {"metadata": {"name": "given"}, "rules": rules}


HELD = {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}


@pytest.fixture
def maker(http: Any) -> Any:
    """What comes of a ClusterRole that the maker creates; it holds what `HELD` says."""
    http("POST", f"{RBAC}/clusterroles", {"metadata": {"name": "held"}, "rules": [HELD]})
    reference = {"kind": "ClusterRole", "name": "held"}
    body = {"metadata": {"name": "held"}, "roleRef": reference, "subjects": [subject("maker")]}
    http("POST", f"{RBAC}/clusterrolebindings", body)
    yield lambda rules: http("POST", f"{RBAC}/clusterroles", role(rules), headers=MAKER)
    for path in ("clusterrolebindings/held", "clusterroles/held", "clusterroles/given"):
        http("DELETE", f"{RBAC}/{path}")


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        (None, ""),
        ([HELD], ""),
        ([HELD | {"resourceNames": ["a"]}], ""),
        ([HELD | {"verbs": ["get"]}, HELD | {"verbs": ["list"]}], ""),
        (
            [HELD | {"verbs": ["get", "delete", "patch"], "resources": ["pods"]}],
            '{APIGroups:[""], Resources:["pods"], Verbs:["delete", "patch"]}',
        ),
        (
            [HELD | {"apiGroups": ["apps"], "resources": ["pods"], "resourceNames": ["a"]}],
            '{APIGroups:["apps"], Resources:["pods"], ResourceNames:["a"], Verbs:["get", "list"]}',
        ),
        (
            [HELD | {"resources": ["pods/exec", "pods/log"], "verbs": ["get"]}],
            '{APIGroups:[""], Resources:["pods/exec"], Verbs:["get"]}',
        ),
        (
            [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}],
            '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
        ),
    ],
)
def test_only_what_is_held_is_given(maker: Any, rules: Any, missing: str) -> None:
    answer = maker(rules)
    assert answer.status_code == (403 if missing else 201)
    if missing:
        said = answer.json()
        assert said["message"] == (
            'clusterroles.rbac.authorization.k8s.io "given" is forbidden: user "maker" '
            '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not '
            f"currently held:\n{missing}"
        )
        assert said["details"]["name"] == "given"


def test_the_right_to_escalate_takes_any_rule(http: Any, maker: Any) -> None:
    more = MAY_MAKE | {"verbs": ["escalate"], "resources": ["clusterroles"]}
    assert maker([EVERYTHING]).status_code == 403
    http("PUT", f"{RBAC}/clusterroles/held", {"metadata": {"name": "held"}, "rules": [HELD, more]})
    assert maker([EVERYTHING]).status_code == 201


def test_a_role_without_rules_gives_nothing_so_anybody_binds_it(http: Any) -> None:
    place = f"{RBAC}/namespaces/m2"
    http("POST", f"{place}/roles", {"metadata": {"name": "empty"}, "rules": None})
    answer = http("POST", f"{place}/rolebindings", binding("empty", "Role"), headers=MAKER)
    http("DELETE", f"{place}/rolebindings/early")
    http("DELETE", f"{place}/roles/empty")
    assert answer.status_code == 201


def test_the_right_to_bind_is_for_the_roles_that_it_names(http: Any, maker: Any) -> None:
    rule = MAY_MAKE | {"verbs": ["bind"], "resourceNames": ["view"]}
    http("PUT", f"{RBAC}/clusterroles/held", {"metadata": {"name": "held"}, "rules": [rule]})
    place = f"{RBAC}/namespaces/m2/rolebindings"
    for name, code in (("edit", 403), ("view", 201)):
        assert http("POST", place, binding(name), headers=MAKER).status_code == code
    http("DELETE", f"{place}/early")


def test_all_paths_are_not_every_right(http: Any, maker: Any) -> None:
    paths = {"nonResourceURLs": ["*"], "verbs": ["*"]}
    http("PUT", f"{RBAC}/clusterroles/held", {"metadata": {"name": "held"}, "rules": [paths]})
    body = {"metadata": {"name": "given"}, "aggregationRule": SELECTS_ALL, "rules": []}
    assert http("POST", f"{RBAC}/clusterroles", body, headers=MAKER).status_code == 403
