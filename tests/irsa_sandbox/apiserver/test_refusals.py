"""Requests that make no sense, answered in the API server's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.irsa_sandbox.apiserver.refused_requests import CORE, DEPLOYMENTS, MAPS, TABLE


@pytest.fixture(scope="module", autouse=True)
def _objects(http: Any) -> None:
    """What the requests are about."""
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "a"}})
    http("POST", MAPS, {"metadata": {"name": "m"}, "data": {"a": "b"}})
    containers = [{"name": "c", "image": "busybox"}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    http("POST", DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": spec})


@pytest.mark.parametrize(
    ("method", "path", "kind", "body", "code", "message"),
    TABLE,
    ids=[f"{r[0]} {r[1][-30:]} {r[3][:20]}" for r in TABLE],
)
def test_a_refusal_is_a_status_with_the_real_words(
    http: Any, method: str, path: str, kind: str, body: str, code: int, message: str
) -> None:
    headers = {"Content-Type": kind or "application/json"} if body else {}
    answer = http(method, path, body or None, headers=headers)
    assert answer.status_code == code
    status = answer.json()
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", code)
    assert status["message"].startswith(message)


def test_what_is_not_refused_is_warned_of(http: Any) -> None:
    body = '{"metadata":{"name":"w","name":"x"},"y":1}'
    kind = {"Content-Type": "application/json"}
    answer = http("POST", f"{MAPS}?dryRun=All", body, headers=kind)
    assert answer.headers.get_list("warning") == [
        '299 - "duplicate field \\"metadata.name\\""',
        '299 - "unknown field \\"y\\""',
    ]
    silent = http("POST", f"{MAPS}?dryRun=All&fieldValidation=Ignore", body, headers=kind)
    assert "warning" not in silent.headers
    assert "y" not in silent.json()


def test_selectors_select(http: Any) -> None:
    for name, labels in (("s1", {"n": "1"}), ("s2", {"n": "20", "x": ""}), ("s3", {})):
        http("POST", MAPS, {"metadata": {"name": name, "labels": labels | {"s": "y"}}})
    for selector, names in (
        ("s,n", "s1 s2"),
        ("s,!n", "s3"),
        ("s,n>5", "s2"),
        ("s,n<5", "s1"),
        ("s,n in (1,2)", "s1"),
        ("s,n notin (1)", "s2 s3"),
        ("s,x=", "s2"),
        ("s,n!=1", "s2 s3"),
    ):
        found = http("GET", f"{MAPS}?labelSelector={selector}").json()["items"]
        assert [each["metadata"]["name"] for each in found] == names.split(), selector


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("/healthz", 200, "ok"),
        ("/livez/etcd", 200, "ok"),
        (
            "/readyz?verbose",
            200,
            "[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]shutdown ok\nreadyz",
        ),
        ("/livez?verbose&exclude=etcd", 200, "[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\nlivez"),
        ("/healthz/nosuch", 404, "404 page not found\n"),
        ("/metrics", 200, "# HELP apiserver_storage_objects"),
        ("/version", 200, '{\n  "major": "1",\n'),
        ("/", 200, '{\n  "paths": [\n'),
        ("/apis/apps", 200, '{"kind":"APIGroup","apiVersion":"v1","name":"apps",'),
        ("/apis/nosuch/v1/widgets", 404, "404 page not found\n"),
        ("/openapi/v3/apis/nosuch/v1", 404, "404 page not found\n"),
        (f"{MAPS}/m?pretty=true", 200, '{\n  "kind": "ConfigMap",\n'),
        (f"{MAPS}/m", 200, '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m","names'),
    ],
)
def test_a_path_answers_in_its_own_form(http: Any, path: str, code: int, text: str) -> None:
    answer = http("GET", path)
    assert answer.status_code == code
    assert answer.text.startswith(text)


def test_people_are_shown_indented_json_and_yaml_where_they_ask(http: Any) -> None:
    curl = http("GET", f"{MAPS}/m", headers={"User-Agent": "curl/8"})
    assert curl.text.startswith('{\n  "kind"')
    as_yaml = http("GET", f"{MAPS}/m", headers={"Accept": "application/yaml"})
    assert as_yaml.text.startswith("apiVersion: v1\ndata:\n  a: b\n")
    old = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    assert http("GET", "/openapi/v2", headers={"Accept": old}).content.startswith(b"\n\x032.0")


def test_why_no_port_is_forwarded_is_said(http: Any) -> None:
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "default"}})
    spec = {"containers": [{"name": "c", "image": "busybox"}]}
    http("POST", f"{CORE}/pods", {"metadata": {"name": "p"}, "spec": spec})
    answer = http("POST", f"{CORE}/pods/p/portforward")
    assert (answer.status_code, answer.json()["reason"]) == (405, "MethodNotAllowed")
    assert "listens on this machine" in answer.json()["message"]
