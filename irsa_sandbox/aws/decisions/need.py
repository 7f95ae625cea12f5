"""What a call needs leave for, and what a service has to say when that is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from irsa_helpers.policy import Policy
from irsa_sandbox.aws.wire.invocations import Invocation


@dataclass(frozen=True)
class Need:
    """An action on a resource; `shown` is how the service names the resource when it refuses.

    An empty `shown` means that the refusal names no resource.
    """

    action: str
    resource: str
    shown: str = ""
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What an operation of a service asks permission for, and how the service refuses.

    `needs` gives all that must be allowed for a call; None where nobody can tell: then it is
    refused to all but the admin. `resource_policy` gives the policy that a resource carries, and
    the account that owns it, empty where the resource does not exist or carries no policies.
    `tells_why`: a refusal names the kind of policy that denies, or that would have to allow.
    `in_small_letters`: a refusal writes the action so, as in `sqs:sendmessage`.
    Source: Service Authorization Reference of each service.
    """

    needs: Callable[[Invocation], list[Need] | None]
    resource_policy: Callable[[Invocation, Need], tuple[Policy | None, str]] = lambda *_: (None, "")
    tells_why: bool = True
    in_small_letters: bool = False
