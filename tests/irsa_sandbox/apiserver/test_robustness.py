"""Whatever a client sends, the API server answers with a Status of its own, not with a fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

CORE = "/api/v1/namespaces/default"
METADATA = {
    "name": "x",
    "labels": {"a": "b"},
    "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}],
}
CONTAINER = {
    "name": "c",
    "image": "i",
    "ports": [{"name": "http", "containerPort": 80, "hostPort": 80}],
    "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    "envFrom": [{"configMapRef": {"name": "c"}}],
    "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "100m"}},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    "livenessProbe": {"httpGet": {"port": 80}},
}
TOKEN = {"serviceAccountToken": {"audience": "a", "expirationSeconds": 3600, "path": "t"}}
SPEC = {
    "containers": [CONTAINER],
    "volumes": [{"name": "v", "projected": {"sources": [TOKEN]}}],
    "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute"}],
}
HOOK = {
    "name": "a.b.c",
    "clientConfig": {"url": "https://127.0.0.1:1/x"},
    "rules": [
        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["x"]}
    ],
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}
BODIES: dict[str, dict[str, Any]] = {
    f"{CORE}/pods": {"kind": "Pod", "spec": SPEC},
    "/apis/apps/v1/namespaces/default/deployments": {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": SPEC},
            "strategy": {"rollingUpdate": {"maxSurge": 1}},
        },
    },
    f"{CORE}/secrets": {"kind": "Secret", "data": {"a": "Yg=="}, "stringData": {"c": "d"}},
    f"{CORE}/services": {"kind": "Service", "spec": {"ports": [{"port": 80}], "selector": {}}},
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings": {
        "kind": "RoleBinding",
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "subjects": [{"kind": "ServiceAccount", "name": "u", "namespace": "d"}],
        "roleRef": {"kind": "Role", "name": "r"},
    },
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": {
        "kind": "MutatingWebhookConfiguration",
        "apiVersion": "admissionregistration.k8s.io/v1",
        "webhooks": [HOOK],
    },
}
VALUES = (None, "", [], {}, 0, -1, "x y", True, [None], {"a": None}, 1.5, 10**12)
PATCHES = (
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
TRIES = 40


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something could be put into a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from places(each, (*path, key))


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(body)
    inner: Any = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return whole


@pytest.mark.parametrize("place", BODIES, ids=lambda place: place.rpartition("/")[2])
def test_no_body_is_too_much(http: Any, place: str) -> None:
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "default"}})
    body = {"apiVersion": "v1", "metadata": METADATA} | BODIES[place]
    assert http("POST", place, body).status_code == 201
    chosen = random.Random(place)
    everywhere = list(places(body))
    for _ in range(TRIES):
        wrong = changed(body, chosen.choice(everywhere), chosen.choice(VALUES))
        kind = chosen.choice((*PATCHES, ""))
        method, path = ("PATCH", f"{place}/x?dryRun=All") if kind else ("POST", place)
        query = "&fieldManager=me" if "apply" in kind else ""
        headers = {"Content-Type": kind or "application/json"}
        answer = http(method, path + query, json.dumps(wrong), headers=headers)
        assert "Internal error" not in answer.text, (kind, wrong, answer.text)
