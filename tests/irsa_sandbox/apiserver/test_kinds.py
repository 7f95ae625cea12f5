"""A kind's facts stand in its record; the engine asks the record, and names no kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox import apiserver
from irsa_sandbox.apiserver.kinds import BY_PATH, KINDS

HOME = Path(apiserver.__file__).parent
RECORDS = f"{apiserver.__name__}.kinds"
ENGINE = [p for p in sorted(HOME.rglob("*.py")) if p.relative_to(HOME).parts[0] != "kinds"]
NAMES = "|".join(kind.kind for kind in KINDS)
PLURALS = "|".join(kind.plural for kind in KINDS)
# `Pod` in a sentence, but not in a URL; `pods`, `pods/log`, `deployments.apps`.
NAMED = re.compile(rf"(?<![\w:/-])({NAMES})(?!\w)|^({PLURALS})(?:[./].*)?$")
# What speaks of kinds in words that are not ours.
IN_OTHER_WORDS = {
    "bootstrap_policy": "the default roles list resources, as RBAC's rules do",
    "protobuf_messages": "the messages that Kubernetes publishes, by their names",
}
# The parts of an API server that work with the objects of one kind, and so look these up.
WORKS_WITH = {
    "admission_request": "a Namespace is said to be in itself",
    "authn": "a token is good while what it is bound to is there",
    "bootstrap": "what every cluster has from the start",
    "bootstrap_policy": "the default ClusterRoles",
    "escalation": "who makes a role or binds one gives its rights",
    "objects": "the namespace of a new object must be there; RBAC's grants are checked",
    "proxy": "the kubelet of a Pod's Node is asked",
    "rbac": "who may do what stands in roles and bindings",
    "requests": "a Namespace is said to be in itself",
    "reviews": "who impersonates a ServiceAccount must be allowed to",
    "tokens": "a token is bound to a Pod, a Node or a Secret",
    "webhook_client": "a webhook may stand behind a Service",
    "webhook_matching": "webhooks choose by the labels of the Namespace",
    "webhooks": "the configurations say which webhooks there are",
}


def texts(tree: ast.Module) -> Iterator[str]:
    """Every text in a module that is not a docstring."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def imported(tree: ast.Module) -> set[str]:
    """The modules of records that a module imports."""
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    whole = {f"{node.module}.{name.name}" for node in froms for name in node.names}
    of_all = {f"{RECORDS}.{name}" for name in ("kind", "columns", "BY_PATH", "KINDS", "Kind")}
    homes = {name for name in whole if name.startswith(f"{RECORDS}.")}
    return {name for name in homes if not any(f"{name}.".startswith(f"{e}.") for e in of_all)}


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.relative_to(HOME).as_posix())
def test_no_kind_is_named_outside_of_its_record(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = [text for text in texts(tree) if NAMED.search(text)]
    assert bool(named) is (path.stem in IN_OTHER_WORDS), named
    assert bool(imported(tree)) is (path.stem in WORKS_WITH), imported(tree)


def test_a_kind_has_one_record() -> None:
    assert len(BY_PATH) == len(KINDS) == len({(kind.group, kind.kind) for kind in KINDS})


def test_events_alone_do_not_wait_for_the_disk(http: Any) -> None:
    assert http.server._store._transient == {"events"}


def test_objects_are_read_by_the_name_of_a_subresource(http: Any) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    for name in ("status", "log"):
        http("POST", path, {"metadata": {"name": name}})
        answer = http("GET", f"{path}/{name}")
        assert (answer.status_code, answer.json()["metadata"]["name"]) == (200, name)
