"""The world of a fuzz run: made before it, tidied after each example, read at the end."""

from __future__ import annotations

import json
from urllib.parse import quote

from benchmarks.fuzzing.bases import NAME, NAMESPACE, STORED
from benchmarks.fuzzing.calls import Call
from benchmarks.fuzzing.sandbox import JSON, Sandbox
from irsa_sandbox.apiserver.ground.resources import Resource

WEBHOOK = "pod-identity-webhook"
UNBOUND = {"metadata": {"finalizers": None}}


def place(resource: Resource, namespace: str = "") -> str:
    """The path of a collection."""
    group = f"/apis/{resource.group}" if resource.group else "/api"
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{group}/{resource.version}{within}/{resource.plural}"


def prepare(sandbox: Sandbox) -> None:
    """The namespace that is written into."""
    sandbox.asked("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})


def tidy(sandbox: Sandbox, calls: tuple[Call, ...]) -> None:
    """Delete what these calls made, as far as one deletion can; `sweep` has the rest."""
    touched = {call.path.partition("?")[0] for call in calls if call.method != "GET"}
    for resource in STORED:
        if resource.namespaced:
            whole = place(resource, NAMESPACE)
            if any(path.startswith(whole) for path in touched):
                sandbox.send(Call("kubernetes", "DELETE", whole))
        elif place(resource) in touched:
            path = place(resource)
            if "webhook" in resource.plural:
                path += f"?fieldSelector=metadata.name!={WEBHOOK}"
            else:
                path += f"/{NAME}"
            sandbox.send(Call("kubernetes", "DELETE", path))


def sweep(sandbox: Sandbox, kept: set[tuple[str, str, str]]) -> None:
    """Delete what is there beside `kept`, finalizers or not."""
    for key, path in names(sandbox).items():
        if key not in kept and (key[1] in {"", NAMESPACE}):
            for method, body in (("PATCH", UNBOUND), ("DELETE", {})):
                typed = {"Content-Type": "application/merge-patch+json"} if body else JSON
                sandbox.send(Call("kubernetes", method, path, typed, json.dumps(body).encode()))


def names(sandbox: Sandbox) -> dict[tuple[str, str, str], str]:
    """(plural, namespace, name) of every object -> its path."""
    found = {}
    for resource in STORED:
        for each in sandbox.asked("GET", place(resource))["items"]:
            metadata = each["metadata"]
            namespace = metadata.get("namespace", "")
            path = f"{place(resource, namespace)}/{quote(metadata['name'], safe='')}"
            found[resource.plural, namespace, metadata["name"]] = path
    return found
