"""KMS, and S3 under a customer's key: a key's own policy is asked first, then IAM's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, Endpoint, assume
from botocore.exceptions import ClientError

from irsa_sandbox.aws import Aws

BUCKET = "enginrect-sealed"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
LEFT_TO_IAM = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}


def policy(*statements: dict[str, Any]) -> str:
    """A policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(call: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
    """Code and message of a call that must be refused."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error: dict[str, Any] = raised.value.response["Error"]
    return error


@pytest.fixture(scope="module")
def key(endpoint: Endpoint) -> str:
    """The ARN of a key with the policy that KMS gives where nobody writes one."""
    return str(endpoint.client("kms").create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def allow(endpoint: Endpoint, role: str) -> Callable[..., None]:
    """`allow(*statements)`: the role's one policy says this, and nothing else."""

    def put(*statements: dict[str, Any]) -> None:
        document = policy(*statements)
        iam, name = endpoint.client("iam"), role.rpartition("/")[2]
        iam.put_role_policy(RoleName=name, PolicyName="app", PolicyDocument=document)

    return put


@pytest.fixture
def as_role(endpoint: Endpoint, role: str) -> Callable[[str], Any]:
    """A client of the role's session."""
    session = assume(endpoint, role)["Credentials"]
    return lambda service: endpoint.client(service, session)


@pytest.fixture(autouse=True)
def _default_policy(endpoint: Endpoint, key: str, allow: Callable[..., None]) -> None:
    """Each test begins with the key left to IAM, and a role that may do something else alone."""
    endpoint.client("kms").put_key_policy(KeyId=key, Policy=policy(LEFT_TO_IAM))
    allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})


def test_a_data_key_can_be_opened_again_by_whoever_may(
    key: str, allow: Callable[..., None], as_role: Callable[[str], Any]
) -> None:
    allow({"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key})
    kms = as_role("kms")
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"for": "tests"})
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"for": "tests"})
    assert (opened["Plaintext"], opened["KeyId"]) == (made["Plaintext"], key)
    other = {"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": {"for": "others"}}
    assert refusal(kms.decrypt, **other)["Code"] == "InvalidCiphertextException"
    assert "kms:Encrypt on resource" in refusal(kms.encrypt, KeyId=key, Plaintext=b"x")["Message"]


def test_a_refusal_says_which_side_is_missing(
    endpoint: Endpoint, key: str, allow: Callable[..., None], as_role: Callable[[str], Any]
) -> None:
    admin, kms = endpoint.client("kms"), as_role("kms")
    sealed = {"CiphertextBlob": admin.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]}
    who = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/enginrect-irsa-role/pod is not authorized"
    begin = f"{who} to perform: kms:Decrypt on resource: {key} because no"
    assert refusal(kms.decrypt, **sealed) == {
        "Code": "AccessDeniedException",
        "Message": f"{begin} identity-based policy allows the kms:Decrypt action",
    }
    allow({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key})
    assert kms.decrypt(**sealed)["Plaintext"] == b"x"
    admins = {**LEFT_TO_IAM, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/keepers"}}
    endpoint.client("iam").create_role(RoleName="keepers", AssumeRolePolicyDocument=policy(LETS_IN))
    admin.put_key_policy(KeyId=key, Policy=policy(admins))
    assert (
        refusal(kms.decrypt, **sealed)["Message"]
        == f"{begin} resource-based policy allows the kms:Decrypt action"
    )


LETS_IN = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def test_the_keys_policy_alone_is_enough_and_so_is_a_grant(
    endpoint: Endpoint, key: str, role: str, as_role: Callable[[str], Any]
) -> None:
    admin, kms = endpoint.client("kms"), as_role("kms")
    named = {**LEFT_TO_IAM, "Principal": {"AWS": role}, "Action": "kms:Encrypt"}
    admin.put_key_policy(KeyId=key, Policy=policy(named))
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refusal(kms.decrypt, CiphertextBlob=sealed)["Code"] == "AccessDeniedException"
    constraint = {"EncryptionContextEquals": {"for": "tests"}}
    granted = admin.create_grant(
        KeyId=key, GranteePrincipal=role, Operations=["Decrypt"], Constraints=constraint
    )
    assert refusal(kms.decrypt, CiphertextBlob=sealed)["Code"] == "AccessDeniedException"
    context = {"EncryptionContext": {"for": "tests"}}
    sealed = admin.encrypt(KeyId=key, Plaintext=b"y", **context)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, **context)["Plaintext"] == b"y"
    admin.revoke_grant(KeyId=key, GrantId=granted["GrantId"])
    assert refusal(kms.decrypt, CiphertextBlob=sealed, **context)["Code"] == "AccessDeniedException"


def test_an_alias_stands_for_its_key(
    endpoint: Endpoint, key: str, allow: Callable[..., None], as_role: Callable[[str], Any]
) -> None:
    endpoint.client("kms").create_alias(AliasName="alias/orders", TargetKeyId=key)
    condition = {"StringEquals": {"kms:RequestAlias": "alias/orders"}}
    allow({"Effect": "Allow", "Action": "kms:*", "Resource": key, "Condition": condition})
    kms = as_role("kms")
    assert kms.encrypt(KeyId="alias/orders", Plaintext=b"x")["KeyId"] == key
    assert refusal(kms.encrypt, KeyId=key, Plaintext=b"x")["Code"] == "AccessDeniedException"


def test_a_key_that_is_switched_off_serves_nobody(endpoint: Endpoint) -> None:
    kms = endpoint.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    expected = {"Code": "DisabledException", "Message": f"{key} is disabled."}
    assert refusal(kms.decrypt, CiphertextBlob=sealed) == expected
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    assert refusal(kms.encrypt, KeyId=key, Plaintext=b"x")["Code"] == "KMSInvalidStateException"


def test_what_is_not_here_says_so(endpoint: Endpoint, key: str) -> None:
    kms = endpoint.client("kms")
    new = refusal(kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert "does not implement kms:CreateKey with the KeySpec RSA_2048" in new["Message"]
    assert (
        "does not implement kms:GetPublicKey" in refusal(kms.get_public_key, KeyId=key)["Message"]
    )
    odd = refusal(kms.decrypt, CiphertextBlob=b"no ciphertext")
    assert odd["Code"] == "InvalidCiphertextException"
    gone = refusal(kms.decrypt, CiphertextBlob=b"0" * 100)["Message"]
    assert gone.startswith("The ciphertext refers to a customer master key that does not exist")
    listed = refusal(kms.get_key_policy, KeyId=["x"])
    assert listed["Code"] in {"NotFoundException", "SerializationException", "ValidationException"}
    empty = refusal(kms.put_key_policy, KeyId=key, Policy='{"Version": "2012-10-17"}')
    assert empty["Code"] == "MalformedPolicyDocumentException"


@pytest.fixture(scope="module")
def bucket(endpoint: Endpoint, key: str) -> str:
    """A bucket whose objects are encrypted with that key, and one object in it."""
    s3 = endpoint.client("s3")
    place = {"LocationConstraint": endpoint.settings.region}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)
    s3.put_object(Bucket=BUCKET, Key="hello.txt", Body=b"hello")
    return BUCKET


def test_an_object_under_a_customers_key_is_read_with_that_key(
    bucket: str, key: str, allow: Callable[..., None], as_role: Callable[[str], Any]
) -> None:
    s3, wanted = as_role("s3"), {"Bucket": bucket, "Key": "hello.txt"}
    refused = refusal(s3.get_object, **wanted)
    assert refused["Code"] == "AccessDenied"
    assert refused["Message"].endswith(
        f"to perform: kms:Decrypt on resource: {key} because no identity-based policy allows the "
        "kms:Decrypt action"
    )
    assert s3.head_object(**wanted)["SSEKMSKeyId"] == key
    context = {
        "kms:ViaService": "s3.ap-northeast-2.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}/hello.txt",
    }
    use = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    rest = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    allow(rest, {**use, "Condition": {"StringEquals": context}})
    assert s3.get_object(**wanted)["Body"].read() == b"hello"
    written = {"Bucket": bucket, "Key": "new.txt", "Body": b"new"}
    assert "kms:GenerateDataKey on resource" in refusal(s3.put_object, **written)["Message"]
    copied = {"Bucket": bucket, "Key": "copy.txt", "CopySource": f"{bucket}/hello.txt"}
    assert "kms:GenerateDataKey on resource" in refusal(s3.copy_object, **copied)["Message"]
    allow(rest, {**use, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]})
    assert s3.copy_object(**copied)["CopyObjectResult"]


def test_a_long_object_is_written_in_parts_with_the_key(
    bucket: str, key: str, allow: Callable[..., None], as_role: Callable[[str], Any]
) -> None:
    rest = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    allow(rest, {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key})
    s3, named = as_role("s3"), {"Bucket": bucket, "Key": "long.txt"}
    part = {**named, "UploadId": s3.create_multipart_upload(**named)["UploadId"], "PartNumber": 1}
    assert "kms:Decrypt on resource" in refusal(s3.upload_part, **part, Body=b"long")["Message"]
    allow(
        rest, {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": key}
    )
    assert s3.upload_part(**part, Body=b"long")["ETag"]


def test_s3_tells_of_a_key_that_is_not_there_or_switched_off(
    endpoint: Endpoint, bucket: str, key: str
) -> None:
    s3, kms = endpoint.client("s3"), endpoint.client("kms")
    wrong = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/none"}
    assert refusal(s3.put_object, Bucket=bucket, Key="x", Body=b"x", **wrong) == {
        "Code": "KMS.NotFoundException",
        "Message": "Invalid keyId alias/none",
    }
    kms.disable_key(KeyId=key)
    refused = refusal(s3.get_object, Bucket=bucket, Key="hello.txt")
    kms.enable_key(KeyId=key)
    assert refused == {"Code": "KMS.DisabledException", "Message": f"{key} is disabled."}


def test_a_key_outlives_a_restart_and_its_ciphertexts_with_it(
    endpoint: Endpoint, key: str, restart: Callable[[], Aws]
) -> None:
    kms = endpoint.client("kms")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    restart()
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"
    assert kms.get_key_policy(KeyId=key)["Policy"] == policy(LEFT_TO_IAM)
