"""What the API server says to a change of ours: it tries it, and stores nothing.

Validation and admission answer as they would. Source: Kubernetes API, `dryRun=All`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import send_kubernetes
from irsa_helpers.doctor.evidence.target import KINDS

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

API_OF = {kind.name: f"{kind.api}/namespaces/{{}}/{kind.plural}" for kind in KINDS} | {
    "configmap": "api/v1/namespaces/{}/configmaps",
    "secret": "api/v1/namespaces/{}/secrets",
}
CLUSTER_WIDE = {
    "namespace": "api/v1/namespaces",
    "mutatingwebhookconfiguration": (
        "apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    ),
}
TYPES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
OPTIONS = {"-n", "-p", "-c", "--type"}
RESTARTED = "kubectl.kubernetes.io/restartedAt"


@dataclass(frozen=True)
class Patch:
    """A change of one object: its path, the patch, and its kind as in TYPES."""

    path: str
    body: Any
    kind: str = "strategic"


@dataclass(frozen=True)
class Words:
    """The parts of a `kubectl` command of ours."""

    plain: list[str]
    options: dict[str, str]

    @property
    def path(self) -> str:
        """The path of the object that is named first, as `KIND NAME` or `KIND/NAME`."""
        kind, slash, name = self.plain[0].partition("/")
        name = name if slash else self.plain[1]
        if kind in CLUSTER_WIDE:
            return f"/{CLUSTER_WIDE[kind]}/{name}"
        return f"/{API_OF[kind].format(self.options['-n'])}/{name}"

    @property
    def kind(self) -> str:
        """The kind of that object."""
        return self.plain[0].partition("/")[0]

    @property
    def changes(self) -> list[str]:
        """What stands behind the object's name."""
        return self.plain[1:] if "/" in self.plain[0] else self.plain[2:]


def refusal(world: World, line: str) -> str:
    """What the API server says against a command of a fix; empty for all that it would take."""
    patch = patch_of(line)
    if patch is None:
        return ""
    status, text = send_kubernetes(
        world,
        "PATCH",
        patch.path,
        patch.body,
        content_type=TYPES[patch.kind],
        dryRun="All",
        fieldManager="irsa-lab",
    )
    if status == 403:
        return "not tried: you may not make this change"
    return f"the API server would refuse it: {_message(text)}" if status >= 400 else ""


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]


def patch_of(line: str) -> Patch | None:
    """The change that a command of a fix makes to one object; None for every other line."""
    program, *words = shlex.split(line) if line.startswith("kubectl ") else [""]
    if program != "kubectl":
        return None
    for verb, make in VERBS.items():
        if words[: len(verb)] == list(verb):
            return make(_parsed(words[len(verb) :]))
    return None


def _parsed(words: list[str]) -> Words:
    plain: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word in OPTIONS:
            options[word] = next(rest)
        elif not word.startswith("--"):
            plain.append(word)
    return Words(plain, options)


def _patched(words: Words) -> Patch:
    return Patch(
        words.path, json.loads(words.options["-p"]), words.options.get("--type", "strategic")
    )


def _members(member: str) -> Callable[[Words], Patch]:
    """`kubectl annotate` and `kubectl label`."""

    def changed(words: Words) -> Patch:
        return Patch(words.path, {"metadata": {member: _values(words.changes)}}, "merge")

    return changed


def _values(changes: list[str]) -> dict[str, str | None]:
    """`NAME=VALUE` sets, `NAME-` takes away."""
    values: dict[str, str | None] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        values[name if equals else name.removesuffix("-")] = value if equals else None
    return values


def _set_env(words: Words) -> Patch:
    variables = [
        {"name": name, "$patch": "delete"} if value is None else {"name": name, "value": value}
        for name, value in _values(words.changes).items()
    ]
    container = {"name": words.options["-c"], "env": variables}
    return _of_template(words, {"spec": {"containers": [container]}})


def _set_account(words: Words) -> Patch:
    [account] = words.changes
    return _of_template(words, {"spec": {"serviceAccountName": account}})


def _restart(words: Words) -> Patch:
    """The annotation that `kubectl rollout restart` writes; its time does not matter here."""
    return _of_template(words, {"metadata": {"annotations": {RESTARTED: "2026-01-01T00:00:00Z"}}})


def _of_template(words: Words, members: dict[str, Any]) -> Patch:
    spec: dict[str, Any] = {"template": members}
    if words.kind == "cronjob":
        spec = {"jobTemplate": {"spec": spec}}
    return Patch(words.path, {"spec": spec})


VERBS: dict[tuple[str, ...], Callable[[Words], Patch]] = {
    ("patch",): _patched,
    ("annotate",): _members("annotations"),
    ("label",): _members("labels"),
    ("set", "env"): _set_env,
    ("set", "serviceaccount"): _set_account,
    ("rollout", "restart"): _restart,
}
