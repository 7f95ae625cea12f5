"""Field selectors: which fields of which kind can be selected by.

Source: apimachinery, pkg/fields/selector.go; kubernetes, the AddFieldLabelConversionFunc of each
group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.status import bad_request

Test = Callable[[Mapping[str, Any]], bool]

OF_ALL = ("metadata.name", "metadata.namespace")
_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
LABELS: dict[str, tuple[str, ...]] = {
    "Pod": (
        *("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"),
        *("spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs"),
        "status.nominatedNodeName",
    ),
    "Event": (
        *(f"involvedObject.{name}" for name in _INVOLVED),
        *("reason", "reportingComponent", "source", "type"),
    ),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "Service": ("spec.clusterIP", "spec.type"),
    "Job": ("status.successful",),
}
# Where the label of a field is not its path.
PATHS = {"source": "source.component", "status.successful": "status.succeeded"}
_TERM = re.compile(r"(?s)(.*?)(!=|==|=)(.*)")


def field_selector(resource: Resource, text: str) -> Test:
    """A test of an object by its fields, as in `metadata.name=a,status.phase!=Running`.

    Raises StatusError 400 for a selector it cannot read, or a field that selects nothing.
    """
    terms = []
    for part in _parts(text):
        found = _TERM.fullmatch(part)
        if not part:
            continue
        if not found:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        label, operator, value = found.groups()
        _check_label(resource, label)
        terms.append((PATHS.get(label, label), operator, _plain(value)))
    return lambda body: all(
        (_field(body, path) == value) is (operator != "!=") for path, operator, value in terms
    )


def selected_name(text: str) -> str:
    """The one name that a field selector leaves; empty where it leaves others, or cannot be read.

    A list of that object alone is allowed to whoever may have it by its name.
    Source: apiserver, pkg/endpoints/request/requestinfo.go.
    """
    terms = [found.groups() for part in _parts(text) if (found := _TERM.fullmatch(part))]
    named = [
        _plain(value) for label, sign, value in terms if label == "metadata.name" and sign != "!="
    ]
    return named[0] if named and not re.search(r"[/%]|^\.\.?$", named[0]) else ""


def _parts(text: str) -> list[str]:
    return re.split(r"(?<!\\),", text) if text else []


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _check_label(resource: Resource, label: str) -> None:
    own = LABELS.get(resource.kind)
    if label in OF_ALL or label in (own or ()):
        return
    if resource.kind == "Job":
        raise bad_request(f'field label "{label}" not supported for batchv1.Job')
    if own is not None:
        raise bad_request(f"field label not supported: {label}")
    known = ", ".join(f'"{each}"' for each in OF_ALL)
    raise bad_request(f'"{label}" is not a known field selector: only {known}')


def _field(body: Mapping[str, Any], path: str) -> str:
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return {"spec.unschedulable": "false", "spec.hostNetwork": "false"}.get(path, "")
    return str(value).lower() if isinstance(value, bool) else str(value)
