"""IAM.

Source: IAM API, botocore iam/2010-05-08.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from irsa_sandbox.aws.callers.directory import iam_backend
from irsa_sandbox.aws.decisions.need import Rules
from irsa_sandbox.aws.services.iam import checks, needs
from irsa_sandbox.aws.services.record import Around, Service
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, query_answer


@cache
def policies_of_aws() -> list[Any]:
    """AWS's managed policies, which all accounts share: there are many, slow to make.

    A room makes them before the first seat starts, and its sandboxes share their memory.
    """
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy

    described: dict[str, Any] = json.loads(aws_managed_policies_data)
    return [AWSManagedPolicy.from_data(name, "aws", "aws", it) for name, it in described.items()]


def _open_account(account_id: str) -> None:
    """The account's IAM records are there, with AWS's managed policies."""
    from moto.core.config import default_user_config
    from moto.iam.models import iam_backends

    if account_id in iam_backends:
        return
    default_user_config["iam"] = {"load_aws_managed_policies": False}
    backend = iam_backends[account_id]["aws"]
    backend.aws_managed_policies = policies_of_aws()
    backend.managed_policies.update({it.arn: it for it in backend.aws_managed_policies})


def _tell_of_policies_in_use(now: Callable[[], datetime]) -> None:
    """GetAccountAuthorizationDetails tells of AWS's own policies that something has attached.

    moto tells of all 1,400, six megabytes in a second. (Our reading: AWS's documentation does not
    say it; tools that audit accounts rest on it.)
    """
    from moto.iam.models import IAMBackend, ManagedPolicy

    # moto knows a policy's name under another word than this answer's shape.
    ManagedPolicy.policy_name = property(lambda policy: policy.name)  # type: ignore[attr-defined]
    whole = IAMBackend.get_account_authorization_details

    def in_use(self: Any, policy_filter: list[str]) -> dict[str, Any]:
        details = whole(self, policy_filter)
        told = [policy for policy in details["managed_policies"] if _is_in_use(policy)]
        return details | {"managed_policies": told}

    IAMBackend.get_account_authorization_details = in_use  # type: ignore[method-assign]


def _is_in_use(policy: Any) -> bool:
    return bool(policy.attachment_count) or ":iam::aws:policy/" not in policy.arn


def _mend_user_id(invocation: Invocation, around: Around) -> None:
    """moto's ids of users look like nothing of IAM's, which begin with AIDA."""
    from moto.iam.utils import generate_access_key_id_from_account_id

    user = iam_backend(invocation.account_id).users[invocation.parameters["UserName"]]
    user.id = generate_access_key_id_from_account_id(invocation.account_id, "AIDA", 21)


def _add_client_id(invocation: Invocation, around: Around) -> Answer:
    listed = checks.provider(invocation).client_id_list
    client_id = invocation.parameters["ClientID"]
    if client_id not in listed:
        listed.append(client_id)
    return query_answer("iam", invocation.operation, {})


def _remove_client_id(invocation: Invocation, around: Around) -> Answer:
    listed = checks.provider(invocation).client_id_list
    listed[:] = [it for it in listed if it != invocation.parameters["ClientID"]]
    return query_answer("iam", invocation.operation, {})


SERVICE = Service(
    "iam",
    moto="moto.iam.responses:IamResponse",
    prepare=_tell_of_policies_in_use,
    open_account=_open_account,
    rules=Rules(needs.of),
    checks=checks.OF_OPERATION,
    performs={
        "AddClientIDToOpenIDConnectProvider": _add_client_id,
        "RemoveClientIDFromOpenIDConnectProvider": _remove_client_id,
    },
    amends={"CreateUser": _mend_user_id},
)
