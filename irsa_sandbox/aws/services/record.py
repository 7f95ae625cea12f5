"""What may be said of an AWS service, and a call on its way through it."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.callers.callers import Caller
from irsa_sandbox.aws.callers.directory import Directory
from irsa_sandbox.aws.decisions.need import Need, Rules
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import constraints, models
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest
from irsa_sandbox.aws.wire.operations import Reader

Entry = dict[str, Any]  # of the journal


@dataclass(frozen=True)
class Call:
    """A call on its way to its answer; `perform` has the records do it, once it is decided on."""

    desk: Desk
    caller: Caller
    invocation: Invocation
    client: str
    perform: Callable[[Invocation], Awaitable[Answer]]

    def check(self) -> None:
        """Return when the call is allowed and fits its model. Raises AwsError."""
        self.desk.authorizer.check(self.caller, self.invocation, self.client)
        call, protocol = self.invocation, models.protocol(self.invocation.service)
        if protocol == "rest-xml":
            return  # S3 has no sentences for it
        if message := constraints.violations(call.service, call.operation, call.parameters):
            raise common_error("invalid-input", protocol, message)

    async def answer(self) -> Answer:
        """The answer of an operation like any other. Raises AwsError."""
        self.check()
        return await self.perform(self.invocation)

    def not_implemented(self) -> AwsError:
        """The refusal of an operation that the sandbox has not."""
        name = f"{self.invocation.service}:{self.invocation.operation}"
        text = f"The sandbox does not implement {name}."
        return common_error("not-implemented", models.protocol(self.invocation.service), text)

    def refuse(self, need: Need) -> AwsError | None:
        """The refusal of one more need, None where it is allowed."""
        if self.caller.is_admin:
            return None
        return self.desk.authorizer.refuse(self.caller, self.invocation, need, self.client)


@dataclass(frozen=True)
class Around:
    """What a service's own operations on the records may look at."""

    settings: AwsSettings
    directory: Directory
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Effect:
    """What an entry writes: one object or item, and whether whatever was there does not matter."""

    service: str
    written: tuple[str, ...] | None  # None: something else, or more than one thing
    overwrites: bool = False


@dataclass(frozen=True)
class Service:
    """One AWS service; what is not said is as most services have it.

    `name` is that in signatures, in botocore and in moto; protocol, version and namespace are those
    of botocore's model.
    """

    name: str
    endpoint: str = ""
    """The name under which botocore lists its regions; empty for one that is in no region."""
    rules: Rules = field(default_factory=lambda: Rules(lambda call: None))
    """What its operations ask permission for."""

    moto: str = ""
    """moto's entry, `package:Class`; empty where moto has no part in it."""
    dispatch: Callable[[Invocation], str] = lambda call: "dispatch"
    """The name of the entry's method."""
    prepare: Callable[[Callable[[], datetime]], None] = lambda now: None
    """moto made to live in the sandbox, on this clock (UTC without a time zone)."""
    open_account: Callable[[str], None] = lambda account_id: None
    """An account, seen for the first time or again, has what it must have."""
    failure: Callable[[Invocation, Exception], AwsError | None] = lambda call, error: None
    """What the service says where moto stumbles; None where it has no word for it."""

    checks: Mapping[str, Callable[[Invocation], None]] = field(default_factory=dict)
    """Operation -> what moto does not check before it writes. Raises AwsError."""
    performs: Mapping[str, Callable[[Invocation, Around], Answer]] = field(default_factory=dict)
    """Operation -> what performs it in moto's place; again at every start, from the journal."""
    amends: Mapping[str, Callable[[Invocation, Around], None]] = field(default_factory=dict)
    """Operation -> what mends moto's record after it; again at every start."""
    idle: Mapping[str, Callable[[Invocation], bool]] = field(default_factory=dict)
    """Operation -> whether such a call changes nothing now, whatever its name: none is kept."""
    passing: frozenset[str] = frozenset()
    """Operations whose changes nobody looks for: they are kept, and not counted as changes."""
    answers: Mapping[str, Callable[[Call], Awaitable[Answer]]] = field(default_factory=dict)
    """Operation -> what answers a call in a way of its own, permissions included."""

    read: Reader | None = None
    """A request as a call, where its protocol alone does not tell: `rest-xml` never does."""
    path: str = ""
    """How the path of a REST request begins, by which an unsigned one is known."""
    unsigned: Callable[[HttpRequest], bool] | None = None
    """Whether an unsigned request may go on; None where none may."""
    uploads: frozenset[str] = frozenset()
    """Operations whose long bodies are read, once the head is authorised."""
    journal: Callable[[], Callable[[Entry], Effect]] | None = None
    """A reader of journal entries, in order: what each writes. What is overwritten can go; without
    a reader, nothing can."""

    def load(self) -> Any:
        """moto's entry. Raises ImportError where moto has none of that name."""
        module, _, name = self.moto.partition(":")
        return getattr(importlib.import_module(module), name)
