"""A session of requests answered as a real API server (v1.36.2) answered it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.irsa_sandbox.apiserver.recording import CALLS, settled

# What shows the work of controllers, and is compared where there are some.
OF_CONTROLLERS = {"configmap", "deploy after", "scale get", "rs", "events"}
OWN = [call for call in CALLS if call["label"] not in OF_CONTROLLERS]


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


@pytest.mark.parametrize("call", OWN, ids=lambda call: call["label"])
def test_the_answer_is_the_recorded_one(
    call: dict[str, Any], answers: dict[str, httpx.Response]
) -> None:
    answer = answers[call["label"]]
    assert answer.status_code == call["status"]
    assert answer.headers.get("warning") == call["warning"]
    if isinstance(call["body"], str):
        assert answer.text == call["body"]
    else:
        assert settled(answer.json()) == settled(call["body"])
