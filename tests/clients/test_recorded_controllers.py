"""What controllers make of a Deployment whose Pod finds no node, as a real cluster had it."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from irsa_helpers.worlds import environment
from tests.irsa_sandbox.apiserver.recording import CALLS, settled

RECORDED = {call["label"]: call for call in CALLS}
NODES = "/api/v1/nodes"
MERGE = {"Content-Type": "application/merge-patch+json"}
# The kinds of Events that the recorded cluster, without a scheduler, had of these objects.
REASONS = {"SuccessfulCreate", "ScalingReplicaSet"}


@pytest.fixture
def api(sandbox: dict[str, Any]) -> Iterator[httpx.Client]:
    """Requests of the sandbox's administrator."""
    path = environment.process_environment(sandbox)["KUBECONFIG"]
    with open(path, encoding="utf-8") as stream:
        kubeconfig = yaml.safe_load(stream)
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    headers = {"Authorization": f"Bearer {user['token']}", "User-Agent": "python-requests/2"}
    ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
    trust = ssl.create_default_context(cadata=ca)
    with httpx.Client(
        base_url=cluster["server"], verify=trust, headers=headers, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def cordoned(api: httpx.Client) -> Iterator[None]:
    """No node takes Pods."""
    [node] = api.get(NODES).json()["items"]
    path = f"{NODES}/{node['metadata']['name']}"
    api.patch(path, headers=MERGE, json={"spec": {"unschedulable": True}})
    yield
    api.patch(path, headers=MERGE, json={"spec": {"unschedulable": None}})


@pytest.fixture
def deployment(api: httpx.Client, cordoned: None) -> Iterator[None]:
    """The recorded Deployment, as far as it comes."""
    assert api.post("/api/v1/namespaces", json={"metadata": {"name": "rec"}}).status_code == 201
    made = RECORDED["deploy create"]
    assert api.post(made["path"], json=made["req"]).status_code == 201
    query = "?watch=1&timeoutSeconds=10&fieldSelector=metadata.name=d"
    with api.stream("GET", f"{made['path']}{query}", timeout=15) as changes:
        for line in changes.iter_lines():
            status = json.loads(line)["object"].get("status") or {}
            if status.get("unavailableReplicas") == 1 and status.get("updatedReplicas") == 1:
                break
    yield
    api.delete("/api/v1/namespaces/rec")


def _owner(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["manager"], entry["operation"], entry.get("subresource", "")


def comparable(body: dict[str, Any]) -> Any:
    """An answer with what differs from cluster to cluster made equal."""
    if body["kind"] == "EventList":
        body["items"] = [
            {name: each[name] for name in ("message", "reason", "source", "type", "count")}
            for each in body["items"]
            if each["reason"] in REASONS and each["involvedObject"]["name"].startswith("d")
        ]
        body["items"].sort(key=lambda each: each["message"])
    if body["kind"] == "ConfigMap":
        body["data"] = dict.fromkeys(body["data"], "PEM")
    # Entries stand by their time: within one second by name, which the clock decides.
    for each in (body, *body.get("items", ())):
        each.get("metadata", {}).get("managedFields", []).sort(key=_owner)
    text = json.dumps(settled(body))
    text = re.sub(r"\bd-[a-z0-9]{6,10}(-[a-z0-9]{5})?\b", "d-XXXXX", text)
    text = re.sub(r'"pod-template-hash": "\w+"', '"pod-template-hash": "HASH"', text)
    text = re.sub(r'(uid\\": *\\")[0-9a-f-]{36}', r"\1UID", text)
    text = re.sub(r'("lastUpdateTime": ")[^"]*', r"\1TIME", text)
    return json.loads(text)


@pytest.mark.usefixtures("deployment")
def test_controllers_leave_what_the_real_ones_leave(api: httpx.Client) -> None:
    for label in ("configmap", "deploy after", "scale get", "rs", "events"):
        call = RECORDED[label]
        answer = api.get(call["path"])
        assert answer.status_code == call["status"]
        assert comparable(answer.json()) == comparable(call["body"]), label
