"""KMS: symmetric keys, their policies and grants.

Source: KMS API, botocore kms/2014-11-01; Service Authorization Reference, "Actions, resources, and
condition keys for AWS Key Management Service".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import PolicyError, parse_policy
from irsa_sandbox.aws.decisions.need import Rules
from irsa_sandbox.aws.decisions.resource_policies import lacks_principal
from irsa_sandbox.aws.services.kms import keys, needs
from irsa_sandbox.aws.services.record import Around, Call, Service
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, json_answer

# What is for asymmetric and HMAC keys, for keys of several regions and for material from outside.
_ABSENT = (
    *("Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac", "DeriveSharedSecret"),
    *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "ReplicateKey"),
    *("UpdatePrimaryRegion", "ImportKeyMaterial", "GetParametersForImport"),
)
_USES = ("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
# Operations that change no record: a new ciphertext is nobody's but the caller's.
_PURE = (*_USES, "GenerateRandom")
UNKNOWN_KEY = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this "
    "region, or you are not allowed to access."
)


async def _on_key(call: Call) -> Answer:
    """The answer of an operation on a key, asked of the account that the key is in."""
    _check_ciphertext(call.invocation)
    call.check()
    return await call.perform(_at_home(call.invocation))


def _check_ciphertext(invocation: Invocation) -> None:
    """Return when the key of the call's ciphertext, if it has one, is there. Raises AwsError."""
    if "CiphertextBlob" not in invocation.parameters:
        return
    blob = keys.blob_of(invocation.parameters["CiphertextBlob"])
    if keys.KEY_ID.match(blob) is None:
        raise AwsError("InvalidCiphertextException", 400, "")
    if needs.source_of(invocation) is None:
        raise AwsError("AccessDeniedException", 400, UNKNOWN_KEY)


def _at_home(invocation: Invocation) -> Invocation:
    """The call as the key's own account would make it, with the key's id: moto knows no more."""
    key = needs.key_of(invocation)
    if key is None:
        return invocation
    body = json.loads(invocation.body)
    named = {"KeyId": key.id} if "KeyId" in body else {}
    return replace(
        invocation,
        account_id=key.account_id,
        body=json.dumps(body | named).encode(),
        parameters=invocation.parameters | named,
    )


async def _absent(call: Call) -> Answer:
    raise call.not_implemented()


def _check_new(invocation: Invocation) -> None:
    """Return when the sandbox can make such a key. Raises AwsError."""
    wanted = invocation.parameters
    for name, only in (("KeySpec", "SYMMETRIC_DEFAULT"), ("KeyUsage", "ENCRYPT_DECRYPT")):
        if wanted.get(name, only) != only:
            text = f"The sandbox does not implement kms:CreateKey with the {name} {wanted[name]}."
            raise common_error("not-implemented", "json", text)
    if wanted.get("Policy"):
        _check_policy(invocation)


def _check_policy(invocation: Invocation) -> None:
    """Return when KMS would store the policy. Raises AwsError.

    KMS also refuses one that would lock the caller out; here the administrator is never locked out.
    """
    code = "MalformedPolicyDocumentException"
    try:
        policy = parse_policy(str(invocation.parameters.get("Policy", "")))
    except PolicyError as error:
        raise AwsError(code, 400, error.message) from error
    if lacks_principal(policy):
        raise AwsError(
            code, 400, "Policy contains a statement with one or more invalid principals."
        )


def _check_use(invocation: Invocation) -> None:
    """Return when the keys of a call are the right ones and switched on. Raises AwsError."""
    own, source = needs.key_of(invocation), needs.source_of(invocation)
    for key in (source, own):
        if key is not None:
            keys.usable(key)
    if invocation.operation == "Decrypt" and own is not source:
        text = "The key ID in the request does not identify a CMK that can perform this operation."
        raise AwsError("IncorrectKeyException", 400, text)


def _policy(invocation: Invocation, _: Around) -> Answer:
    key = _existing(invocation)
    return json_answer({"Policy": key.policy, "PolicyName": "default"})


def _put_policy(invocation: Invocation, _: Around) -> Answer:
    _existing(invocation).policy = str(invocation.parameters["Policy"])
    return json_answer({})


def _existing(invocation: Invocation) -> Any:
    """The key that a call names; its policy has one name. Raises AwsError."""
    if invocation.parameters.get("PolicyName", "default") != "default":
        raise AwsError("NotFoundException", 400, "No such policy exists")
    key = needs.key_of(invocation)
    if key is None:
        named = str(invocation.parameters.get("KeyId", ""))
        arn = named if named.startswith("arn:") else f"{needs.place(invocation)}key/{named}"
        raise AwsError("NotFoundException", 400, f"Key '{arn}' does not exist")
    return key


def _prepare(_: Callable[[], datetime]) -> None:
    """Keys are the same at each start, made fast, and authorised by us.

    moto makes an RSA key beside each symmetric one, and has a reading of policies of its own.
    """
    from moto.kms import models, responses
    from moto.moto_api._internal import mock_random

    vars(models)["generate_master_key"] = lambda: mock_random.randbytes(32)
    vars(models)["generate_private_key"] = lambda _: None
    vars(responses)["validate_policy"] = lambda *_: None


SERVICE = Service(
    "kms",
    endpoint="kms",
    moto="moto.kms.responses:KmsResponse",
    prepare=_prepare,
    rules=Rules(needs.of, keys.policy_on),
    checks={
        "CreateKey": _check_new,
        "PutKeyPolicy": _check_policy,
        **dict.fromkeys(_USES, _check_use),
    },
    performs={"GetKeyPolicy": _policy, "PutKeyPolicy": _put_policy},
    idle=dict.fromkeys(_PURE, lambda _: True),
    answers={**dict.fromkeys(needs.ON_KEY, _on_key), **dict.fromkeys(_ABSENT, _absent)},
)
