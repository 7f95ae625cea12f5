"""The keys of all accounts, by whatever a caller names them, and what their policies say.

Source: KMS API, "KeyId"; AWS KMS Developer Guide, "Key policies in AWS KMS", "Grants in AWS KMS"
and "Key states of AWS KMS keys".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy
from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.decisions.resource_policies import stored
from irsa_sandbox.aws.wire.invocations import Invocation

KEY_ID = re.compile(rb"[0-9a-f-]{36}")  # moto's ciphertexts begin with the id of their key


def find(account_id: str, region: str, named: str) -> Any:
    """moto's record of the key with that id, ARN, alias or alias's ARN; None where there is none.

    An ARN may be of another account.
    """
    parts = named.split(":", 5)
    owner, name = (parts[4], parts[5]) if len(parts) == 6 else (account_id, named)
    for key in _keys_of(owner, region):
        if name.removeprefix("key/") == key.id or name in key.aliases:
            return key
    return None


def of_ciphertext(region: str, blob: bytes) -> Any:
    """The key that made a ciphertext, whosever it is; None where there is none."""
    from moto.kms.models import kms_backends

    begin = KEY_ID.match(blob)
    key_id = begin[0].decode() if begin else ""
    keys = (key for account_id in list(kms_backends) for key in _keys_of(account_id, region))
    return next((key for key in keys if key.id == key_id), None)


def _keys_of(account_id: str, region: str) -> list[Any]:
    from moto.kms.models import kms_backends

    if account_id not in kms_backends:
        return []
    return list(kms_backends[account_id][region].keys.values())


def policy_on(invocation: Invocation, need: Need) -> tuple[Policy | None, str]:
    """What the key's policy and its grants say as one, and the key's account."""
    key = find(invocation.account_id, invocation.region, need.resource)
    if key is None:
        return None, ""
    policy = stored(key.policy)
    granted = stored(json.dumps(_granted(key))) if key.grants else None
    if policy is None or granted is None:
        return policy, key.account_id
    both = (*policy.statements, *granted.statements)
    numbered = tuple(replace(it, index=index) for index, it in enumerate(both))
    return replace(policy, statements=numbered), key.account_id


def _granted(key: Any) -> dict[str, Any]:
    """The key's grants, written as statements of a policy."""
    return {"Version": "2012-10-17", "Statement": list(map(_statement, key.grants.values()))}


def _statement(grant: Any) -> dict[str, Any]:
    return {
        "Sid": f"Grant{grant.id}",
        "Effect": "Allow",
        "Principal": {"AWS": grant.grantee_principal},
        "Action": [f"kms:{operation}" for operation in grant.operations],
        "Resource": "*",
        "Condition": dict(_conditions(grant.constraints or {})),
    }


def _conditions(constraints: dict[str, dict[str, str]]) -> Iterator[tuple[str, Any]]:
    """A grant's constraint on the encryption context, as conditions."""
    exact, subset = (constraints.get(f"EncryptionContext{kind}") for kind in ("Equals", "Subset"))
    wanted = exact or subset or {}
    if wanted:
        context = {f"kms:EncryptionContext:{key}": text for key, text in wanted.items()}
        yield "StringEquals", context
    if exact:
        yield "ForAllValues:StringEquals", {"kms:EncryptionContextKeys": list(exact)}


def use_of(key: Any, action: str, context: dict[str, str | list[str]]) -> Need:
    """The permission for an action on a key; `context` is what the call adds to what it has."""
    from moto.kms.models import kms_backends

    tags = kms_backends[key.account_id][key.region].tagger.get_tag_dict_for_resource(key.id)
    own: dict[str, str | list[str]] = {
        "kms:ResourceAliases": list(key.aliases),
        "kms:KeySpec": key.key_spec,
        **{f"aws:ResourceTag/{name}": value for name, value in tags.items()},
    }
    return Need(f"kms:{action}", key.arn, key.arn, own | context)


def of_encryption_context(pairs: dict[str, str]) -> dict[str, str | list[str]]:
    """The condition keys of a call's encryption context."""
    if not pairs:
        return {}
    by_name = {f"kms:EncryptionContext:{name}": text for name, text in pairs.items()}
    return {**by_name, "kms:EncryptionContextKeys": list(pairs)}


def usable(key: Any) -> None:
    """Return when the key may be used. Raises AwsError as KMS does for one that is switched off."""
    if key.key_state == "Disabled":
        raise AwsError("DisabledException", 400, f"{key.arn} is disabled.")
    if key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", 400, f"{key.arn} is pending deletion.")


def blob_of(text: Any) -> bytes:
    """The bytes of a parameter, which comes as bytes or in base64."""
    return text if isinstance(text, bytes) else base64.b64decode(str(text), validate=False)
