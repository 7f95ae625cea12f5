"""Who set which field: `metadata.managedFields`, and server-side apply on top of it.

Source: Kubernetes documentation, "Server-Side Apply". Simplified: a list's items keep the order of
the live object, new ones come last.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure import fieldsets
from irsa_sandbox.apiserver.structure.fieldsets import CONTAINER, Path

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class Manager:
    """Who writes: a client's name, and the subresource it writes to."""

    name: str
    subresource: str = ""


@dataclass
class Entry:
    """One entry of managedFields, with its fields as a set of paths."""

    manager: Manager
    operation: str
    api_version: str
    time: str
    paths: set[Path]


def entries_of(body: Object) -> list[Entry]:
    """The entries of an object."""
    return [
        Entry(
            Manager(entry.get("manager", ""), entry.get("subresource", "")),
            entry["operation"],
            entry["apiVersion"],
            entry.get("time", ""),
            fieldsets.decoded(entry.get("fieldsV1") or {}),
        )
        for entry in body["metadata"].get("managedFields") or ()
        if entry
    ]


def write_entries(body: Object, entries: list[Entry]) -> None:
    """Put the entries into an object, in the API server's order; empty ones go."""
    kept = [entry for entry in entries if entry.paths]
    kept.sort(key=lambda e: (e.operation, e.time, e.manager.name, e.manager.subresource))
    body["metadata"].pop("managedFields", None)
    if kept:
        body["metadata"]["managedFields"] = [_written(entry) for entry in kept]


def _written(entry: Entry) -> Object:
    written = {
        "manager": entry.manager.name,
        "operation": entry.operation,
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.encoded(entry.paths),
    }
    return written | (
        {"subresource": entry.manager.subresource} if entry.manager.subresource else {}
    )


def _known(path: Path) -> bool:
    """The plain structs of every object, which no manager made."""
    return path in {("f:spec",), ("f:status",)} or path[-2:] == ("f:spec", "f:containers")


def record_update(
    resource: Kind, before: Object | None, after: Object, manager: Manager, now: str
) -> None:
    """Note in `after` that the manager set what differs from `before` (None: all of it)."""
    base = before or resource.skeleton
    old = fieldsets.fields(resource, base)
    new = fieldsets.fields(resource, after)
    if before is None:
        new = {p: v for p, v in new.items() if p[0] != "f:status"}
    changed = {p for p, v in new.items() if not _equal(old, p, v) and not _known(p)}
    gone = old.keys() - new.keys()
    if "managedFields" not in after["metadata"] and before is not None:
        after["metadata"]["managedFields"] = before["metadata"].get("managedFields")
    entries = entries_of(after)
    for entry in entries:
        entry.paths -= gone
        if entry.manager != manager or entry.operation != "Update":
            entry.paths -= changed
    if changed:
        _entry(entries, manager, "Update", resource.api_version, now).paths |= changed
    write_entries(after, entries)


def _equal(old: dict[Path, Any], path: Path, value: Any) -> bool:
    """Whether the path was there with that value; what holds others has no value of its own."""
    if path not in old:
        return False
    empty_of_more = old[path] is CONTAINER and value in ({}, [])
    return value is CONTAINER or empty_of_more or bool(old[path] == value)


def _entry(
    entries: list[Entry], manager: Manager, operation: str, api_version: str, now: str
) -> Entry:
    """The manager's entry with the new time; made where there is none."""
    for entry in entries:
        if (entry.manager, entry.operation) == (manager, operation):
            entry.time = now
            return entry
    entries.append(Entry(manager, operation, api_version, now, set()))
    return entries[-1]


def applied_paths(resource: Resource, config: Object) -> set[Path]:
    """The paths that a configuration speaks of: its leaves, and its lists' items."""
    fields = fieldsets.fields(resource, config)
    return {p for p, v in fields.items() if v is not CONTAINER or p[-1].startswith("k:")}


def record_apply(
    resource: Resource, made: Object, config: Object, manager: Manager, now: str
) -> None:
    """Note in an object just made that the manager applied what its configuration says."""
    paths = applied_paths(resource, config)
    write_entries(made, [Entry(manager, "Apply", resource.api_version, now, paths)])


def server_side_apply(
    resource: Resource, live: Object, config: Object, manager: Manager, now: str, *, force: bool
) -> Object:
    """The live object after the manager applied its configuration.

    Raises StatusError 409 where others own fields of other values, unless `force` takes them over.
    """
    entries = entries_of(live)
    wanted = applied_paths(resource, config)
    values, current = fieldsets.fields(resource, config), fieldsets.fields(resource, live)
    differing = {p for p in wanted if not _equal(current, p, values[p])}
    mine = (manager, "Apply")
    others = [e for e in entries if (e.manager, e.operation) != mine]
    disputed = differing - _handed_over(resource, live, manager)
    conflicts = [(e, sorted(e.paths & disputed)) for e in others if e.paths & disputed]
    if conflicts and not force:
        raise _conflict(conflicts)
    for entry in others:
        entry.paths -= differing
    before = next((e.paths for e in entries if (e.manager, e.operation) == mine), set())
    kept = {p[:n] for e in others for p in e.paths for n in range(1, len(p) + 1)}
    schema = fieldsets.schema_of(resource)
    applied = fieldsets.merged(schema, copy.deepcopy(live), config)
    if dropped := (before - wanted) - kept - _with_parents(wanted):
        applied = fieldsets.without(schema, applied, dropped)
    if before != wanted or differing or dropped:
        _entry(entries, manager, "Apply", resource.api_version, now).paths = wanted
    write_entries(applied, entries)
    return applied  # type: ignore[no-any-return]


def _with_parents(paths: set[Path]) -> set[Path]:
    return {path[:n] for path in paths for n in range(1, len(path) + 1)}


def _handed_over(resource: Resource, live: Object, manager: Manager) -> set[Path]:
    """What kubectl takes over without asking: fields it once applied client-side, if unchanged.

    Source: apimachinery, pkg/util/managedfields/internal/lastappliedmanager.go.
    """
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    if manager.name != "kubectl" or not text:
        return set()
    applied = json.loads(text)
    values, current = fieldsets.fields(resource, applied), fieldsets.fields(resource, live)
    return {p for p in applied_paths(resource, applied) if _equal(current, p, values[p])}


def _conflict(conflicts: list[tuple[Entry, list[Path]]]) -> StatusError:
    listed = [(_named(entry), fieldsets.shown(p)) for entry, paths in conflicts for p in paths]
    if len(listed) == 1:
        text = f"conflict with {listed[0][0]}: {listed[0][1]}"
    else:
        lines = []
        for name in sorted({name for name, _ in listed}):
            lines += [f"conflicts with {name}:"]
            lines += [f"- {path}" for manager, path in listed if manager == name]
        text = "\n".join(lines)
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {name}", "field": path}
        for name, path in listed
    ]
    count = f"{len(listed)} conflict{'s' if len(listed) > 1 else ''}"
    return StatusError(409, "Conflict", f"Apply failed with {count}: {text}", {"causes": causes})


def _named(entry: Entry) -> str:
    name = json.dumps(entry.manager.name)
    if entry.manager.subresource:
        name += f' with subresource "{entry.manager.subresource}"'
    return f"{name} using {entry.api_version}" if entry.operation == "Update" else name
