"""What Secrets Manager's operations ask permission for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Secrets
Manager".
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.wire.invocations import Invocation

_ACCOUNT_OPERATIONS = {"ListSecrets", "GetRandomPassword", "BatchGetSecretValue"}
_SECRET_OPERATIONS = {
    *("GetSecretValue", "DescribeSecret", "PutSecretValue", "UpdateSecret", "DeleteSecret"),
    *("RestoreSecret", "TagResource", "UntagResource", "ListSecretVersionIds"),
    *("GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy", "RotateSecret"),
    *("CancelRotateSecret", "UpdateSecretVersionStage"),
}


def of(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call of Secrets Manager needs."""
    operation, parameters = invocation.operation, invocation.parameters
    action = f"secretsmanager:{operation}"
    if operation == "CreateSecret":
        name = str(parameters.get("Name", ""))
        context: dict[str, str | list[str]] = {"secretsmanager:Name": name}
        return [Need(action, f"{_place(invocation)}{name}-??????", name, context)]
    if operation == "BatchGetSecretValue":
        listed = [str(each) for each in parameters.get("SecretIdList") or []]
        read = [_secret(invocation, "secretsmanager:GetSecretValue", each) for each in listed]
        return [Need(action, "*"), *read] if listed else None
    if operation in _ACCOUNT_OPERATIONS:
        return [Need(action, "*")]
    if operation in _SECRET_OPERATIONS:
        return [_secret(invocation, action, str(parameters.get("SecretId", "")))]
    return None


def _secret(invocation: Invocation, action: str, secret_id: str) -> Need:
    """A permission on the secret that a name or an ARN means; refused by what the caller wrote."""
    record = find_secret(invocation, secret_id)
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
    return Need(action, record.arn, secret_id, context, secret_arn=record.arn)


def find_secret(invocation: Invocation, secret_id: str) -> Any:
    """moto's record of a secret, None where there is none."""
    from moto.secretsmanager.models import secretsmanager_backends

    backend = secretsmanager_backends[invocation.account_id][invocation.region]
    for secret in list(backend.secrets.values()):
        if secret_id in (secret.name, secret.arn, secret.arn.rpartition("-")[0]):
            return secret
    return None


def _place(invocation: Invocation) -> str:
    return f"arn:aws:secretsmanager:{invocation.region}:{invocation.account_id}:secret:"
