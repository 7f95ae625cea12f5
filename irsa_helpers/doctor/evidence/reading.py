"""Reading with the caller's own rights: found, not there, or not to be seen."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

from irsa_helpers.errors import IrsaLabError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from irsa_helpers.worlds import World

T = TypeVar("T")

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
MISSING = {
    "NoSuchEntity",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NotFoundException",
    "ResourceNotFoundException",
    "404",
}
# Not a right is missing then, but the whole caller. Source: common errors of AWS's APIs.
NOBODY = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "SignatureDoesNotMatch"} | {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
}
NOT_OFFERED = {"NotImplemented", "InvalidAction", "UnknownOperationException"}


class CannotSeeError(IrsaLabError):
    """The caller lacks a right; the message names it."""

    def __init__(self, right: str) -> None:
        super().__init__(
            f"the right that is missing: {right}",
            next_step="ask for that right, or ask somebody who has it to run the doctor",
        )


class UnseenError(CannotSeeError):
    """What no right would show: only the Pod itself, or its node, knows it. The message says it."""

    def __init__(self, what: str) -> None:
        IrsaLabError.__init__(
            self, f"cannot be seen from here: {what}", next_step="look from within the Pod"
        )


class SkipError(Exception):
    """A link need not or cannot be looked at; the message says why."""


class Stored(ABC):
    """A world that was read as a whole: it answers by itself, and nothing in it changes."""

    @abstractmethod
    def stored(self, right: str, path: str) -> Any | None:
        """What the cluster had at that path; see `read_kubernetes`."""

    @abstractmethod
    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made the first time that it is asked for under that name."""


def once(world: World, what: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives; in a world that was read as a whole, made once for all who ask."""
    return world.once(what, make) if isinstance(world, Stored) else make()


def read_aws(right: str, call: Callable[..., Any], **request: Any) -> Any | None:
    """What an AWS call answers, or None where the thing is not there.

    `right` is the action it takes, e.g. `iam:GetRole`. Raises CannotSeeError where it is denied,
    IrsaLabError where AWS cannot be reached or does not know the caller.
    """
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

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
        if code in NOBODY:
            raise IrsaLabError(
                f"AWS does not accept your credentials: {error}",
                next_step="renew them, then look who you are: aws sts get-caller-identity",
            ) from error
        raise
    except (HTTPClientError, ConnectionError) as error:
        raise IrsaLabError(
            f"AWS cannot be reached: {error}", next_step="check the network and the endpoint"
        ) from error
    except BotoCoreError as error:
        raise CannotSeeError(f"{right} ({error})") from error


def read_kubernetes(
    world: World,
    right: str,
    path: str,
    body: Any = None,
    optional: bool = False,
    **query: str | int,
) -> Any | None:
    """What the Kubernetes API answers to a GET of the path (a POST with `body`); None for 404.

    `optional` says that the API may refuse it as not there to be had (400): that is None too.
    `right` is what RBAC calls it, e.g. `get pods`. Raises CannotSeeError where it is denied,
    IrsaLabError where the cluster cannot be reached or does not know the caller. It asks the
    official client's ApiClient itself: importing its model of every object takes a second.
    """
    if isinstance(world, Stored) and body is None and not path.endswith("/log"):
        return world.stored(right, path)
    method = "GET" if body is None else "POST"
    status, text = send_kubernetes(world, method, path, body, "application/json", **query)
    if status == 404 or (status == 400 and optional):
        return None
    if status == 403:
        raise CannotSeeError(f"{right}{_place(path)} (Kubernetes RBAC)")
    if status == 401:
        raise IrsaLabError(
            "the cluster does not accept your credentials (401 Unauthorized)",
            next_step=f"aws eks update-kubeconfig --name {world.cluster_name}",
        )
    if status >= 400:
        raise IrsaLabError(f"the cluster answers {status}: {text}", next_step="kubectl get --raw /")
    return text if path.endswith("/log") else json.loads(text)


def send_kubernetes(
    world: World,
    method: str,
    path: str,
    body: Any,
    content_type: str = "application/json",
    **query: str | int,
) -> tuple[int, str]:
    """The status and the text of the API server's answer.

    Raises IrsaLabError where it cannot be reached.
    """
    from urllib3.exceptions import HTTPError

    client: Any = world.kubernetes
    request = client.param_serialize(
        method,
        path,
        query_params=list(query.items()),
        header_params={"Accept": "application/json, */*", "Content-Type": content_type},
        body=body,
        auth_settings=["BearerToken"],
    )
    try:
        answer = client.call_api(*request)
        answer.read()
    except HTTPError as error:
        raise IrsaLabError(
            f"the cluster cannot be reached: {client.configuration.host}",
            next_step="kubectl cluster-info",
        ) from error
    return int(answer.status), answer.data.decode()


def _place(path: str) -> str:
    """The namespace that a path lies in, in words."""
    _, slash, rest = path.partition("/namespaces/")
    inside = "/" in rest
    return f" in namespace {rest.partition('/')[0]}" if slash and inside else ""
