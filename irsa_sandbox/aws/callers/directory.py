"""IAM's records read for a decision: roles, users, keys, providers and their policies.

The readers may run beside the thread that changes the records: they copy a collection before they
look through it, and what they parsed is kept until the next change.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.arns import Arn
from irsa_helpers.policy import Policy, PolicyError, parse_policy

log = logging.getLogger("irsa-lab")
T = TypeVar("T")

# What stands in for a policy that cannot be read: it grants nothing.
_NOTHING = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"},
}
MAX_CACHED = 2_000


@dataclass(frozen=True)
class Grants:
    """The identity policies of a user or a role, and its permissions boundary."""

    policies: tuple[Policy, ...]
    boundary: Policy | None


@dataclass(frozen=True)
class Role:
    """A role as a decision needs it."""

    arn: str
    role_id: str
    name: str
    account_id: str
    trust_policy: Policy
    max_session_seconds: int
    tags: dict[str, str]


@dataclass(frozen=True)
class Provider:
    """An IAM OIDC provider: the issuer without its scheme, and the audiences it accepts."""

    arn: str
    issuer_host_path: str
    client_ids: tuple[str, ...]


@dataclass(frozen=True)
class AccessKey:
    """A long-lived access key and the user who holds it."""

    access_key_id: str
    secret_access_key: str
    active: bool
    user_arn: str
    user_id: str
    account_id: str
    tags: dict[str, str]


class Directory:
    """A view of IAM's records; `generation` is another number after each change of them."""

    def __init__(self, generation: Callable[[], int]) -> None:
        self._latest = generation
        self._cache: dict[tuple[str, str], Any] = {}
        self._generation = -1

    def role(self, arn: str) -> Role | None:
        """The role of an ARN, None where there is none."""
        return self._cached("role", arn, lambda: self._find_role(arn))

    def role_grants(self, arn: str) -> Grants:
        """What a role is granted; nothing for a role that does not exist."""
        return self._cached("role-grants", arn, lambda: _grants(_by_arn("roles", arn)))

    def user_grants(self, arn: str) -> Grants:
        """What a user is granted, by itself and by its groups."""
        return self._cached("user-grants", arn, lambda: _user_grants(arn))

    def user_id(self, arn: str) -> str:
        """The unique id of a user, or the empty string."""
        return self._cached("user-id", arn, lambda: getattr(_by_arn("users", arn), "id", ""))

    def provider(self, arn: str) -> Provider | None:
        """The OIDC provider of an ARN, None where it is not registered."""
        backend = iam_backend(_account(arn))
        record = backend.open_id_providers.get(arn) if backend is not None else None
        return Provider(arn, record.url, tuple(record.client_id_list)) if record else None

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """The long-lived access key of that id, in whichever account it is."""
        return self._cached("key", access_key_id, lambda: _find_key(access_key_id))

    def managed_policy(self, arn: str, account_id: str) -> Policy | None:
        """The default version of a managed policy."""
        backend = iam_backend(account_id)
        record = backend.managed_policies.get(arn) if backend is not None else None
        return _default_version(record) if record else None

    def _find_role(self, arn: str) -> Role | None:
        record = _by_arn("roles", arn)
        if record is None:
            return None
        return Role(
            arn,
            record.id,
            record.name,
            record.account_id,
            _parsed(record.assume_role_policy_document, f"trust policy of {arn}"),
            int(record.max_session_duration or 3600),
            {tag["Key"]: tag["Value"] for tag in record.tags or []},
        )

    def _cached(self, kind: str, name: str, find: Callable[[], T]) -> T:
        generation = self._latest()
        if generation != self._generation or len(self._cache) > MAX_CACHED:
            self._cache, self._generation = {}, generation
        key = (kind, name)
        if key not in self._cache:
            self._cache[key] = find()
        record: T = self._cache[key]
        return record


def iam_backend(account_id: str) -> Any:
    """moto's IAM records of an account, None where it has none (and none are made by asking)."""
    from moto.iam.models import iam_backends

    account = iam_backends.get(account_id)
    return account["aws"] if account is not None else None


def _account(arn: str) -> str:
    try:
        return Arn.parse(arn).account_id
    except IrsaLabError:
        return ""


def _listed(account_id: str, kind: str) -> list[Any]:
    """The users, roles or groups of an account."""
    backend = iam_backend(account_id)
    return list(getattr(backend, kind).values()) if backend is not None else []


def _by_arn(kind: str, arn: str) -> Any:
    return next((it for it in _listed(_account(arn), kind) if it.arn == arn), None)


def _grants(record: Any) -> Grants:
    """The inline and attached policies of a role, a user or a group."""
    if record is None:
        return Grants((), None)
    inline = [
        _parsed(text, f"policy {name} of {record.name}")
        for name, text in list(record.policies.items())
    ]
    attached = [_default_version(policy) for policy in list(record.managed_policies.values())]
    return Grants((*inline, *attached), _boundary(record))


def _boundary(record: Any) -> Policy | None:
    arn = getattr(record, "permissions_boundary_arn", None)
    if not arn:
        return None
    policy = iam_backend(record.account_id).managed_policies.get(arn)
    return _default_version(policy) if policy else parse_policy(_NOTHING)


def _user_grants(arn: str) -> Grants:
    user = _by_arn("users", arn)
    own = _grants(user)
    groups = [group for group in _listed(_account(arn), "groups") if user in group.users]
    inherited = [policy for group in groups for policy in _grants(group).policies]
    return Grants((*own.policies, *inherited), own.boundary)


def _find_key(access_key_id: str) -> AccessKey | None:
    from moto.iam.models import iam_backends

    for account_id in list(iam_backends):
        for user in _listed(account_id, "users"):
            for key in list(user.access_keys):
                if key.access_key_id == access_key_id:
                    return _access_key(key, user)
    return None


def _access_key(key: Any, user: Any) -> AccessKey:
    return AccessKey(
        key.access_key_id,
        key.secret_access_key,
        key.status == "Active",
        user.arn,
        user.id,
        user.account_id,
        {tag["Key"]: tag["Value"] for tag in user.tags or []},
    )


def _default_version(record: Any) -> Policy:
    version = next(it for it in list(record.versions) if it.is_default)
    return _parsed(version.document, record.arn)


def _parsed(text: str, name: str) -> Policy:
    """A stored policy, read; one that cannot be read denies all rather than nothing."""
    try:
        return parse_policy(unquote(text) if text.startswith("%7B") else text)
    except PolicyError as error:
        log.warning("%s cannot be read and denies all: %s", name, error.message)
        return parse_policy(_NOTHING)
