"""What S3's operations ask permission for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote

from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.services.s3 import encryption
from irsa_sandbox.aws.wire.invocations import Invocation

# Operation -> action where the names differ; all on the bucket.
_BUCKET_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    **{
        name: name
        for name in (
            *("CreateBucket", "DeleteBucket", "GetBucketLocation", "GetBucketAcl", "PutBucketAcl"),
            *("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicyStatus"),
            *("GetBucketTagging", "PutBucketTagging", "GetBucketVersioning", "PutBucketVersioning"),
            *("GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"),
            *("GetBucketLogging", "PutBucketLogging"),
            *("GetBucketOwnershipControls", "PutBucketOwnershipControls"),
        )
    },
}
_OBJECT_ACTIONS = {
    "HeadObject": "GetObject",
    "UploadPart": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "GetObjectAttributes": "GetObject",
    **{
        name: name
        for name in (
            *("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"),
            *("GetObjectAcl", "PutObjectAcl", "RestoreObject"),
            *("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
            *("GetObjectRetention", "PutObjectRetention"),
            *("GetObjectLegalHold", "PutObjectLegalHold"),
        )
    },
}
# Actions that are another one when a version is named.
_VERSIONED = {
    name: name.replace("Object", "ObjectVersion", 1)
    for name in (
        *("GetObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl"),
        *("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
    )
}
_LISTING = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
}


def of(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call of S3 needs, those on the keys of KMS that it uses among them."""
    own = _of_s3(invocation)
    if own is None:
        return None
    source = _copy_source(invocation.parameters.get("CopySource", ""))
    return [*own, *encryption.needs(invocation, source)]


def _of_s3(invocation: Invocation) -> list[Need] | None:
    operation, parameters = invocation.operation, invocation.parameters
    bucket = parameters.get("Bucket", "")
    if operation == "ListBuckets":
        return [Need("s3:ListAllMyBuckets", "*")]
    if operation in _BUCKET_ACTIONS:
        return [bucket_need(_BUCKET_ACTIONS[operation], bucket, _listing(parameters))]
    if operation in _OBJECT_ACTIONS:
        return [_object(_OBJECT_ACTIONS[operation], bucket, parameters)]
    if operation in ("CopyObject", "UploadPartCopy"):
        source_bucket, source_key, version = _copy_source(parameters.get("CopySource", ""))
        source = {"Key": source_key, "VersionId": version}
        return [
            _object("GetObject", source_bucket, source),
            _object("PutObject", bucket, parameters),
        ]
    if operation == "DeleteObjects":
        return [deletion_need(bucket, it) for it in deleted(parameters)]
    return None


def bucket_need(
    action: str, bucket: str, context: dict[str, str | list[str]] | None = None
) -> Need:
    """A permission on a bucket."""
    arn = f"arn:aws:s3:::{bucket}"
    return Need(f"s3:{action}", arn, f'"{arn}"', context or {})


def _object(action: str, bucket: str, parameters: dict[str, Any]) -> Need:
    context: dict[str, str | list[str]] = {}
    if version := parameters.get("VersionId"):
        action = _VERSIONED.get(action, action)
        context["s3:VersionId"] = version
    for name, key in (
        ("ServerSideEncryption", "s3:x-amz-server-side-encryption"),
        ("ACL", "s3:x-amz-acl"),
        ("StorageClass", "s3:x-amz-storage-class"),
    ):
        if name in parameters:
            context[key] = str(parameters[name])
    arn = f"arn:aws:s3:::{bucket}/{parameters.get('Key', '')}"
    return Need(f"s3:{action}", arn, f'"{arn}"', context)


def _listing(parameters: dict[str, Any]) -> dict[str, str | list[str]]:
    return {key: str(parameters[name]) for name, key in _LISTING.items() if name in parameters}


def _copy_source(text: str) -> tuple[str, str, str]:
    """Bucket, key and version of a copy's source: `bucket/key?versionId=v`."""
    path, _, query = text.partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, dict(parse_qsl(query)).get("versionId", "")


def deletion_need(bucket: str, deleted_object: dict[str, Any]) -> Need:
    """The permission to delete one of the objects that a call lists."""
    return _object("DeleteObject", bucket, deleted_object)


def deleted(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects that `DeleteObjects` lists."""
    objects = (parameters.get("Delete") or {}).get("Objects") or []
    return [it for it in objects if isinstance(it, dict)]
