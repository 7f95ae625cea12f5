"""Events. They end an hour after they were last seen, by the sandbox's clock.

Source: kubernetes, pkg/apis/core/validation; kube-apiserver, `--event-ttl` (1h0m0s).
"""

from __future__ import annotations

from datetime import datetime

from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import META, WIDE, Column, Row, field
from irsa_sandbox.apiserver.kinds.kind import Field, Kind, fields
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import invalid

TTL_SECONDS = 3600.0
# A real cluster has no such limit. The sandbox keeps Events in memory, on a learner's machine, and
# each Pod that comes and goes leaves six of them.
MOST = 3_000
_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


def last_seen(event: Object) -> float:
    """When an Event was made or counted last, in seconds since 1970."""
    series = event.get("series") or {}
    times = (
        event["metadata"].get("creationTimestamp"),
        event.get("lastTimestamp"),
        series.get("lastObservedTime"),
    )
    return max((datetime.fromisoformat(time).timestamp() for time in times if time), default=0.0)


def _causes(body: Object) -> list[Cause]:
    about = (body.get("involvedObject") or {}).get("namespace", "")
    namespace = body["metadata"].get("namespace", "")
    fits = namespace == about or (not about and namespace == "default")
    text = "does not match event.namespace"
    return [] if fits else [invalid("involvedObject.namespace", about, text)]


def _involved(row: Row) -> Object:
    return row.body.get("involvedObject") or {}


def _first_seen(row: Row) -> str | None:
    return row.body.get("firstTimestamp") or row.body.get("eventTime")


def _object(row: Row) -> str:
    return f"{_involved(row).get('kind', '').lower()}/{_involved(row).get('name', '')}"


def _source(row: Row) -> str:
    source = row.body.get("source") or {}
    component = source.get("component") or row.body.get("reportingComponent")
    return ", ".join(filter(None, (component, source.get("host"))))


EVENT = Kind(
    *("", "v1", "events", "Event"),
    short_names=("ev",),
    columns=(
        Column(
            "Last Seen",
            "@api.core.v1.Event.lastTimestamp",
            lambda row: row.since(row.body.get("lastTimestamp") or _first_seen(row)),
        ),
        field("Type", "core.v1.Event.type"),
        field("Reason", "core.v1.Event.reason"),
        Column("Object", "@api.core.v1.Event.involvedObject", _object),
        Column(
            "Subobject",
            "@api.core.v1.ObjectReference.fieldPath",
            lambda row: _involved(row).get("fieldPath", ""),
            WIDE,
        ),
        Column("Source", "@api.core.v1.Event.source", _source, WIDE),
        Column(
            "Message",
            "@api.core.v1.Event.message",
            lambda row: row.body.get("message", "").strip(),
        ),
        Column(
            "First Seen",
            "@api.core.v1.Event.firstTimestamp",
            lambda row: row.since(_first_seen(row)),
            WIDE,
        ),
        field("Count", "core.v1.Event.count", 0, WIDE),
        Column("Name", f"{META}.name", lambda row: row.metadata["name"], WIDE),
    ),
    selectable=(
        *fields(*(f"involvedObject.{name}" for name in _INVOLVED)),
        *fields("reason", "reportingComponent", "type"),
        Field("source", "source.component"),
    ),
    validate=_causes,
    expires=lambda body: last_seen(body) + TTL_SECONDS,
    most=MOST,
    transient=True,
    zeroes={"Event": ("count",)},
    kept={"Event": ("reportingComponent", "reportingInstance")},
    skeleton={"source": {}, "reportingComponent": "", "reportingInstance": ""},
)
