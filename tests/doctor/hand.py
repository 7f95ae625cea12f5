"""A hand that types a fix: what its commands do, done to a world of plain data.

The real `kubectl` and `aws` type the same fixes in `test_doctor.py`.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from tests.doctor.plain_world import Document, PlainWorld

KINDS = {
    "deployment": "Deployment",
    "serviceaccount": "ServiceAccount",
    "configmap": "ConfigMap",
    "secret": "Secret",
    "namespace": "Namespace",
    "mutatingwebhookconfiguration": "MutatingWebhookConfiguration",
}
CLUSTER_WIDE = {"Namespace", "MutatingWebhookConfiguration"}


def type_in(world: PlainWorld, text: str) -> int:
    """Do what each command of a fix says; how many there were. Comments are left alone."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for program, *rest in map(shlex.split, lines):
        {"kubectl": _kubectl, "aws": _aws}[program](world, rest)
    return len(lines)


def _aws(world: PlainWorld, words: list[str]) -> None:
    service, operation, *rest = words
    service = service.replace("s3api", "s3")
    options = {
        name.removeprefix("--").replace("-", ""): value
        for name, value in zip(rest[::2], rest[1::2], strict=True)
    }
    getattr(world.aws(service), operation.replace("-", "_"))(**options)


def _kubectl(world: PlainWorld, words: list[str]) -> None:
    verb, rest = words[0], words[1:]
    if verb == "set":
        verb, rest = f"set {words[1]}", words[2:]
    elif verb == "rollout":
        rest = words[2:]
    options, plain = _parsed(rest)
    VERBS[verb](world, plain, options)


def _parsed(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options with a value, and the words besides."""
    options, plain, at = {}, [], 0
    while at < len(words):
        if words[at] in {"-n", "-p", "-c", "--type"}:
            options[words[at]] = words[at + 1]
            at += 2
            continue
        if words[at] != "--overwrite":
            plain.append(words[at])
        at += 1
    return options, plain


def _object(world: PlainWorld, plain: list[str]) -> tuple[Document, list[str]]:
    kind, slash, name = plain[0].partition("/")
    rest = plain[1:]
    if not slash:
        name, *rest = rest
    place = "" if KINDS[kind] in CLUSTER_WIDE else "shop"
    return world.get(KINDS[kind], name, place), rest


def _annotate(world: PlainWorld, plain: list[str], _: dict[str, str]) -> None:
    found, changes = _object(world, plain)
    _apply(found["metadata"].setdefault("annotations", {}), changes)


def _label(world: PlainWorld, plain: list[str], _: dict[str, str]) -> None:
    found, changes = _object(world, plain)
    _apply(found["metadata"].setdefault("labels", {}), changes)


def _apply(members: dict[str, str], changes: list[str]) -> None:
    for change in changes:
        if change.endswith("-") and "=" not in change:
            members.pop(change[:-1], None)
        else:
            key, _, value = change.partition("=")
            members[key] = value


def _patch(world: PlainWorld, plain: list[str], options: dict[str, str]) -> None:
    import jsonpatch

    found, _ = _object(world, plain)
    patch = json.loads(options["-p"])
    if options.get("--type") == "json":
        changed = jsonpatch.apply_patch(found, patch)
        found.clear()
        found.update(changed)
    else:
        _merge(found, patch)
    if isinstance(patch, dict) and "template" in patch.get("spec", {}):
        world.roll(found["metadata"]["name"])


def _merge(found: Document, patch: Document) -> None:
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            _merge(found.setdefault(key, {}), value)
        else:
            found[key] = value


def _set_env(world: PlainWorld, plain: list[str], options: dict[str, str]) -> None:
    found, changes = _object(world, plain)
    spec = found["spec"]["template"]["spec"]
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        if container["name"] != options["-c"]:
            continue
        own: list[dict[str, Any]] = container.setdefault("env", [])
        for change in changes:
            name, equals, value = change.partition("=")
            name = name if equals else name.removesuffix("-")
            own[:] = [each for each in own if each["name"] != name]
            if equals:
                own.append({"name": name, "value": value})
    world.roll(found["metadata"]["name"])


def _set_account(world: PlainWorld, plain: list[str], _: dict[str, str]) -> None:
    found, [account] = _object(world, plain)
    found["spec"]["template"]["spec"]["serviceAccountName"] = account
    world.roll(found["metadata"]["name"])


def _restart(world: PlainWorld, plain: list[str], _: dict[str, str]) -> None:
    world.roll(plain[1])


def _look(_world: PlainWorld, _plain: list[str], _options: dict[str, str]) -> None:
    """`kubectl get` and `kubectl describe` change nothing."""


VERBS = {
    "annotate": _annotate,
    "label": _label,
    "patch": _patch,
    "set env": _set_env,
    "set serviceaccount": _set_account,
    "rollout": _restart,
    "get": _look,
    "describe": _look,
}
