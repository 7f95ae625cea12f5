"""What is said of a kind, in one record: the engine asks it, and names no kind itself.

Source: kubernetes, pkg/registry: the strategy of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column
from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.status import Cause, StatusError
from irsa_sandbox.apiserver.storage import Object, Store

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
    kind: str = ""  # of what is sent to it; empty: the object's own
    group: str = ""  # of that kind
    refusal: StatusError | None = None  # of what is not offered

    @property
    def methods(self) -> set[str]:
        """The HTTP methods that it has."""
        return {METHODS[verb] for verb in self.verbs}


STATUS = Subresource("status", ("get", "patch", "update"))
SCALE = Subresource("scale", ("get", "patch", "update"), "Scale", "autoscaling")


@dataclass(frozen=True)
class Field:
    """A field that objects are selected by, with its path where that is another."""

    label: str
    path: str = ""
    absent: str = ""  # what stands there where nothing is said


def fields(*labels: str) -> tuple[Field, ...]:
    """Fields whose labels are their paths."""
    return tuple(Field(label) for label in labels)


def fill(members: Object, **values: Any) -> None:
    """Set what is not set, in place."""
    for name, value in values.items():
        members.setdefault(name, value)


def fill_rolling(strategy: Object, **values: Any) -> None:
    """Set what a strategy of updates that rolls does not say, in place; most do roll."""
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        fill(strategy, rollingUpdate={})
        fill(strategy["rollingUpdate"], **values)


def _nothing(*_: Any) -> None:
    """What most kinds do at most moments."""


def _is_free(_: Object) -> bool:
    return False


def _no_causes(*_: Any) -> list[Cause]:
    return []


@dataclass(frozen=True, eq=False, kw_only=True)
class Kind(Resource):
    """One kind; what its record does not say is as most kinds have it.

    Functions that change an object do so in place.
    """

    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()

    # What is read: the columns of its Table, and the fields that select.
    columns: tuple[Column, ...] = (NAME, AGE)
    selectable: tuple[Field, ...] = ()
    unselectable: str = "field label not supported: {}"  # of a kind that has such fields

    # What is written.
    has_spec: bool = False  # every object has one, an empty one where none is given
    counts_generation: bool = False
    # What a new object's status says before a controller has seen it; None: what is sent stays.
    first_status: Callable[[Object], Object] | None = None
    defaults: Callable[[Object], None] = _nothing
    on_create: Callable[[Object, str], None] = _nothing  # with its uid
    on_update: Callable[[Object, Object], None] = _nothing  # before, after
    admit: Callable[[Store, Object], None] = _nothing  # what admission's plugins add or refuse
    complete: Callable[[Store, Object], None] = _nothing  # what is given out last: addresses
    on_written: Callable[[Store], None] = _nothing  # what follows from any change of its objects

    # What is refused.
    name_form: Callable[[str], list[str]] = formats.dns_subdomain
    validate: Callable[[Object], list[Cause]] = _no_causes
    immutable: tuple[str, ...] = ()  # the paths of fields that stay as they are made
    validate_update: Callable[[Object, Object], list[Cause]] = _no_causes  # before, after

    # How it ends.
    undeletable: frozenset[str] = frozenset()  # the names of those that stay
    grace: Callable[[Object], int | None] = _nothing  # seconds to end in; None: it goes at once
    on_delete: Callable[[Object], None] = _nothing
    is_held: Callable[[Object], bool] = _is_free  # by more than its metadata's finalizers
    shown_deleted: bool = False  # a deletion answers with the object, not with a Status
    expires: Callable[[Object], float] | None = None  # when it ends by itself, since 1970
    most: int = 0  # of those that end by themselves: of more, the oldest go before; 0: no limit

    # How it is kept.
    transient: bool = False  # may be lost when the machine loses power
    # What of Go's types is written or left out otherwise than most: type -> members.
    zeroes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Parts that an object has from the start, so that no manager makes them.
    skeleton: Object = field(default_factory=dict)

    @property
    def read_only(self) -> bool:
        """Whether this cluster has none and makes none."""
        return self.verbs == READ_VERBS

    @property
    def has_status(self) -> bool:
        """Whether the status is a half of its own."""
        return STATUS in self.subresources

    def subresource(self, name: str) -> Subresource | None:
        """The part of that name, or None."""
        return next((part for part in self.subresources if part.name == name), None)
