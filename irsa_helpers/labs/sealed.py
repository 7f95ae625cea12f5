"""Goals of labs whose bucket is encrypted with a customer's key of KMS, and how it gets one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from irsa_helpers import roles
from irsa_helpers.labs.goals import (
    acts_as_role,
    outsiders,
    permits_only_read,
    policies_of,
    reads_bucket,
    trusts_only_app,
)
from irsa_helpers.labs.look import look
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import opens
from irsa_helpers.labs.scene import OBJECT
from irsa_helpers.policy.lists import listed, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from irsa_helpers.labs.scene import Scene

Document = dict[str, Any]

SEALED = "the file is still encrypted with the bucket's key"
OPENS = "the key opens the file for the role, and for nobody else; who keeps the key still does"
DECRYPT, KEEP = "kms:Decrypt", "kms:PutKeyPolicy"
# What a reader has no business to do with a key.
MORE = ("Encrypt", "GenerateDataKey", "CreateGrant", "DisableKey", "ScheduleKeyDeletion")


def keeper_arn(scene: Scene) -> str:
    """The role of those who keep the key."""
    return roles.role_arn(scene.world, f"{scene.namespace}-keeper-role")


def alias_of(scene: Scene) -> str:
    """By what the key is called, as in `alias/lab-44-key`."""
    return f"alias/{scene.namespace}-key"


def key_arn(scene: Scene) -> str:
    """The key's ARN. Raises KMS's NotFoundException where nothing is called so."""
    described = scene.world.aws("kms").describe_key(KeyId=alias_of(scene))
    return str(described["KeyMetadata"]["Arn"])


def statement(principal: str, action: str | list[str]) -> Document:
    """A statement of a key's policy; its Resource is the key itself."""
    who = {"AWS": principal}
    return {"Effect": "Allow", "Principal": who, "Action": action, "Resource": "*"}


def left_to_iam(scene: Scene) -> Document:
    """The statement by which a key's policy leaves it to the account's IAM policies."""
    return statement(f"arn:aws:iam::{scene.world.cluster.account_id}:root", "kms:*")


def set_key_policy(scene: Scene, *said: Document) -> None:
    """The key's policy says this, and nothing else."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": said})
    scene.world.aws("kms").put_key_policy(KeyId=key_arn(scene), Policy=policy)


def seal(scene: Scene, *said: Document) -> None:
    """The bucket and its file are encrypted with a new key whose policy says this."""
    kms, s3 = scene.world.aws("kms"), scene.world.aws("s3")
    policy = json.dumps({"Version": "2012-10-17", "Statement": said})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=alias_of(scene), TargetKeyId=key)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=scene.bucket, ServerSideEncryptionConfiguration=rules)
    s3.put_object(Bucket=scene.bucket, Key=OBJECT, Body=f"Hello from {scene.namespace}\n".encode())


def appoint_keeper(scene: Scene) -> None:
    """There is a role that may do all with the key, as far as its own policies go."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
    keeps = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    roles.ensure_role(
        scene.world,
        keeper_arn(scene).rpartition("/")[2],
        {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]},
        permission_policies={"keep": {"Version": "2012-10-17", "Statement": [keeps]}},
    )


def allow_use(scene: Scene, action: str | list[str], resource: str) -> None:
    """The role may read its bucket, and do this with keys."""
    read = roles.build_bucket_read_policy(scene.bucket)
    use = {"Effect": "Allow", "Action": action, "Resource": resource}
    scene.set_permissions({**read, "Statement": [*statements(read), use]})


def sealed_goals(scene: Scene) -> list[Goal]:
    """The goals of a lab whose app reads a file under a customer's key."""
    seen = look(scene)
    own = [reads_bucket(seen), acts_as_role(scene, seen), trusts_only_app(scene)]
    return [*own, permits_only_read(scene, without_keys), is_sealed(scene), key_opens(scene)]


def is_sealed(scene: Scene) -> Goal:
    """The file is encrypted with the key that the alias means."""
    expected = f"encrypted with the key {alias_of(scene)}"
    try:
        head = scene.world.aws("s3").head_object(Bucket=scene.bucket, Key=OBJECT)
        sealed = head.get("SSEKMSKeyId") == key_arn(scene)
    except ClientError as error:
        return Goal(SEALED, reached=False, found=str(error), expected=expected)
    return Goal(SEALED, sealed, expected if sealed else "encrypted with another key", expected)


def without_keys(document: Document) -> Document:
    """A policy's statements without what they say of keys: that is judged by `key_opens`."""
    return {**document, "Statement": [*filter(None, map(_without_keys, statements(document)))]}


def _without_keys(said: Mapping[str, Any]) -> Document | None:
    if "Action" not in said or "Resource" not in said:
        return dict(said)
    actions = [it for it in listed(said["Action"]) if not it.lower().startswith("kms:")]
    resources = [it for it in listed(said["Resource"]) if ":kms:" not in it]
    return {**said, "Action": actions, "Resource": resources} if actions and resources else None


def key_opens(scene: Scene) -> Goal:
    """Whom the key's policy, its grants and everybody's own policies let use the key."""
    scene = scene.as_it_is()
    expected = "the role opens with it, and does no more; nobody else who was tried gets in"
    try:
        arn = key_arn(scene)
        faults = list(_faults(scene, arn))
    except ClientError as error:
        return Goal(OPENS, reached=False, found=str(error), expected=expected)
    return Goal(OPENS, not faults, "; ".join(faults) or expected, expected)


def _faults(scene: Scene, arn: str) -> Iterator[str]:
    policy = _policy_with_grants(scene, arn)
    own = policies_of(scene.world, scene.role)
    if not opens(policy, scene.role_arn, DECRYPT, arn, own):
        yield "it does not let the role open the file"
    if any(opens(policy, scene.role_arn, f"kms:{more}", arn, own) for more in (*MORE, KEEP[4:])):
        yield "too wide: the role may do more with the key than open what it has closed"
    other = f"{arn.rpartition('/')[0]}/ffffffff-0000-4000-8000-000000000000"
    if opens(None, scene.role_arn, DECRYPT, other, own):
        yield "too wide: the role's policies allow it other keys as well"
    if any(opens(policy, who, DECRYPT, arn, said) for who, said in _others(scene)):
        yield "too wide: others may open the file as well"
    keeper = keeper_arn(scene)
    if not opens(policy, keeper, KEEP, arn, policies_of(scene.world, keeper.rpartition("/")[2])):
        yield "who keeps the key may not change its policy any more"


def _others(scene: Scene) -> Iterator[tuple[str, list[Document]]]:
    """Who must not get in, each with what its own policies allow."""
    yield from outsiders(scene)
    yield f"arn:aws:iam::{scene.world.cluster.account_id}:user/somebody", []


def _policy_with_grants(scene: Scene, arn: str) -> Document:
    kms = scene.world.aws("kms")
    policy: Document = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    granted = [
        statement(grant["GranteePrincipal"], [f"kms:{it}" for it in grant["Operations"]])
        for grant in kms.list_grants(KeyId=arn)["Grants"]
    ]
    return {**policy, "Statement": [*statements(policy), *granted]}
