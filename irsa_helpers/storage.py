"""What the Pod wants to read: a bucket with objects, a DynamoDB table, a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_helpers.changes import Change, aws_tags, may_apply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from irsa_helpers.worlds import World


def ensure_bucket(
    world: World,
    name: str,
    *,
    objects: Mapping[str, str] | None = None,
    approve: bool = False,
) -> Change:
    """The bucket exists, and holds these objects (key to text); others are left alone."""
    s3, wanted = world.aws("s3"), dict(objects or {})
    exists = name in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    missing = {k: text for k, text in wanted.items() if not exists or not _has(s3, name, k, text)}
    details = tuple(f"put the object {key}" for key in missing)
    if exists and not missing:
        return Change("none", "S3 bucket", name)
    planned = Change("update" if exists else "create", "S3 bucket", name, details)
    if not may_apply(world, approve):
        return planned
    if not exists:
        _create_bucket(world, name)
    for key, text in missing.items():
        s3.put_object(Bucket=name, Key=key, Body=text.encode())
    return planned.done()


def _has(s3: Any, bucket: str, key: str, text: str) -> bool:
    try:
        return bool(s3.get_object(Bucket=bucket, Key=key)["Body"].read() == text.encode())
    except s3.exceptions.NoSuchKey:
        return False


def _create_bucket(world: World, name: str) -> None:
    """S3 wants the region named, except for us-east-1, where it refuses that."""
    s3, region = world.aws("s3"), world.region
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": aws_tags(world)})


def ensure_table(
    world: World, name: str, *, items: Sequence[Mapping[str, str]] = (), approve: bool = False
) -> Change:
    """The DynamoDB table exists, keyed by the string `id`; a new one gets these items."""
    dynamodb = world.aws("dynamodb")
    if _table(world, name) is not None:
        return Change("none", "DynamoDB table", name)
    how_many = "1 item" if len(items) == 1 else f"{len(items)} items"
    details = (how_many, "billed for each request, nothing while idle")
    planned = Change("create", "DynamoDB table", name, details)
    if not may_apply(world, approve):
        return planned
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=aws_tags(world),
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    for item in items:
        typed = {key: {"S": value} for key, value in item.items()}
        dynamodb.put_item(TableName=name, Item=typed)
    return planned.done()


def _table(world: World, name: str) -> dict[str, Any] | None:
    dynamodb = world.aws("dynamodb")
    try:
        return dict(dynamodb.describe_table(TableName=name)["Table"])
    except dynamodb.exceptions.ResourceNotFoundException:
        return None


def ensure_secret(
    world: World,
    name: str,
    *,
    value: str,
    tags: Mapping[str, str] | None = None,
    approve: bool = False,
) -> Change:
    """The Secrets Manager secret exists; a new one gets this value, and these tags."""
    secrets = world.aws("secretsmanager")
    try:
        secrets.describe_secret(SecretId=name)
    except secrets.exceptions.ResourceNotFoundException:
        planned = Change("create", "secret", name, ("billed by the month while it exists",))
    else:
        return Change("none", "secret", name)
    if not may_apply(world, approve):
        return planned
    given = [{"Key": key, "Value": text} for key, text in (tags or {}).items()]
    secrets.create_secret(Name=name, SecretString=value, Tags=[*aws_tags(world), *given])
    return planned.done()


def ensure_no_bucket(world: World, name: str, *, approve: bool = False) -> Change:
    """The bucket is gone, with all objects in it."""
    s3 = world.aws("s3")
    if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        return Change("none", "S3 bucket", name)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
    keys = [content["Key"] for page in pages for content in page.get("Contents", [])]
    planned = Change("delete", "S3 bucket", name, (f"with its {len(keys)} objects",))
    if not may_apply(world, approve):
        return planned
    for key in keys:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)
    return planned.done()


def ensure_no_table(world: World, name: str, *, approve: bool = False) -> Change:
    """The table is gone, with its items."""
    if _table(world, name) is None:
        return Change("none", "DynamoDB table", name)
    planned = Change("delete", "DynamoDB table", name)
    if not may_apply(world, approve):
        return planned
    world.aws("dynamodb").delete_table(TableName=name)
    return planned.done()


def ensure_no_secret(world: World, name: str, *, approve: bool = False) -> Change:
    """The secret is gone at once, with no days in which it could be restored."""
    secrets = world.aws("secretsmanager")
    try:
        secrets.describe_secret(SecretId=name)
    except secrets.exceptions.ResourceNotFoundException:
        return Change("none", "secret", name)
    planned = Change("delete", "secret", name)
    if not may_apply(world, approve):
        return planned
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    return planned.done()
