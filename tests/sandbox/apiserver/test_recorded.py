"""A session of requests answered as a real API server (v1.36.2) answered it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

RECORDED = Path(__file__).parents[1] / "data" / "rest.json"
CALLS: list[dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))
CONTROLLERS = "the work of a controller, tested with the controllers"
# What a real server says that this one does not, and why.
DIFFERENT = {
    "create sa garbage": "a JSON parser of another language words its error in its own way",
    "pod update immutable": "the real message ends in a diff of Go's structs",
    "pod log pending": "recorded without a kubelet: its node does not exist",
    "pod exec get plain": "recorded without a kubelet: its node has no address",
    "node create": "a bare Node is no use here: the kubelet brings its status along",
    "configmap": CONTROLLERS,
    "deploy after": CONTROLLERS,
    "scale get": CONTROLLERS,
    "rs": CONTROLLERS,
    "events": CONTROLLERS,
}
VOLATILE = {
    *("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "continue"),
    *("expirationTimestamp", "token", "lastTransitionTime"),
}
# The recorded server belonged to a distribution that adds a certificate of its own to each Pod.
VENDOR = "openshift-service-ca.crt"


@pytest.fixture(scope="module")
def answers(http: Any) -> dict[str, httpx.Response]:
    """Every request of the recording, sent in order."""
    found: dict[str, httpx.Response] = {}
    for call in CALLS:
        headers = {"Content-Type": call["req_ct"]} if call.get("req_ct") else {}
        body, token = call["req"], "admin"
        if call["label"] == "token pod bound":
            uid = found["pod create2"].json()["metadata"]["uid"]
            body["spec"]["boundObjectRef"]["uid"] = uid
        if call["label"] in {"sa-token used", "ssar sa", "ssr sa"}:
            token = found["token default"].json()["status"]["token"]
        if call["label"] == "bad-token used":
            token = "wrong"
        if call["label"] == "tokenreview":
            body["spec"]["token"] = found["token default"].json()["status"]["token"]
        if call["label"] == "list":
            # One is a controller's work, the rest was done between the recorded requests.
            place = "/api/v1/namespaces/rec/serviceaccounts"
            agent = {"User-Agent": "kube-controller-manager/v1"}
            http("POST", place, {"metadata": {"name": "default"}}, headers=agent)
            http("POST", place, {"metadata": {"name": "uf3"}})
            bare = '{"apiVersion": "v1", "kind": "ServiceAccount"}'
            kind = {"Content-Type": "application/apply-patch+yaml"}
            http("PATCH", f"{place}/ssa?fieldManager=you", bare, headers=kind)
        found[call["label"]] = http(
            call["method"], call["path"], body, token=token, headers=headers
        )
    return found


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["label"])
def test_the_answer_is_the_recorded_one(
    call: dict[str, Any], answers: dict[str, httpx.Response]
) -> None:
    if call["label"] in DIFFERENT:
        pytest.skip(DIFFERENT[call["label"]])
    answer = answers[call["label"]]
    assert answer.status_code == call["status"]
    assert answer.headers.get("warning") == call["warning"]
    if isinstance(call["body"], str):
        assert answer.text == call["body"]
    else:
        assert settled(answer.json()) == settled(call["body"])


def settled(value: Any, name: str = "") -> Any:
    """A body with what differs from run to run made equal."""
    if isinstance(value, dict):
        # Objects that are answered and not stored tell no managers here, and have no uid.
        passing = value.get("kind", "").endswith(("Review", "TokenRequest"))
        if passing:
            value = value | {"metadata": {}}
        return {k: settled(v, k) for k, v in sorted(value.items()) if v is not None}
    if isinstance(value, list):
        return [settled(each, name) for each in value if VENDOR not in json.dumps(each)[:70]]
    if name in VOLATILE:
        return name.upper()
    if not isinstance(value, str):
        return value
    text = re.sub(r"JTI=.*", "JTI=UID", value)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "UID", text)
    return re.sub(r"\b(kube-api-access|gen)-\w{5}\b", r"\1-XXXXX", text)
