"""Every kind of write passes admission: what webhooks are told, and what they can do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.irsa_sandbox.apiserver.hooks import HookServer, hook_server

CORE = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
HOOKS = "/apis/admissionregistration.k8s.io/v1"
MAPS, PODS, DEPLOYMENTS = f"{CORE}/configmaps", f"{CORE}/pods", f"{APPS}/deployments"
MERGE = {"content-type": "application/merge-patch+json"}
APPLY = {"content-type": "application/apply-patch+yaml"}
CONTAINER = {"name": "c", "image": "busybox"}
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}}
DEPLOYMENT = {
    "metadata": {"name": "d"},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE},
}


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookServer]:
    with hook_server(tmp_path_factory.mktemp("tls")) as made:
        yield made


@pytest.fixture
def register(http: Any, hooks: HookServer) -> Iterator[Any]:
    """Registers a webhook for a resource and operations; it is gone after the test."""
    made: list[str] = []

    def run(
        path: str, resource: str, *operations: str, kind: str = "Validating", **more: Any
    ) -> None:
        rule = {
            "operations": list(operations) or ["*"],
            "apiGroups": ["*"],
            "apiVersions": ["*"],
            "resources": [resource],
        }
        name = f"{path.strip('/')}-{len(made)}"
        body = {"metadata": {"name": name}, "webhooks": [hooks.webhook(path, rule, **more)]}
        place = f"{HOOKS}/{kind.lower()}webhookconfigurations"
        answer = http("POST", place, body)
        assert answer.status_code == 201, answer.text
        made.append(f"{place}/{name}")
        hooks.asked.clear()

    http("POST", MAPS, {"metadata": {"name": "m"}, "data": {"a": "1"}})
    yield run
    for each in made:
        assert http("DELETE", each).status_code == 200
    http("DELETE", MAPS)


def last(hooks: HookServer) -> dict[str, Any]:
    """The last request that a webhook was asked about."""
    request: dict[str, Any] = hooks.asked[-1][1]["request"]
    return request


@pytest.mark.parametrize(
    ("method", "query", "body", "headers", "options"),
    [
        ("PUT", "", {"metadata": {"name": "m"}, "data": {"a": "2"}}, {}, {}),
        ("PATCH", "?fieldManager=me", {"data": {"a": "2"}}, MERGE, {"fieldManager": "me"}),
        (
            "PATCH",
            "?fieldValidation=Strict&fieldManager=me",
            [{"op": "replace", "path": "/data/a", "value": "2"}],
            {"content-type": "application/json-patch+json"},
            {"fieldManager": "me", "fieldValidation": "Strict"},
        ),
        (
            "PATCH",
            "?fieldManager=me&force=true",
            {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "2"}},
            APPLY,
            {"fieldManager": "me"},
        ),
    ],
)
def test_an_update_is_shown_with_what_it_changes(
    http: Any,
    hooks: HookServer,
    register: Any,
    method: str,
    query: str,
    body: Any,
    headers: dict[str, str],
    options: dict[str, Any],
) -> None:
    register("/allow", "configmaps", "UPDATE")
    answer = http(method, f"{MAPS}/m{query}", body, headers=headers)
    assert answer.status_code == 200, answer.text
    asked = last(hooks)
    assert (asked["operation"], asked["name"], asked["namespace"]) == ("UPDATE", "m", "default")
    assert (asked["oldObject"]["data"], asked["object"]["data"]) == ({"a": "1"}, {"a": "2"})
    assert asked["object"]["metadata"]["uid"] == asked["oldObject"]["metadata"]["uid"]
    assert asked["userInfo"]["username"] == "kubernetes-admin"
    assert (
        asked["requestKind"] == asked["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    )
    head = {"kind": "UpdateOptions", "apiVersion": "meta.k8s.io/v1"}
    assert (asked["options"], asked["dryRun"]) == (head | options, False)


def test_a_deletion_is_shown_with_what_goes(http: Any, hooks: HookServer, register: Any) -> None:
    register("/allow", "configmaps", "DELETE")
    options = {"propagationPolicy": "Background", "dryRun": ["All"]}
    assert http("DELETE", f"{MAPS}/m", {"apiVersion": "v1", **options}).status_code == 200
    asked = last(hooks)
    assert (asked["object"], asked["oldObject"]["data"], asked["name"]) == (None, {"a": "1"}, "m")
    head = {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"}
    assert asked["options"] == head | options
    http("POST", MAPS, {"metadata": {"name": "n"}})
    hooks.asked.clear()
    assert http("DELETE", MAPS).status_code == 200
    requests = [review["request"] for _, review in hooks.asked]
    assert [each["oldObject"]["metadata"]["name"] for each in requests] == ["m", "n"]
    assert not any("name" in each for each in requests), "one of a collection is not named"


def test_a_refused_deletion_leaves_the_object(http: Any, register: Any) -> None:
    register("/forbid", "configmaps", "DELETE")
    for path in (f"{MAPS}/m", MAPS):
        answer = http("DELETE", path)
        text = 'admission webhook "forbid.example.com" denied the request: no'
        assert (answer.status_code, answer.json()["message"]) == (403, text)
    assert http("GET", f"{MAPS}/m").status_code == 200


def test_what_has_no_object_cannot_be_changed(http: Any, register: Any) -> None:
    register("/a", "configmaps", "DELETE", kind="Mutating")
    answer = http("DELETE", f"{MAPS}/m")
    assert answer.status_code == 500
    assert "attempted to modify the object, which is not supported" in answer.json()["message"]


def test_a_change_of_a_webhook_is_written_and_then_validated(
    http: Any, hooks: HookServer, register: Any
) -> None:
    register("/a", "configmaps", "UPDATE", kind="Mutating")
    register("/allow", "configmaps", "UPDATE")
    answer = http("PATCH", f"{MAPS}/m", {"metadata": {"labels": {"x": "y"}}}, headers=MERGE)
    assert answer.json()["metadata"]["annotations"] == {"seen": "a"}
    assert last(hooks)["object"]["metadata"]["annotations"] == {"seen": "a"}
    assert http("GET", f"{MAPS}/m").json()["metadata"]["annotations"] == {"seen": "a"}


def test_a_generated_name_is_shown_to_those_that_validate(
    http: Any, hooks: HookServer, register: Any
) -> None:
    register("/a", "configmaps", "CREATE", kind="Mutating")
    register("/allow", "configmaps", "CREATE")
    made = http("POST", MAPS, {"metadata": {"generateName": "g-"}}).json()
    before, after = (review["request"] for _, review in hooks.asked)
    assert "name" not in before
    assert "name" not in before["object"]["metadata"]
    assert after["name"] == after["object"]["metadata"]["name"] == made["metadata"]["name"]
    assert made["metadata"]["annotations"] == {"seen": "a"}


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("deployments", ["", ""]),
        ("deployments/scale", ["scale", "scale"]),
        ("deployments/status", ["status"]),
        ("deployments/*", ["", "", "scale", "scale", "status"]),
        ("*/*", ["", "", "scale", "scale", "status"]),
        ("*/scale", ["scale", "scale"]),
        ("*", ["", ""]),
    ],
)
def test_a_rule_names_the_parts_of_objects_too(
    http: Any, hooks: HookServer, register: Any, pattern: str, asked: list[str]
) -> None:
    register("/allow", pattern, "UPDATE", "CREATE")
    path = f"{DEPLOYMENTS}/d"
    http("POST", DEPLOYMENTS, DEPLOYMENT)
    http("PATCH", path, {"metadata": {"labels": {"x": "y"}}}, headers=MERGE)
    scale = http("GET", f"{path}/scale").json()
    http("PUT", f"{path}/scale", scale | {"spec": {"replicas": 3}})
    http("PATCH", f"{path}/scale", {"spec": {"replicas": 4}}, headers=MERGE)
    http("PATCH", f"{path}/status", {"status": {"replicas": 4}}, headers=MERGE)
    found = [review["request"] for _, review in hooks.asked]
    assert [each.get("subResource", "") for each in found] == asked
    scales = [each for each in found if each.get("subResource") == "scale"]
    assert [each["kind"]["kind"] for each in scales] == ["Scale"] * len(scales)
    assert [each["object"]["spec"] for each in scales] == [{"replicas": n} for n in (3, 4)][
        : len(scales)
    ]
    assert http("GET", path).json()["spec"]["replicas"] == 4
    http("DELETE", path)


def test_a_webhook_can_change_a_scale(http: Any, register: Any) -> None:
    http("POST", DEPLOYMENTS, DEPLOYMENT)
    register("/double", "deployments/scale", kind="Mutating")
    patch = {"spec": {"replicas": 7}}
    assert http("PATCH", f"{DEPLOYMENTS}/d/scale", patch, headers=MERGE).json()["spec"] == {
        "replicas": 2
    }
    http("DELETE", f"{DEPLOYMENTS}/d")


def test_a_session_and_a_token_are_asked_about(http: Any, hooks: HookServer, register: Any) -> None:
    register("/forbid", "pods/exec", "CONNECT")
    register("/forbid", "serviceaccounts/token", "CREATE")
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "sa"}})
    query = "command=sh&command=-c&container=c&stdin=true&tty=false"
    answer = http("POST", f"{PODS}/p/exec?{query}")
    assert 'admission webhook "forbid.example.com" denied' in answer.json()["message"]
    asked = last(hooks)
    assert (asked["operation"], asked["subResource"], asked["options"]) == ("CONNECT", "exec", None)
    assert asked["object"] == {
        "kind": "PodExecOptions",
        "apiVersion": "v1",
        "stdin": True,
        "container": "c",
        "command": ["sh", "-c"],
    }
    answer = http("POST", f"{CORE}/serviceaccounts/sa/token", {"spec": {}})
    assert (answer.status_code, last(hooks)["kind"]["kind"]) == (403, "TokenRequest")
    http("DELETE", f"{CORE}/serviceaccounts/sa")


def test_warnings_reach_the_client_with_a_refusal_too(http: Any, register: Any) -> None:
    register("/warn", "configmaps", "CREATE", "UPDATE")
    answer = http("PATCH", f"{MAPS}/m", {"data": {"b": "1"}}, headers=MERGE)
    warnings = ['299 - "an \\"old\\" one"', '299 - "another"']
    assert answer.headers.get_list("warning") == warnings
    register("/warn-deny", "configmaps", "DELETE")
    answer = http("DELETE", f"{MAPS}/m")
    assert (answer.status_code, answer.headers["warning"]) == (403, '299 - "look"')


def test_a_dry_run_is_told_and_stops_at_side_effects(
    http: Any, hooks: HookServer, register: Any
) -> None:
    register("/allow", "configmaps")
    path = f"{MAPS}/m?dryRun=All"
    assert http("PATCH", path, {"data": {"a": "2"}}, headers=MERGE).status_code == 200
    assert (last(hooks)["dryRun"], last(hooks)["options"]["dryRun"]) == (True, ["All"])
    assert http("GET", f"{MAPS}/m").json()["data"] == {"a": "1"}


def test_nobody_is_asked_about_what_registers_webhooks(
    http: Any, hooks: HookServer, register: Any
) -> None:
    register("/deny", "*/*")
    path = f"{HOOKS}/validatingwebhookconfigurations/deny-0"
    assert (
        http("PATCH", path, {"metadata": {"labels": {"a": "b"}}}, headers=MERGE).status_code == 200
    )
    assert hooks.asked == []


@pytest.mark.parametrize(
    ("method", "labels", "wanted"),
    [("PATCH", {"team": "a"}, True), ("PATCH", {"team": "b"}, False), ("DELETE", {}, False)],
)
def test_a_namespace_is_chosen_by_the_labels_that_it_is_to_have(
    http: Any, hooks: HookServer, register: Any, method: str, labels: dict[str, str], wanted: bool
) -> None:
    http("POST", "/api/v1/namespaces", {"metadata": {"name": "team"}})
    selector = {"matchLabels": {"team": "a"}}
    register("/allow", "namespaces", "UPDATE", "DELETE", namespaceSelector=selector)
    body = {"metadata": {"labels": labels}} if labels else None
    http(method, "/api/v1/namespaces/team?dryRun=All", body, headers=MERGE if body else {})
    assert [each[1]["request"]["namespace"] for each in hooks.asked] == ["team"] * wanted


def test_an_object_is_chosen_by_its_labels_before_or_after(
    http: Any, hooks: HookServer, register: Any
) -> None:
    http("PATCH", f"{MAPS}/m", {"metadata": {"labels": {"guard": "yes"}}}, headers=MERGE)
    register("/allow", "configmaps", objectSelector={"matchLabels": {"guard": "yes"}})
    http("PATCH", f"{MAPS}/m", {"metadata": {"labels": {"guard": None}}}, headers=MERGE)
    http("PATCH", f"{MAPS}/m", {"data": {"b": "1"}}, headers=MERGE)
    assert len(hooks.asked) == 1


@pytest.mark.parametrize("path", ["/no-object", "/wrong-type"])
def test_an_object_that_a_webhook_broke_is_not_written(http: Any, register: Any, path: str) -> None:
    register(path, "configmaps", kind="Mutating")
    answer = http("PATCH", f"{MAPS}/m", {"data": {"a": "2"}}, headers=MERGE)
    assert (answer.status_code, answer.json()["reason"]) == (500, "InternalError")


def test_a_change_that_comes_in_between_is_kept(
    http: Any, hooks: HookServer, register: Any
) -> None:
    register("/allow", "configmaps", "UPDATE")

    def interrupt() -> None:
        other = http.send("PATCH", f"{MAPS}/m", {"data": {"b": "1"}}, headers=MERGE)
        asyncio.run_coroutine_threadsafe(other, http.runner.get_loop()).result()

    hooks.interrupt = interrupt
    answer = http("PATCH", f"{MAPS}/m", {"data": {"a": "2"}}, headers=MERGE)
    assert answer.json()["data"] == {"a": "2", "b": "1"}
    assert len(hooks.asked) == 3, "the outer one, the inner one, the outer one again"


def test_of_many_changes_at_once_none_is_lost(http: Any, register: Any) -> None:
    register("/allow", "configmaps", "UPDATE")

    async def all_at_once() -> list[int]:
        changes = ({"data": {f"k{number}": "1"}} for number in range(4))
        sent = (http.send("PATCH", f"{MAPS}/m", each, headers=MERGE) for each in changes)
        return [answer.status_code for answer in await asyncio.gather(*sent)]

    assert http.runner.run(all_at_once()) == [200] * 4
    assert len(http("GET", f"{MAPS}/m").json()["data"]) == 5


def test_an_eviction_is_asked_about_as_one(http: Any, hooks: HookServer, register: Any) -> None:
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "default"}})
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [CONTAINER]}}
    assert http("POST", PODS, pod).status_code == 201
    register("/allow", "*/*", "CREATE", "DELETE")
    eviction = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}}
    path = f"{PODS}/p/eviction"
    other = http("POST", path, eviction | {"metadata": {"name": "q"}})
    assert other.json()["message"] == "name in URL does not match name in Eviction object"
    for options, left in (({"deleteOptions": {"dryRun": ["All"]}}, 200), ({}, 404)):
        answer = http("POST", path, eviction | options)
        assert (answer.status_code, answer.json()["status"]) == (201, "Success")
        assert http("GET", f"{PODS}/p").status_code == left
    asked = [review["request"] for _, review in hooks.asked]
    assert [(each["operation"], each["kind"]["kind"]) for each in asked] == [
        ("CREATE", "Eviction")
    ] * 2
    assert http("POST", path, eviction).status_code == 404


def test_a_configuration_gets_the_defaults_of_its_kind(http: Any) -> None:
    service = {"namespace": "default", "name": "hook"}
    webhook = {
        "name": "x.example.com",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": service},
    }
    for kind, own in (("mutating", {"reinvocationPolicy": "Never"}), ("validating", {})):
        path = f"{HOOKS}/{kind}webhookconfigurations?dryRun=All"
        made = http("POST", path, {"metadata": {"name": "x"}, "webhooks": [webhook]}).json()
        assert made["webhooks"][0] == webhook | own | {
            "clientConfig": {"service": service | {"port": 443}},
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
            "timeoutSeconds": 10,
        }
