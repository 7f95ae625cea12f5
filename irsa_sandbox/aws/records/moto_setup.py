"""moto made to live in the sandbox: on its clock, its random numbers repeatable, its rules off."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from irsa_helpers import descriptions

# The services that moto keeps the records of, and its entry to each.
SERVICES = {
    "iam": "IamResponse",
    "eks": "EKSResponse",
    "s3": "S3Response",
    "dynamodb": "DynamoHandler",
    "secretsmanager": "SecretsManagerResponse",
}


def load(now: Callable[[], datetime]) -> None:
    """moto's services are loaded; `now` is their time, UTC without a time zone."""
    descriptions.share()
    for service in SERVICES:
        importlib.import_module(f"moto.{service}.models")
        importlib.import_module(f"moto.{service}.responses")
    _set_clock(now)
    _leave_bucket_policies_to_us()
    _tell_of_policies_in_use()


def ensure_account(account_id: str) -> None:
    """The account's IAM records are there, with AWS's managed policies.

    All accounts share the policies of the first: they are the same, there are many, and making
    them draws random numbers by the thousand.
    """
    from moto.core.config import default_user_config
    from moto.iam.models import iam_backends

    if account_id in iam_backends:
        return
    first = next(iter(iam_backends), None)
    default_user_config["iam"] = {"load_aws_managed_policies": first is None}
    backend = iam_backends[account_id]["aws"]
    if first is not None:
        backend.aws_managed_policies = iam_backends[first]["aws"].aws_managed_policies
        backend.managed_policies.update({each.arn: each for each in backend.aws_managed_policies})


def _set_clock(now: Callable[[], datetime]) -> None:
    """Every way in which moto's services ask for the time or for random bytes leads here."""
    from moto.moto_api._internal import mock_random

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and hasattr(module, "utcnow"):
            vars(module)["utcnow"] = now
    clock = SimpleNamespace(time=lambda: now().replace(tzinfo=UTC).timestamp())
    _module("secretsmanager")["time"] = clock
    _module("s3")["os"] = SimpleNamespace(urandom=mock_random.randbytes)


def _leave_bucket_policies_to_us() -> None:
    """moto's own reading of bucket policies knows one operator and denies what it cannot read."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]


def _tell_of_policies_in_use() -> None:
    """GetAccountAuthorizationDetails tells of AWS's own policies that something has attached.

    moto tells of all 1,400, six megabytes in a second. (Our reading: AWS's documentation does not
    say it; tools that audit accounts rest on it.)
    """
    from moto.iam.models import IAMBackend, ManagedPolicy

    # moto knows a policy's name under another word than this answer's shape.
    ManagedPolicy.policy_name = property(lambda policy: policy.name)  # type: ignore[attr-defined]
    whole = IAMBackend.get_account_authorization_details

    def in_use(self: Any, policy_filter: list[str]) -> dict[str, Any]:
        found = whole(self, policy_filter)
        told = [each for each in found["managed_policies"] if _is_in_use(each)]
        return found | {"managed_policies": told}

    IAMBackend.get_account_authorization_details = in_use  # type: ignore[method-assign]


def _is_in_use(policy: Any) -> bool:
    return bool(policy.attachment_count) or ":iam::aws:policy/" not in policy.arn


def _module(service: str) -> dict[str, Any]:
    return vars(sys.modules[f"moto.{service}.models"])
