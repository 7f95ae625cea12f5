"""Reading with the caller's own rights: found, not there, or not to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.world import World

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
MISSING = {
    "NoSuchEntity",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "ResourceNotFoundException",
    "404",
}
NOT_OFFERED = {"NotImplemented", "InvalidAction", "UnknownOperationException"}


class CannotSeeError(IrsaLabError):
    """The caller lacks a right; the message names it."""

    def __init__(self, right: str) -> None:
        super().__init__(
            f"the right that is missing: {right}",
            next_step="ask for that right, or ask somebody who has it to run the doctor",
        )


class SkipError(Exception):
    """A link need not or cannot be looked at; the message says why."""


def read_aws(right: str, call: Callable[..., Any], **request: Any) -> Any | None:
    """What an AWS call answers, or None where the thing is not there.

    `right` is the action it takes, e.g. `iam:GetRole`. Raises CannotSeeError where it is denied.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in MISSING:
            return None
        if code in NOT_OFFERED:
            raise SkipError(f"{right} is not offered here") from error
        if code in DENIED:
            raise CannotSeeError(right) from error
        raise
    except BotoCoreError as error:
        raise CannotSeeError(f"{right} ({error})") from error


def read_kubernetes(world: World, right: str, read: Callable[..., Any], *names: str) -> Any | None:
    """What a Kubernetes read or list call gives, as the JSON of its API; None for 404.

    `right` is what RBAC calls it, e.g. `get pods`. Raises CannotSeeError where it is denied.
    """
    from kubernetes.client import ApiException

    try:
        return world.kubernetes.sanitize_for_serialization(read(*names))  # type: ignore[no-untyped-call]
    except ApiException as error:
        if error.status == 404:
            return None
        if error.status in {401, 403}:
            place = f" in namespace {names[-1]}" if names else ""
            raise CannotSeeError(f"{right}{place} (Kubernetes RBAC)") from error
        raise
