"""Calls to the API server: every verb, kind, subresource, form of body and query."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from benchmarks.fuzzing.bases import NAME, NAMESPACE, STORED, bases
from benchmarks.fuzzing.calls import Call
from benchmarks.fuzzing.mutations import (
    ODD_TEXTS,
    gzipped,
    json_bytes,
    mutated,
    texts,
    values,
    yaml_bytes,
)
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.kinds import KINDS
from irsa_sandbox.apiserver.published.discovery import REVIEWS

LONGEST_URL = 60_000
PATCHES = ("json-patch+json", "merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml")
PROTOBUF = "application/vnd.kubernetes.protobuf"
ACCEPTED = (
    *("application/json", "application/yaml", PROTOBUF, "*/*", "", "text/html", ";;;", "a/b;q=x"),
    "application/json;as=Table;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/yaml;q=0.9",
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
)
SUBRESOURCES = (
    *("status", "scale", "token", "log", "binding", "eviction", "finalize", "exec", "attach"),
    *("portforward", "ephemeralcontainers", "proxy", "nope", "%00"),
)
# Kinds from which controllers make Pods: nothing of a fuzz run is to be started on the machine.
RUNNING = {"deployments", "replicasets", "daemonsets", "statefulsets", "jobs", "cronjobs"}
PLACES = (
    *("/", "/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/healthz"),
    *("/readyz", "/livez/ping", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"),
    *("/openid/v1/jwks", "/.well-known/openid-configuration", "/logs", "/debug", "//", "/api/v2/x"),
    *("/api/v1/namespaces/a/b/c/d/e/f", "/apis/%2f/v1/x", "/api/v1/watch/pods", "/%ff", "/api/%00"),
)
SELECTORS = (
    *(
        "a=b",
        "a in (b,c)",
        "a notin (b)",
        "!a",
        "a",
        "a!=b,c",
        "a>1",
        "a<x",
        "a in (",
        "in in (in)",
    ),
    *(
        ",".join(f"k{i}=v" for i in range(3_000)),
        "a in (" + ",".join(["x"] * 8_000) + ")",
        "=",
        "((",
    ),
    *(
        "metadata.name=a",
        "metadata.namespace!=x",
        "status.phase=Running",
        "spec.nodeName=\\,",
        "a=\\",
    ),
    *("involvedObject.uid=", "metadata.name==a,metadata.name==b", "!" * 3_000, "a" * 20_000),
)
NUMBERS = (
    "0",
    "1",
    "-1",
    "²",
    "١",
    "1_0",
    "1e3",
    "9" * 30,
    "9" * 5_000,
    "",
    "x",
    " 1",
    "2147483648",
)
QUERY = {
    "labelSelector": st.sampled_from(SELECTORS) | texts,
    "fieldSelector": st.sampled_from(SELECTORS) | texts,
    "limit": st.sampled_from(NUMBERS),
    "continue": st.sampled_from(
        (
            "e30=",
            "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0=",
            "bnVsbA==",
            "W10=",
            "MQ==",
            "=",
            "é",
            "eyJydiI6Ing ifQ",
            "A" * 10_000,
        )
    )
    | texts,
    "resourceVersion": st.sampled_from(NUMBERS),
    "resourceVersionMatch": st.sampled_from(("Exact", "NotOlderThan", "x")),
    "timeoutSeconds": st.sampled_from(NUMBERS),
    "watch": st.sampled_from(("1", "true", "0", "x", "")),
    "allowWatchBookmarks": st.sampled_from(("true", "x")),
    "sendInitialEvents": st.sampled_from(("true", "x")),
    "dryRun": st.sampled_from(("All", "x")),
    "fieldManager": st.just("me") | texts,
    "fieldValidation": st.sampled_from(("Strict", "Warn", "Ignore", "x")),
    "force": st.sampled_from(("true", "x")),
    "pretty": st.sampled_from(("true", "x")),
    "gracePeriodSeconds": st.sampled_from(NUMBERS),
    "propagationPolicy": st.sampled_from(("Orphan", "Foreground", "x")),
    "orphanDependents": st.sampled_from(("true", "x")),
    "container": texts,
    "command": texts,
    "tailLines": st.sampled_from(NUMBERS),
    "sinceTime": texts,
    "includeObject": st.sampled_from(("None", "Object", "x")),
}
CEL = (
    *("object.metadata.name == 'x'", "true", "1/0 == 0", "object.x.y.z", "'a'.matches('(a+)+$')"),
    *("[1,2,3].all(x, [1,2,3].all(y, [1,2,3].all(z, x*y*z > 0)))", "'a' * 9", "\"\\ud800\" == ''"),
    *(
        "object.data.all(k, k.matches('^(([a-z])+.)+[A-Z]([a-z])+$'))",
        "9223372036854775807 + 1 > 0",
    ),
    *(
        "(" * 300 + "true" + ")" * 300,
        "!" * 500 + "true",
        "size(string(request)) > 0",
        "1" + "+1" * 999,
    ),
    *(
        "request.userInfo.groups.exists(g, g == 'a')",
        "authorizer.path('/x').check('get').allowed()",
    ),
    "[" + ",".join(["1"] * 500) + "].all(a, [" + ",".join(["1"] * 500) + "].all(b, a == b))",
    "[[[[[[1,2,3].map(a,[a,a])]]]]].map(b,[b,b,b]).map(c,[c,c,c]).map(d,[d,d,d]) == []",
    "'" + "a" * 40 + "!'.matches('^(a|aa)+$')",
)


@st.composite
def _query(draw: st.DrawFn, always: dict[str, str]) -> str:
    names = draw(st.lists(st.sampled_from(sorted(QUERY)), max_size=3, unique=True))
    given = {name: draw(QUERY[name]) for name in names} | always
    text = urlencode(given, errors="replace")
    return f"?{text}" if text and len(text) < LONGEST_URL else ""


def _path(resource: Resource, namespace: str, name: str, subresource: str) -> str:
    parts = ["apis", resource.group] if resource.group else ["api"]
    parts.append(resource.version)
    parts += ["namespaces", namespace] if namespace else []
    parts += [each for each in (resource.plural, name, subresource) if each]
    return "/" + "/".join(parts)


def _segment(text: str) -> str:
    return quote(text[:300], safe="", errors="replace")


@st.composite
def _headers(draw: st.DrawFn) -> dict[str, str]:
    headers = {"Accept": draw(st.sampled_from(ACCEPTED))}
    if draw(st.integers(0, 19)) == 0:
        name = draw(
            st.sampled_from(("Impersonate-User", "Impersonate-Group", "Impersonate-Extra-%ff%00"))
        )
        headers[name] = draw(st.sampled_from(("a", "system:serviceaccount:a:b", "", ":", "é")))
    return headers


@st.composite
def bodies(draw: st.DrawFn, value: Any, kind: str) -> tuple[bytes, dict[str, str]]:
    """A body in some form, and the headers that say which."""
    form = draw(st.sampled_from(("json",) * 6 + ("yaml", "cbor", "protobuf", "gzip", "text")))
    raw = draw(json_bytes(value))
    headers = {"Content-Type": "application/json"}
    if form == "yaml":
        raw, headers["Content-Type"] = (
            draw(st.just(yaml_bytes(value)) | st.just(raw)),
            "application/yaml",
        )
    elif form == "protobuf":
        raw, headers["Content-Type"] = draw(_protobuf(kind)), PROTOBUF
    elif form == "gzip":
        raw, headers["Content-Encoding"] = draw(st.just(gzipped(raw)) | st.just(raw)), "gzip"
    elif form in {"cbor", "text"}:
        headers["Content-Type"] = draw(
            st.sampled_from(("application/cbor", "text/plain", "", "/;="))
        )
    return raw, headers


@st.composite
def _protobuf(draw: st.DrawFn, kind: str) -> bytes:
    """runtime.Unknown around a message that is mostly noise."""
    noise = draw(st.binary(max_size=40) | st.just(b"\x0a\x7f" * 50) | st.just(b"\xff" * 30))
    named = b"\x0a\x02v1\x12" + bytes([len(kind) % 128]) + kind.encode()
    inner = b"\x0a" + bytes([len(named) % 128]) + named + b"\x12" + bytes([len(noise)]) + noise
    return draw(st.just(b"k8s\x00" + inner) | st.just(b"k8s\x00" + noise) | st.just(noise))


@st.composite
def _written(draw: st.DrawFn) -> tuple[Call, ...]:
    """Write an object, in one way or another."""
    resource = draw(st.sampled_from(STORED))
    body = draw(mutated(draw(st.sampled_from(bases(resource)))))
    _stay_unscheduled(resource, body)
    always = {"dryRun": "All"} if resource.plural in RUNNING else {}
    namespace = NAMESPACE if resource.namespaced else ""
    headers = draw(_headers())
    method = draw(st.sampled_from(("POST", "POST", "PUT", "PATCH")))
    name = (
        "" if method == "POST" else draw(st.just(NAME) | st.sampled_from(ODD_TEXTS).map(_segment))
    )
    part = draw(st.sampled_from(("", "", "status", "scale", "token", "eviction", "finalize")))
    if method == "POST" and part:
        name = NAME
    raw, typed = draw(bodies(body, resource.kind))
    if method == "PATCH":
        form = draw(st.sampled_from(PATCHES))
        typed["Content-Type"] = f"application/{form}"
        always |= {"fieldManager": "me"} if "apply" in form else {}
        if form == "json-patch+json":
            raw = draw(json_bytes(draw(_json_patch())))
    path = _path(resource, namespace, name, part if name else "") + draw(_query(always))
    return (_first(resource, namespace), Call("kubernetes", method, path, headers | typed, raw))


def _first(resource: Resource, namespace: str) -> Call:
    """The valid object, so that there is something to change."""
    base = bases(resource)[0]
    dry = "?dryRun=All" if resource.plural in RUNNING else ""
    body = json.dumps(base).encode()
    path = _path(resource, namespace, "", "") + dry
    return Call("kubernetes", "POST", path, {"Content-Type": "application/json"}, body)


def _stay_unscheduled(resource: Resource, body: Any) -> None:
    if resource.plural == "pods" and isinstance(body, dict) and isinstance(body.get("spec"), dict):
        body["spec"]["schedulerName"] = "nobody"
        body["spec"].pop("nodeName", None)


@st.composite
def _json_patch(draw: st.DrawFn) -> list[Any]:
    paths = (
        "",
        "/",
        "/metadata/labels/a",
        "/data/-",
        "/metadata/finalizers/-",
        "/spec/containers/0",
        "/spec/containers/99999999999",
        "/spec/containers/²",
        "/a~2b",
        "a",
        "/metadata/name",
    )
    operation = st.fixed_dictionaries(
        {
            "op": st.sampled_from(("add", "remove", "replace", "move", "copy", "test", "x")),
            "path": st.sampled_from(paths),
        },
        optional={"from": st.sampled_from(paths), "value": values},
    )
    patch: list[Any] = draw(st.lists(operation | values, max_size=4))
    return patch * draw(st.sampled_from((1, 1, 2_000)))


@st.composite
def _read(draw: st.DrawFn) -> tuple[Call, ...]:
    resource = draw(st.sampled_from(KINDS))
    namespace = (
        draw(st.sampled_from(("", NAMESPACE, "kube-system", "nope", "%00"))) * resource.namespaced
    )
    name = draw(st.sampled_from(("", "", NAME)) | st.sampled_from(ODD_TEXTS).map(_segment))
    part = draw(st.sampled_from(("", "", *SUBRESOURCES))) if name else ""
    path = _path(resource, namespace, name, part) + draw(_query({}))
    method = draw(st.sampled_from(("GET", "GET", "GET", "HEAD", "OPTIONS", "BREW")))
    return (Call("kubernetes", method, path, draw(_headers()), endless=True),)


@st.composite
def _removed(draw: st.DrawFn) -> tuple[Call, ...]:
    resource = draw(st.sampled_from([each for each in STORED if each.namespaced]))
    name = draw(st.sampled_from(("", NAME)))
    options = draw(
        mutated(
            {
                "kind": "DeleteOptions",
                "apiVersion": "v1",
                "gracePeriodSeconds": 1,
                "propagationPolicy": "Background",
                "preconditions": {"uid": "u"},
            }
        )
    )
    raw, typed = draw(bodies(options, "DeleteOptions"))
    path = _path(resource, NAMESPACE, name, "") + draw(_query({}))
    call = Call("kubernetes", "DELETE", path, draw(_headers()) | typed, raw)
    return (_first(resource, NAMESPACE), call)


@st.composite
def _reviewed(draw: st.DrawFn) -> tuple[Call, ...]:
    group, version, plural, kind, namespaced = draw(st.sampled_from(REVIEWS))
    spec = {
        "token": "a.b.c",
        "audiences": ["a"],
        "user": "u",
        "groups": ["g"],
        "namespace": "n",
        "extra": {"a": ["b"]},
        "nonResourceAttributes": {"path": "/x", "verb": "get"},
        "resourceAttributes": {
            "verb": "get",
            "resource": "pods",
            "namespace": NAMESPACE,
            "labelSelector": {"requirements": [{"key": "a"}]},
        },
    }
    if draw(st.booleans()):
        del spec["nonResourceAttributes"]
    body = draw(mutated({"apiVersion": f"{group}/{version}", "kind": kind, "spec": spec}))
    raw, typed = draw(bodies(body, kind))
    place = f"namespaces/{NAMESPACE}/" if namespaced else ""
    path = f"/apis/{group}/{version}/{place}{plural}" + draw(_query({}))
    return (Call("kubernetes", "POST", path, draw(_headers()) | typed, raw),)


@st.composite
def _elsewhere(draw: st.DrawFn) -> tuple[Call, ...]:
    path = draw(st.sampled_from(PLACES) | texts.map(lambda text: "/" + _segment(text)))
    method = draw(st.sampled_from(("GET", "POST", "HEAD")))
    who = draw(st.sampled_from(("admin", "nobody", "odd")))
    headers = draw(_headers())
    return (Call("kubernetes", method, path + draw(_query({})), headers, who=who, endless=True),)


@st.composite
def _conditions(draw: st.DrawFn) -> tuple[Call, ...]:
    """A webhook whose matchConditions are asked about an object."""
    resource = next(each for each in STORED if each.kind == "ValidatingWebhookConfiguration")
    body = json.loads(json.dumps(bases(resource)[0]))
    body["webhooks"][0]["matchConditions"][0]["expression"] = draw(st.sampled_from(CEL) | texts)
    del body["webhooks"][0]["namespaceSelector"]
    typed = {"Content-Type": "application/json"}
    data = {"k": "a" * 40 + "!", **{f"k{i}": "v" for i in range(draw(st.sampled_from((0, 500))))}}
    asked = {"metadata": {"name": NAME}, "data": data}
    maps = f"/api/v1/namespaces/{NAMESPACE}/configmaps?dryRun=All"
    return (
        Call("kubernetes", "POST", _path(resource, "", "", ""), typed, json.dumps(body).encode()),
        Call("kubernetes", "POST", maps, typed, json.dumps(asked).encode()),
    )


calls = st.one_of(
    _written(),
    _written(),
    _written(),
    _read(),
    _read(),
    _removed(),
    _reviewed(),
    _elsewhere(),
    _conditions(),
)
