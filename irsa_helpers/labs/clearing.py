"""Taking a lab out of the world again, wherever the learner left it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from irsa_helpers import pod_identity, roles, storage
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.identities import inline_policies, read_identities
from irsa_helpers.labs.readers import gives
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object
from irsa_helpers.worlds.sandbox import in_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.worlds import World

WEBHOOK = "pod-identity-webhook"
NODE_ROLE = "enginrect-node-role"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
# The sandbox's other accounts, where a lab may have a provider of its own.
OTHER_ACCOUNTS = ("444455556666", "777788889999")


def clear_scene(world: World, namespace: str) -> None:
    """Nothing of that lab is left: its namespaces, and in each account what bears its name."""
    include_in_webhook(world, namespace)
    own = namespaces_of(world, namespace)
    for name in own:
        delete_object(world.resource("v1", "Namespace"), name)
    for name in own:
        _wait_until_gone(world, name)
    for account in (world, *(in_account(world, number) for number in OTHER_ACCOUNTS)):
        _clear_account(account, namespace)
    _close_node(world, namespace)
    pages = world.aws("eks").get_paginator("list_pod_identity_associations")
    for page in pages.paginate(clusterName=world.cluster_name):
        for association in page["associations"]:
            if association["namespace"] in {namespace, *own}:
                pod_identity.ensure_no_association(
                    world, association["serviceAccount"], namespace=association["namespace"]
                )


def namespaces_of(world: World, namespace: str) -> list[str]:
    """The lab's own namespace and those that it has beside it, as `lab-31-…`, where they are."""
    namespaces: Any = world.resource("v1", "Namespace")
    names = [item.metadata.name for item in namespaces.get().items]
    return [name for name in names if name == namespace or name.startswith(f"{namespace}-")]


def _clear_account(world: World, namespace: str) -> None:
    """No role, policy, bucket, secret or person of the lab is left in the account.

    Who has another name keeps nothing that is about the lab: a tempting fix gives it to the node.
    """
    prefix, identities = f"{namespace}-", read_identities(world)
    for role in identities["RoleDetailList"]:
        if role["RoleName"].startswith(prefix):
            roles.ensure_no_role(world, role["RoleName"])
        else:
            _forget(world, role, namespace)
    # Roles go first: IAM keeps a policy that is the boundary of one.
    for policy in identities["Policies"]:
        if policy["Arn"].rpartition("/")[2].startswith(prefix):
            _delete_policy(world, policy["Arn"])
    for user in identities["UserDetailList"]:
        if user["UserName"].startswith(prefix):
            delete_person(world, user["UserName"])
    for group in identities["GroupDetailList"]:
        if group["GroupName"].startswith(prefix):
            _delete_group(world, group)
    for bucket in world.aws("s3").list_buckets()["Buckets"]:
        if bucket["Name"].startswith(prefix):
            _delete_bucket(world, bucket["Name"])
    _clear_secrets(world, prefix)
    _clear_keys(world, prefix)
    _clear_queues(world, prefix)


def _clear_keys(world: World, prefix: str) -> None:
    """No alias of that beginning is left, and its key is to be deleted."""
    kms = world.aws("kms")
    for page in kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"].startswith(f"alias/{prefix}"):
                kms.schedule_key_deletion(KeyId=alias["TargetKeyId"], PendingWindowInDays=7)
                kms.delete_alias(AliasName=alias["AliasName"])


def _clear_queues(world: World, prefix: str) -> None:
    sqs = world.aws("sqs")
    for page in sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix):
        for url in page.get("QueueUrls", ()):
            sqs.delete_queue(QueueUrl=url)


def _clear_secrets(world: World, prefix: str) -> None:
    """No secret of that beginning is left, not even to be restored."""
    secrets = world.aws("secretsmanager")
    for page in secrets.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            if secret["Name"].startswith(prefix):
                secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


def _forget(world: World, role: dict[str, Any], namespace: str) -> None:
    """The role has no inline policy that bears the lab's name, or names something of the lab."""
    for name, document in inline_policies(role).items():
        if name == namespace or f":{namespace}-" in json.dumps(document):
            world.aws("iam").delete_role_policy(RoleName=role["RoleName"], PolicyName=name)


def _close_node(world: World, namespace: str) -> None:
    """The node's role may not read the lab's buckets, by whatever policy a learner gave it."""
    iam, role = world.aws("iam"), roles.describe_role(world, NODE_ROLE)
    if role is None:
        return
    resource = f"arn:aws:s3:::{namespace}-data-{world.cluster.account_id}/any"
    for name, document in role["InlinePolicies"].items():
        if gives(role["Arn"], [document], None, resource):
            iam.delete_role_policy(RoleName=NODE_ROLE, PolicyName=name)
    for arn in role["AttachedPolicies"]:
        if gives(role["Arn"], [roles.managed_policy(world, arn)], None, resource):
            iam.detach_role_policy(RoleName=NODE_ROLE, PolicyArn=arn)


def _delete_group(world: World, group: dict[str, Any]) -> None:
    iam, name = world.aws("iam"), group["GroupName"]
    for user in iam.get_group(GroupName=name)["Users"]:
        iam.remove_user_from_group(GroupName=name, UserName=user["UserName"])
    for policy in inline_policies(group):
        iam.delete_group_policy(GroupName=name, PolicyName=policy)
    for policy in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        iam.detach_group_policy(GroupName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_group(GroupName=name)


def _delete_policy(world: World, arn: str) -> None:
    """A policy of the learner's own is gone, and whoever it is attached to is rid of it."""
    iam = world.aws("iam")
    holders = iam.list_entities_for_policy(PolicyArn=arn)
    for role in holders["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
    for user in holders["PolicyUsers"]:
        iam.detach_user_policy(UserName=user["UserName"], PolicyArn=arn)
    for group in holders["PolicyGroups"]:
        iam.detach_group_policy(GroupName=group["GroupName"], PolicyArn=arn)
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def exclude_from_webhook(world: World, namespace: str) -> None:
    """The webhook is not asked about this namespace's Pods: for them it is as if it were gone."""
    _change_selector(world, lambda expressions: [*expressions, _away_from(namespace)])


def include_in_webhook(world: World, namespace: str) -> None:
    """The webhook is asked about this namespace's Pods again, where it was not."""
    away = _away_from(namespace)
    _change_selector(world, lambda expressions: [it for it in expressions if it != away])


def _away_from(namespace: str) -> dict[str, Any]:
    return {"key": NAMESPACE_LABEL, "operator": "NotIn", "values": [namespace]}


def _change_selector(world: World, change: Callable[[list[Any]], list[Any]]) -> None:
    """Change the expressions of the webhook's namespaceSelector.

    Raises IrsaLabError where the learner has deleted its registration.
    """
    api = world.resource("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration")
    registration = kubernetes_object(api, WEBHOOK)
    if registration is None:
        raise IrsaLabError(
            f"there is no MutatingWebhookConfiguration {WEBHOOK}: no lab works without it",
            next_step="irsa-lab reset, which begins with a new cluster",
        )
    body = registration.to_dict()
    before = [
        hook.get("namespaceSelector", {}).get("matchExpressions", []) for hook in body["webhooks"]
    ]
    after = [change(expressions) for expressions in before]
    for hook, expressions in zip(body["webhooks"], after, strict=True):
        hook["namespaceSelector"] = {"matchExpressions": expressions} if expressions else {}
    if after != before:
        api.replace(body=body)


def _delete_bucket(world: World, bucket: str) -> None:
    """The bucket is gone, with its policy and every version of its objects."""
    s3 = world.aws("s3")
    s3.delete_bucket_policy(Bucket=bucket)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    storage.ensure_no_bucket(world, bucket)


def delete_person(world: World, person: str) -> None:
    """The IAM user is gone, with keys and policies."""
    iam = world.aws("iam")
    if person not in {user["UserName"] for user in iam.list_users()["Users"]}:
        return
    for key in iam.list_access_keys(UserName=person)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=person, AccessKeyId=key["AccessKeyId"])
    for name in iam.list_user_policies(UserName=person)["PolicyNames"]:
        iam.delete_user_policy(UserName=person, PolicyName=name)
    for policy in iam.list_attached_user_policies(UserName=person)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=person, PolicyArn=policy["PolicyArn"])
    for group in iam.list_groups_for_user(UserName=person)["Groups"]:
        iam.remove_user_from_group(UserName=person, GroupName=group["GroupName"])
    iam.delete_user(UserName=person)


def _wait_until_gone(world: World, namespace: str, timeout_seconds: float = 30) -> None:
    deadline = time.monotonic() + timeout_seconds
    while kubernetes_object(world.resource("v1", "Namespace"), namespace) is not None:
        if time.monotonic() > deadline:
            raise IrsaLabError(
                f"the namespace {namespace} did not go within {timeout_seconds:.0f} s",
                next_step=f"look at it: kubectl get all -n {namespace}",
            )
        time.sleep(0.02)
