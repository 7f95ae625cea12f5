"""What is said of a kind, in one record: the engine asks it, and names no kind itself.

Source: kubernetes, pkg/registry: the strategy of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import Cause, StatusError
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column
from irsa_sandbox.apiserver.store.storage import Object, Store

READ_VERBS = ("get", "list", "watch")
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
METHODS = {"get": "GET", "create": "POST", "update": "PUT", "patch": "PATCH"}
# In `all` of `kubectl get all`.
IN_ALL = ("all",)


@dataclass(frozen=True)
class Subresource:
    """A part of an object with a URL of its own: `pods/log`."""

    name: str
    verbs: tuple[str, ...]
    kind: str = ""  # the kind of the body that is sent to it; empty: the object's own kind
    group: str = ""  # the API group of `kind`
    refusal: StatusError | None = None  # the answer of a subresource that the sandbox lacks

    @property
    def methods(self) -> set[str]:
        """The HTTP methods that it has."""
        return {METHODS[verb] for verb in self.verbs}


STATUS = Subresource("status", ("get", "patch", "update"))
SCALE = Subresource("scale", ("get", "patch", "update"), "Scale", "autoscaling")


@dataclass(frozen=True)
class Field:
    """A field that a field selector may name; `path` is set where it differs from the label."""

    label: str
    path: str = ""
    absent: str = ""  # its value where the object does not set it


def fields(*labels: str) -> tuple[Field, ...]:
    """Fields whose labels are their paths."""
    return tuple(Field(label) for label in labels)


def fill(members: Object, **values: Any) -> None:
    """Set the members that are not set yet, in place."""
    for name, value in values.items():
        members.setdefault(name, value)


def fill_rolling(strategy: Object, **values: Any) -> None:
    """Set what a rolling update strategy leaves open, in place; rolling is the default type."""
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        fill(strategy, rollingUpdate={})
        fill(strategy["rollingUpdate"], **values)


def _nothing(*_: Any) -> None:
    """Do nothing, as most kinds do at most of these moments."""


def _is_free(_: Object) -> bool:
    return False


def _no_causes(*_: Any) -> list[Cause]:
    return []


@dataclass(frozen=True, eq=False, kw_only=True)
class Kind(Resource):
    """One kind; the defaults below fit most kinds, so a record names only what differs.

    Functions that change an object change it in place.
    """

    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()

    # Reading: the columns of its Table, and the fields that a field selector may name.
    columns: tuple[Column, ...] = (NAME, AGE)
    selectable: tuple[Field, ...] = ()
    unselectable: str = "field label not supported: {}"  # the refusal of other fields

    # Writing.
    has_spec: bool = False  # every object gets a `spec`, an empty one where none is sent
    counts_generation: bool = False
    # The status of a new object, before a controller has seen it; None: the status that was sent.
    first_status: Callable[[Object], Object] | None = None
    defaults: Callable[[Object], None] = _nothing
    on_create: Callable[[Object, str], None] = _nothing  # the object, its uid
    on_update: Callable[[Object, Object], None] = _nothing  # before, after
    admit: Callable[[Store, Object], None] = _nothing  # what admission plugins add or refuse
    complete: Callable[[Store, Object], None] = _nothing  # set last, such as addresses
    on_written: Callable[[Store], None] = _nothing  # called after each change of an object

    # Refusing.
    name_form: Callable[[str], list[str]] = formats.dns_subdomain
    validate: Callable[[Object], list[Cause]] = _no_causes
    immutable: tuple[str, ...] = ()  # paths of fields that may never change
    validate_update: Callable[[Object, Object], list[Cause]] = _no_causes  # before, after

    # Deleting.
    undeletable: frozenset[str] = frozenset()  # names of objects that cannot be deleted
    grace: Callable[[Object], int | None] = _nothing  # grace period in seconds; None: none
    on_delete: Callable[[Object], None] = _nothing
    is_held: Callable[[Object], bool] = _is_free  # kept by more than its finalizers
    shown_deleted: bool = False  # a deletion answers with the object, not with a Status
    expires: Callable[[Object], float] | None = None  # when it ends by itself (epoch)
    # Objects of a kind that ends by itself: where there are more, the oldest go; 0: no limit.
    most: int = 0

    # Storing.
    transient: bool = False  # may be lost when the machine loses power
    # Go type -> members whose zero is left out, and members that are written even when empty.
    zeroes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Members that every object has from the start: no field manager owns them.
    skeleton: Object = field(default_factory=dict)

    @property
    def read_only(self) -> bool:
        """Whether objects of this kind can only be read: this cluster never has one."""
        return self.verbs == READ_VERBS

    @property
    def has_status(self) -> bool:
        """Whether the status is written apart from the spec."""
        return STATUS in self.subresources

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of that name, or None."""
        return next((part for part in self.subresources if part.name == name), None)
