"""What a body may be: nothing in it stops the server, and what is stored can be read."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
YAML = {"Content-Type": "application/yaml"}


def config_map(name: str, text: str) -> str:
    return f'{{"metadata":{{"name":"{name}"}},"data":{{"k":{text}}}}}'


def test_half_a_surrogate_pair_is_read_as_go_reads_it(http: Any) -> None:
    answer = http("POST", MAPS, config_map("half", '"a\\ud800b"'))
    assert (answer.status_code, answer.json()["data"]["k"]) == (201, "a\ufffdb")
    assert http("GET", MAPS).status_code == 200
    assert http("POST", MAPS, config_map("pair", '"\\ud83d\\ude00"')).json()["data"]["k"] == "😀"


def test_half_a_pair_is_mended_in_names_of_members_and_in_yaml(http: Any) -> None:
    annotated = '{"metadata":{"name":"n","annotations":{"a":"\\udfff"}},"data":{"\\ud800":"v"}}'
    assert http("POST", MAPS, annotated).status_code == 422
    text = 'metadata: {name: y}\ndata: {k: "\\ud800"}\n'
    answer = http("POST", MAPS, text, headers=YAML)
    assert answer.status_code in {201, 400}
    assert http("GET", MAPS).status_code == 200


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 5000])
def test_what_json_has_no_number_for_is_refused(http: Any, number: str) -> None:
    assert http("POST", MAPS, config_map("n", number)).status_code == 400


@pytest.mark.parametrize("deep", ["[" * 500 + "]" * 500, '{"a":' * 500 + "1" + "}" * 500])
def test_what_is_nested_without_end_is_refused(http: Any, deep: str) -> None:
    answer = http("POST", MAPS, config_map("deep", deep))
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")


def test_sixty_thousand_members_are_looked_at_once(http: Any) -> None:
    members = ",".join(f'"k{i}":"v"' for i in range(60_000))
    stranger = {"Impersonate-User": "nobody"}
    body = '{"metadata":{"name":"many"},"data":{' + members + "}}"
    assert http("POST", MAPS, body, headers=stranger).status_code == 403
    assert http("POST", MAPS, body).status_code == 201
    http("DELETE", f"{MAPS}/many")


def test_a_small_body_that_unpacks_to_a_large_one_is_refused(http: Any) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(b" " * 30_000_000).decode("latin-1")

    async def send() -> Any:
        import httpx

        transport = httpx.ASGITransport(app=http.server.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://sandbox") as client:
            sent = headers | {"Authorization": "Bearer admin"}
            return await client.post(MAPS, content=packed.encode("latin-1"), headers=sent)

    answer = http.runner.run(send())
    assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")


def test_aliases_of_yaml_do_not_grow_without_end(http: Any) -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [" + ",".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 9)]
    text = "metadata: {name: bomb}\n" + "\n".join(lines) + "\n"
    answer = http("POST", MAPS, text, headers=YAML)
    assert answer.status_code == 400
    assert "document contains excessive aliasing" in answer.json()["message"]


def test_an_alias_of_itself_is_refused(http: Any) -> None:
    answer = http("POST", MAPS, "metadata: &m {name: me, self: *m}\n", headers=YAML)
    assert answer.status_code == 400


def test_warnings_end_where_the_real_servers_do(http: Any) -> None:
    members = ",".join(['"unknown":1'] + [f'"u{i}":1' for i in range(20_000)])
    body = '{"metadata":{"name":"warned"},' + members + "}"
    warnings = http("POST", MAPS, body).headers.get_list("warning")
    assert 4_000 < sum(map(len, warnings)) < 20_000
    assert json.dumps(warnings).count("unknown field") == len(warnings)
    http("DELETE", f"{MAPS}/warned")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("YWJj\nZGVm\n", "YWJjZGVm"),
        ("YWJj\r\nZGU=\r\n", "YWJjZGU="),
        ("Y\nQ=\n=\n", "YQ=="),
        ("\n", ""),
        ("YR==", "YQ=="),
    ],
)
def test_line_breaks_in_base64_say_nothing(http: Any, sent: str, kept: str) -> None:
    place = "/api/v1/namespaces/default/secrets"
    body = {"metadata": {"name": "broken-lines"}, "data": {"k": sent}}
    for method, path in (("POST", place), ("PUT", f"{place}/broken-lines")):
        answer = http(method, path, body)
        assert (answer.status_code, answer.json()["data"]["k"]) in {(201, kept), (200, kept)}
    patch = {"Content-Type": "application/merge-patch+json"}
    patched = http("PATCH", f"{place}/broken-lines", {"data": {"k": sent}}, headers=patch)
    assert patched.json()["data"]["k"] == kept
    http("DELETE", f"{place}/broken-lines")
    maps = {"metadata": {"name": "broken-lines"}, "binaryData": {"k": sent}}
    assert http("POST", MAPS, maps).json()["binaryData"]["k"] == kept
    http("DELETE", f"{MAPS}/broken-lines")


@pytest.mark.parametrize(
    ("sent", "byte"),
    [("YW\nJ", 1), ("YQ=\n", 4), ("YQ=a", 2), ("YQ==\na", 5), ("=", 0), ("Y=", 1), ("YWJj é", 4)],
)
def test_what_is_no_base64_is_named_as_go_names_it(http: Any, sent: str, byte: int) -> None:
    body = {"metadata": {"name": "no-base64"}, "data": {"k": sent}}
    answer = http("POST", "/api/v1/namespaces/default/secrets", body)
    assert answer.status_code == 400
    assert answer.json()["message"].endswith(f"illegal base64 data at input byte {byte}")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("configmaps/x", {"preconditions": " "}, "preconditions"),
        ("configmaps/x", {"gracePeriodSeconds": "1"}, "gracePeriodSeconds"),
        ("pods/x/eviction", {"metadata": []}, "metadata"),
        ("pods/x/binding", {"target": "node"}, "target"),
        ("serviceaccounts/x/token", {"spec": {"audiences": "a"}}, "spec.audiences"),
    ],
)
def test_what_is_never_stored_is_checked_by_its_schema_too(
    http: Any, path: str, body: Any, field: str
) -> None:
    kind, _, subresource = path.partition("/x")
    if subresource:
        made: dict[str, Any] = {"metadata": {"name": "x"}}
        if kind == "pods":
            http(
                "POST",
                "/api/v1/namespaces/default/serviceaccounts",
                {"metadata": {"name": "default"}},
            )
            made["spec"] = {"containers": [{"name": "c", "image": "i"}]}
        http("POST", f"/api/v1/namespaces/default/{kind}", made)
    method = "POST" if subresource else "DELETE"
    answer = http(method, f"/api/v1/namespaces/default/{path}", body)
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.parametrize("spec", [" ", [], {"token": 1}, {"audiences": "a"}])
def test_a_review_is_checked_by_its_schema(http: Any, spec: Any) -> None:
    answer = http("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": spec})
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize("text", ["9" * 5_000, "9" * 20, "18446744073709551616"])
def test_a_revision_without_end_is_out_of_range(http: Any, text: str) -> None:
    for query in (f"resourceVersion={text}", f"watch=1&timeoutSeconds=1&resourceVersion={text}"):
        answer = http("GET", f"{MAPS}?{query}")
        assert answer.json()["message"].endswith("value out of range")
