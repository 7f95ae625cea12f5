"""Taking away what the lab made: all that carries this cluster's tag, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from irsa_helpers import pod_identity, pods, serviceaccounts, storage
from irsa_helpers.changes import TAG, Change, aws_tags, kubernetes_labels, may_apply
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.oidc import describe_provider, ensure_no_provider
from irsa_helpers.roles import ensure_no_role, tagged_roles
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

GONE_SECONDS = 60
POLL_SECONDS = 0.1


def cleanup(world: World, *, approve: bool = False) -> list[Change]:
    """Nothing that the lab made is left: Pods first, then roles and the provider, storage last.

    In a real world it lists what it would delete, until called with `approve=True`.
    """
    return [
        *_clean_cluster(world, approve=approve),
        *_clean_iam(world, approve=approve),
        *_clean_storage(world, approve=approve),
    ]


def _clean_cluster(world: World, *, approve: bool) -> Iterator[Change]:
    selector = "=".join(*kubernetes_labels(world).items())
    for metadata in _labelled(world, "apps/v1", "Deployment", selector):
        yield pods.ensure_no_deployment(
            world, metadata.name, namespace=metadata.namespace, approve=approve
        )
    for metadata in _labelled(world, "v1", "ServiceAccount", selector):
        yield serviceaccounts.ensure_no_service_account(
            world, metadata.name, namespace=metadata.namespace, approve=approve
        )
    for metadata in _labelled(world, "v1", "Namespace", selector):
        yield ensure_no_namespace(world, metadata.name, approve=approve)


def _labelled(world: World, api_version: str, kind: str, selector: str) -> list[Any]:
    """The metadata of all objects of a kind, in every namespace, that carry the label."""
    labelled: Any = world.resource(api_version, kind).get(label_selector=selector)
    return [body.metadata for body in labelled.items]


def ensure_no_namespace(world: World, name: str, *, approve: bool = False) -> Change:
    """The namespace is gone, if the lab made it; one that carries no label of the lab stays.

    Waits for what is in it to end. Raises IrsaLabError where that takes over a minute.
    """
    namespaces = world.resource("v1", "Namespace")
    namespace = kubernetes_object(namespaces, name)
    if namespace is None:
        return Change("none", "namespace", name)
    if not kubernetes_labels(world).items() <= dict(namespace.metadata.labels or {}).items():
        return Change("none", "namespace", name, ("it was not made by the lab",))
    planned = Change("delete", "namespace", name, ("with all that is in it",))
    if not may_apply(world, approve):
        return planned
    delete_object(namespaces, name)
    deadline = time.monotonic() + GONE_SECONDS
    while kubernetes_object(namespaces, name) is not None:
        if time.monotonic() > deadline:
            raise IrsaLabError(
                f"the namespace {name} is still Terminating after {GONE_SECONDS} s",
                next_step=f"kubectl get namespace {name} -o yaml tells what it waits for",
            )
        time.sleep(POLL_SECONDS)
    return planned.done()


def _clean_iam(world: World, *, approve: bool) -> Iterator[Change]:
    for namespace, account in list(pod_identity.tagged_associations(world)):
        yield pod_identity.ensure_no_association(
            world, account, namespace=namespace, approve=approve
        )
    for name in list(tagged_roles(world)):
        yield ensure_no_role(world, name, approve=approve)
    provider = describe_provider(world)
    if provider and aws_tags(world)[0] in provider.get("Tags", []):
        yield ensure_no_provider(world, approve=approve)


def _clean_storage(world: World, *, approve: bool) -> Iterator[Change]:
    for bucket in list(_tagged_buckets(world)):
        yield storage.ensure_no_bucket(world, bucket, approve=approve)
    for table in list(_tagged_tables(world)):
        yield storage.ensure_no_table(world, table, approve=approve)
    for secret in list(_tagged_secrets(world)):
        yield storage.ensure_no_secret(world, secret, approve=approve)


def _tagged_buckets(world: World) -> Iterator[str]:
    from botocore.exceptions import ClientError

    s3 = world.aws("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        try:
            tags = s3.get_bucket_tagging(Bucket=bucket["Name"])["TagSet"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchTagSet", "AccessDenied"}:
                raise
            continue
        if aws_tags(world)[0] in tags:
            yield bucket["Name"]


def _tagged_tables(world: World) -> Iterator[str]:
    dynamodb = world.aws("dynamodb")
    for page in dynamodb.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
            if aws_tags(world)[0] in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]:
                yield name


def _tagged_secrets(world: World) -> Iterator[str]:
    tagged = [{"Key": "tag-key", "Values": [TAG]}]
    for page in world.aws("secretsmanager").get_paginator("list_secrets").paginate(Filters=tagged):
        for secret in page["SecretList"]:
            if aws_tags(world)[0] in secret["Tags"]:
                yield secret["Name"]
