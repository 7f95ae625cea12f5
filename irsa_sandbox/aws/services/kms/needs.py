"""What KMS's operations ask permission for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Key
Management Service"; KMS API, each operation's "Required permissions".
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.services.kms import keys
from irsa_sandbox.aws.wire.invocations import Invocation

_ACCOUNT_OPERATIONS = {"CreateKey", "ListKeys", "ListAliases", "GenerateRandom"}
ON_KEY = (
    *("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey"),
    *("EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion"),
    *("GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies", "UpdateKeyDescription"),
    *("EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"),
    *("CreateGrant", "ListGrants", "RevokeGrant"),
    *("TagResource", "UntagResource", "ListResourceTags"),
)
# Operation -> the parameter that names its key, where it is another one.
KEY = {"CreateAlias": "TargetKeyId", "UpdateAlias": "TargetKeyId", "ReEncrypt": "DestinationKeyId"}


def of(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call of KMS needs."""
    operation = invocation.operation
    if operation in _ACCOUNT_OPERATIONS:
        return [Need(f"kms:{operation}", "*")]
    if operation in ON_KEY:
        return [_on_key(invocation, operation, key_of(invocation))]
    if operation == "ReEncrypt":
        return [
            _on_key(invocation, "ReEncryptFrom", source_of(invocation), "Source"),
            _on_key(invocation, "ReEncryptTo", key_of(invocation), "Destination"),
        ]
    if operation in {"CreateAlias", "UpdateAlias", "DeleteAlias"}:
        return _on_alias(invocation)
    return None


def key_of(invocation: Invocation) -> Any:
    """The key that a call is about: named, or that of its ciphertext; None where there is none."""
    named = invocation.parameters.get(KEY.get(invocation.operation, "KeyId"))
    if named is None:
        return source_of(invocation)
    return keys.find(invocation.account_id, invocation.region, str(named))


def source_of(invocation: Invocation) -> Any:
    """The key that made the call's ciphertext; None where it has none, or the key is not there."""
    blob = invocation.parameters.get("CiphertextBlob")
    return None if blob is None else keys.of_ciphertext(invocation.region, keys.blob_of(blob))


def place(invocation: Invocation) -> str:
    """How the ARNs of the caller's account and region begin."""
    return f"arn:aws:kms:{invocation.region}:{invocation.account_id}:"


def _on_key(invocation: Invocation, action: str, key: Any, side: str = "") -> Need:
    """A permission on a key; on what the caller wrote where there is no such key."""
    parameters = invocation.parameters
    if key is None:
        named = str(parameters.get(KEY.get(invocation.operation, "KeyId"), "*"))
        arn = (
            named if named.startswith("arn:") or named == "*" else f"{place(invocation)}key/{named}"
        )
        return Need(f"kms:{action}", arn, arn)
    pairs = parameters.get(f"{side}EncryptionContext") or {}
    context = keys.of_encryption_context(pairs)
    if str(parameters.get("KeyId", "")).rpartition(":")[2].startswith("alias/"):
        context["kms:RequestAlias"] = str(parameters["KeyId"]).rpartition(":")[2]
    return keys.use_of(key, action, context)


def _on_alias(invocation: Invocation) -> list[Need]:
    """An alias is changed by whoever may change both it and each key that it means."""
    action, name = f"kms:{invocation.operation}", str(invocation.parameters.get("AliasName", ""))
    meant = [keys.find(invocation.account_id, invocation.region, name), key_of(invocation)]
    arn = f"{place(invocation)}{name}"
    own = [keys.use_of(key, invocation.operation, {}) for key in meant if key is not None]
    return [Need(action, arn, arn), *own]
