"""Secrets Manager.

Source: Secrets Manager API, botocore secretsmanager/2017-10-17, `PutResourcePolicy`
(MalformedPolicyDocumentException); Service Authorization Reference, "Actions, resources, and
condition keys for AWS Secrets Manager".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy, PolicyError, parse_policy
from irsa_sandbox.aws.decisions.need import Need, Rules
from irsa_sandbox.aws.decisions.resource_policies import lacks_principal, stored
from irsa_sandbox.aws.services.record import Service
from irsa_sandbox.aws.wire.invocations import Invocation

_ACCOUNT_OPERATIONS = {"ListSecrets", "GetRandomPassword", "BatchGetSecretValue"}
_SECRET_OPERATIONS = {
    *("GetSecretValue", "DescribeSecret", "PutSecretValue", "UpdateSecret", "DeleteSecret"),
    *("RestoreSecret", "TagResource", "UntagResource", "ListSecretVersionIds"),
    *("GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy", "RotateSecret"),
    *("CancelRotateSecret", "UpdateSecretVersionStage"),
}


def _needs(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call of Secrets Manager needs."""
    operation, parameters = invocation.operation, invocation.parameters
    action = f"secretsmanager:{operation}"
    if operation == "CreateSecret":
        name = str(parameters.get("Name", ""))
        context: dict[str, str | list[str]] = {"secretsmanager:Name": name}
        return [Need(action, f"{_place(invocation)}{name}-??????", name, context)]
    if operation == "BatchGetSecretValue":
        listed = [str(name) for name in parameters.get("SecretIdList") or []]
        read = [_secret(invocation, "secretsmanager:GetSecretValue", name) for name in listed]
        return [Need(action, "*"), *read] if listed else None
    if operation in _ACCOUNT_OPERATIONS:
        return [Need(action, "*")]
    if operation in _SECRET_OPERATIONS:
        return [_secret(invocation, action, str(parameters.get("SecretId", "")))]
    return None


def _secret(invocation: Invocation, action: str, secret_id: str) -> Need:
    """A permission on the secret that a name or an ARN means; refused by what the caller wrote."""
    record = _find(invocation, secret_id)
    if record is None:
        arn = secret_id if secret_id.startswith("arn:") else _place(invocation) + secret_id
        return Need(action, arn, secret_id, {"secretsmanager:SecretId": arn})
    context: dict[str, str | list[str]] = {"secretsmanager:SecretId": record.arn}
    for name in ("VersionStage", "VersionId"):
        if name in invocation.parameters:
            context[f"secretsmanager:{name}"] = str(invocation.parameters[name])
    for tag in record.tags or []:
        for prefix in ("secretsmanager:ResourceTag", "aws:ResourceTag"):
            context[f"{prefix}/{tag['Key']}"] = tag["Value"]
    return Need(action, record.arn, secret_id, context)


def _find(invocation: Invocation, secret_id: str) -> Any:
    """moto's record of a secret, None where there is none."""
    from moto.secretsmanager.models import secretsmanager_backends

    backend = secretsmanager_backends[invocation.account_id][invocation.region]
    for secret in list(backend.secrets.values()):
        if secret_id in (secret.name, secret.arn, secret.arn.rpartition("-")[0]):
            return secret
    return None


def _place(invocation: Invocation) -> str:
    return f"arn:aws:secretsmanager:{invocation.region}:{invocation.account_id}:secret:"


def _policy(invocation: Invocation, need: Need) -> tuple[Policy | None, str]:
    """The policy of the secret that a need is about, and the secret's account."""
    record = _find(invocation, need.resource)
    if record is None:
        return None, ""
    return stored(getattr(record, "policy", None)), invocation.account_id


def _check_policy(invocation: Invocation) -> None:
    """Return when Secrets Manager would store the policy. Raises AwsError."""
    code = "MalformedPolicyDocumentException"
    try:
        policy = parse_policy(str(invocation.parameters.get("ResourcePolicy", "")))
    except PolicyError as error:
        raise AwsError(code, 400, error.message) from error
    if lacks_principal(policy):
        raise AwsError(code, 400, "This resource policy contains a statement without a principal.")


def _prepare(now: Callable[[], datetime]) -> None:
    from moto.secretsmanager import models

    clock = SimpleNamespace(time=lambda: now().replace(tzinfo=UTC).timestamp())
    vars(models)["time"] = clock


SERVICE = Service(
    "secretsmanager",
    endpoint="secretsmanager",
    moto="moto.secretsmanager.responses:SecretsManagerResponse",
    prepare=_prepare,
    rules=Rules(_needs, _policy),
    checks={"PutResourcePolicy": _check_policy},
)
