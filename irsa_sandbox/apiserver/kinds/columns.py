"""The columns of a Table, each with its cell, and those that several kinds have.

Source: kubernetes, pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from irsa_sandbox.apiserver.ground.ages import duration
from irsa_sandbox.apiserver.store.storage import Object

WIDE = 1  # the priority of what only `-o wide` shows
META = "@apimachinery.pkg.apis.meta.v1.ObjectMeta"


@dataclass(frozen=True)
class Row:
    """One object, as its cells read it at some moment."""

    body: Object
    now: datetime

    @property
    def metadata(self) -> Object:
        """The object's metadata."""
        metadata: Object = self.body["metadata"]
        return metadata

    @property
    def spec(self) -> Object:
        """The object's spec, an empty one where it has none."""
        return self.body.get("spec") or {}

    @property
    def status(self) -> Object:
        """The object's status, an empty one where it has none."""
        return self.body.get("status") or {}

    def since(self, time: str | None) -> str:
        """How long ago that was, in kubectl's short form."""
        return duration(time, self.now)


@dataclass(frozen=True)
class Column:
    """A column, and the function that makes its cell for an object.

    A description that begins with `@` names a field: its description in the schemas is taken.
    """

    name: str
    description: str
    cell: Callable[[Row], Any]
    priority: int = 0
    type: str = "string"


def field(
    name: str, path: str, absent: Any = "", priority: int = 0, type: str = "string"
) -> Column:
    """A column that shows a field of the spec, the status or the object itself.

    `path` is such as `core.v1.PodSpec.nodeName`; the cell is `absent` where the field is empty.
    """
    owner, _, member = path.rpartition(".")
    half = next((half for half in ("Spec", "Status") if owner.endswith(half)), "body").lower()

    def cell(row: Row) -> Any:
        value = getattr(row, half).get(member)
        return absent if value in (None, "") else value

    return Column(name, f"@api.{path}", cell, priority, type)


def count(name: str, path: str, absent: int = 0) -> Column:
    """A column of whole numbers that stand in a field."""
    return field(name, path, absent, type="integer")


NAME = Column("Name", f"{META}.name", lambda row: row.metadata["name"])
AGE = Column(
    "Age",
    f"{META}.creationTimestamp",
    lambda row: row.since(row.metadata.get("creationTimestamp")),
)
READY = Column(
    "Ready",
    "Number of the pod with ready state",
    lambda row: f"{row.status.get('readyReplicas', 0)}/{row.spec.get('replicas', 1)}",
)


def template(
    owner: str, spec_of: Callable[[Row], Object] = lambda row: row.spec
) -> tuple[Column, ...]:
    """The containers of a template, their images, and the selector beside it."""

    def listed(row: Row, member: str) -> str:
        containers = spec_of(row)["template"]["spec"]["containers"]
        return ",".join(container.get(member, "") for container in containers)

    return (
        Column(
            "Containers",
            "Names of each container in the template.",
            lambda row: listed(row, "name"),
            WIDE,
        ),
        Column(
            "Images",
            "Images referenced by each container in the template.",
            lambda row: listed(row, "image"),
            WIDE,
        ),
        Column(
            "Selector",
            f"@api.{owner}.selector",
            lambda row: selector_line(spec_of(row).get("selector")),
            WIDE,
        ),
    )


def selector_line(selector: Object | None) -> str:
    """A LabelSelector in a line. Source: apimachinery, FormatLabelSelector."""
    given = selector or {}
    labels = [f"{key}={value}" for key, value in (given.get("matchLabels") or {}).items()]
    for requirement in given.get("matchExpressions") or ():
        listed = f"({','.join(sorted(requirement.get('values') or ()))})"
        key, operator = requirement["key"], requirement["operator"]
        form = {"Exists": key, "DoesNotExist": f"!{key}"}
        labels.append(form.get(operator, f"{key} {operator.lower()} {listed}"))
    return ",".join(sorted(labels)) or "<none>"
