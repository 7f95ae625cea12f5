"""Objects that are encrypted with a customer's key of KMS: whoever reads or writes one uses it.

Source: S3 User Guide, "Using server-side encryption with AWS KMS keys", "Permissions" and
"Encryption context". Objects under the key that AWS keeps for S3 (`aws/s3`) need no right of their
own here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.services.kms import keys
from irsa_sandbox.aws.services.s3.bucket_policies import find as find_bucket
from irsa_sandbox.aws.wire.invocations import Invocation

MANAGED = ("alias/aws/s3",)
_READS = {"GetObject"}
_WRITES = {"PutObject", "CreateMultipartUpload", "CopyObject"}
# Whoever writes the later parts has S3 read the key that the first call made.
_PARTS = {"UploadPart", "CompleteMultipartUpload"}


def needs(invocation: Invocation, source: tuple[str, str, str]) -> Iterator[Need]:
    """What the call needs of keys; `source` is bucket, key and version that it copies from."""
    operation, parameters = invocation.operation, invocation.parameters
    target = (parameters.get("Bucket", ""), parameters.get("Key", ""))
    if operation in _READS:
        yield from _use(invocation, "Decrypt", *target, parameters.get("VersionId", ""))
    if operation == "CopyObject":
        yield from _use(invocation, "Decrypt", *source)
    if operation in _WRITES:
        named = _named_for(invocation)
        yield from _use_of(invocation, "GenerateDataKey", named, *target)
    if operation in _PARTS:
        named = _of_upload(invocation)
        yield from _use_of(invocation, "Decrypt", named, *target)


def check(invocation: Invocation) -> None:
    """Return when the key that a new object is to have can be used. Raises AwsError."""
    _must_be_usable(invocation, _named_for(invocation))


def check_read(invocation: Invocation) -> None:
    """Return when the key of the object that is read can be used. Raises AwsError."""
    parameters = invocation.parameters
    names = parameters.get("Bucket", ""), parameters.get("Key", ""), parameters.get("VersionId", "")
    _must_be_usable(invocation, _named_in(_record(*names)))


def _must_be_usable(invocation: Invocation, named: str) -> None:
    """S3 tells what KMS says, with KMS before the code. Raises AwsError."""
    if not named:
        return
    key = keys.find(invocation.account_id, invocation.region, named)
    if key is None:
        raise AwsError("KMS.NotFoundException", 400, f"Invalid keyId {named}")
    try:
        keys.usable(key)
    except AwsError as error:
        raise AwsError(f"KMS.{error.code}", error.http_status, error.message) from error


def _use(
    invocation: Invocation, action: str, bucket: str, name: str, version: str
) -> Iterator[Need]:
    """The use of the key of an object that is there."""
    record = _record(bucket, name, version)
    yield from _use_of(invocation, action, _named_in(record), bucket, name)


def _use_of(
    invocation: Invocation, action: str, named: str, bucket: str, name: str
) -> Iterator[Need]:
    if not named:
        return
    pairs = {"aws:s3:arn": f"arn:aws:s3:::{bucket}" + f"/{name}" * (not _has_bucket_key(bucket))}
    context = keys.of_encryption_context(pairs)
    context["kms:ViaService"] = f"s3.{invocation.region}.amazonaws.com"
    key = keys.find(invocation.account_id, invocation.region, named)
    if key is None:
        yield Need(f"kms:{action}", named, named, context)
    else:
        yield keys.use_of(key, action, context)


def _named_for(invocation: Invocation) -> str:
    """The key that a new object is to have: of the call, or else of the bucket; empty for none."""
    parameters = invocation.parameters
    default = _default(parameters.get("Bucket", ""))
    algorithm = parameters.get("ServerSideEncryption") or default.get("SSEAlgorithm")
    return _customers(algorithm, parameters.get("SSEKMSKeyId") or default.get("KMSMasterKeyID"))


def _of_upload(invocation: Invocation) -> str:
    """The key of an object that is written in parts, as its first call had it made."""
    bucket = find_bucket(invocation.parameters.get("Bucket", ""))
    uploads = bucket.multiparts if bucket is not None else {}
    upload = uploads.get(invocation.parameters.get("UploadId", ""))
    if upload is None:
        return ""
    default = _default(bucket.name)
    algorithm = upload.sse_encryption or default.get("SSEAlgorithm")
    return _customers(algorithm, upload.kms_key_id or default.get("KMSMasterKeyID"))


def _named_in(record: Any) -> str:
    return _customers(record.encryption, record.kms_key_id) if record is not None else ""


def _customers(algorithm: str | None, named: str | None) -> str:
    """How the key is named where it is a customer's; else empty."""
    by_key = (algorithm or "").startswith("aws:kms")
    return named if by_key and named and not named.endswith(MANAGED) else ""


def _default(bucket: str) -> dict[str, str]:
    """The bucket's default encryption: `SSEAlgorithm` and perhaps `KMSMasterKeyID`."""
    rule = _rule(bucket)
    default: dict[str, str] = rule.get("ApplyServerSideEncryptionByDefault") or {}
    return default


def _has_bucket_key(bucket: str) -> bool:
    return str(_rule(bucket).get("BucketKeyEnabled", "")).lower() == "true"


def _rule(bucket: str) -> dict[str, Any]:
    record = find_bucket(bucket)
    encryption = record.encryption if record is not None else None
    return (encryption or {}).get("Rule") or {}


def _record(bucket: str, name: str, version: str = "") -> Any:
    """moto's record of an object; None where there is none."""
    record = find_bucket(bucket)
    if record is None:
        return None
    kept = record.keys.getlist(name, []) if version else [record.keys.get(name)]
    # A delete marker has no encryption.
    objects = [it for it in kept if hasattr(it, "encryption")]
    return next((it for it in objects if version in ("", str(it.version_id))), None)
