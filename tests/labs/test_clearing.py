"""A lab is taken out of the world wherever its learner left it."""

from __future__ import annotations

import json

from irsa_helpers import roles, storage
from irsa_helpers.labs.clearing import NODE_ROLE, clear_scene
from irsa_helpers.labs.scene import PERMISSIONS, Scene
from irsa_helpers.worlds import World
from tests.typed import core_v1

NAMESPACE = "lab-98"
READ_ALL = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def make_a_mess(world: World, scene: Scene) -> None:
    """All that a learner may leave: policies everywhere, versions of objects, namespaces."""
    iam, s3, everything = world.aws("iam"), world.aws("s3"), json.dumps(EVERYTHING)
    roles.ensure_role(world, scene.role, scene.trust_policy())
    made = iam.create_policy(PolicyName=f"{NAMESPACE}-mine", PolicyDocument=everything)
    arn = made["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=everything, SetAsDefault=True)
    for role in (scene.role, NODE_ROLE):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName=scene.role, PermissionsBoundary=arn)
    storage.ensure_bucket(world, scene.bucket, objects={"hello.txt": "1"})
    read = json.dumps(roles.build_bucket_read_policy(scene.bucket))
    iam.put_role_policy(RoleName=NODE_ROLE, PolicyName=PERMISSIONS, PolicyDocument=read)
    iam.put_role_policy(RoleName=NODE_ROLE, PolicyName="all", PolicyDocument=everything)
    iam.attach_role_policy(RoleName=NODE_ROLE, PolicyArn=READ_ALL)
    s3.put_bucket_versioning(Bucket=scene.bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=scene.bucket, Key="hello.txt", Body=b"2")
    s3.delete_object(Bucket=scene.bucket, Key="hello.txt")
    scene.set_bucket_policy({"AWS": scene.role_arn})
    scene.static_keys()
    person, group = f"{NAMESPACE}-somebody", f"{NAMESPACE}-group"
    iam.create_user(UserName=person)
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="x", PolicyDocument=read)
    iam.add_user_to_group(GroupName=group, UserName=person)
    iam.attach_user_policy(UserName=person, PolicyArn=arn)
    iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    for name in (NAMESPACE, f"{NAMESPACE}-too"):
        core_v1(world).create_namespace({"metadata": {"name": name}})


def test_nothing_of_a_lab_is_left(world: World) -> None:
    iam = world.aws("iam")
    before = roles.describe_role(world, NODE_ROLE)
    make_a_mess(world, Scene(world, NAMESPACE))
    clear_scene(world, NAMESPACE)
    assert roles.describe_role(world, NODE_ROLE) == before
    namespaces = [each.metadata.name for each in core_v1(world).list_namespace().items]
    buckets = [each["Name"] for each in world.aws("s3").list_buckets()["Buckets"]]
    owned = [
        *(role["RoleName"] for role in iam.list_roles()["Roles"]),
        *(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        *(user["UserName"] for user in iam.list_users()["Users"]),
        *(group["GroupName"] for group in iam.list_groups()["Groups"]),
    ]
    assert not [name for name in (*namespaces, *buckets, *owned) if NAMESPACE in name]
    clear_scene(world, NAMESPACE)


def test_no_key_and_no_queue_of_a_lab_is_left(world: World) -> None:
    kms, sqs = world.aws("kms"), world.aws("sqs")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{NAMESPACE}-key", TargetKeyId=key)
    sqs.create_queue(QueueName=f"{NAMESPACE}-orders")
    clear_scene(world, NAMESPACE)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert not [it for it in kms.list_aliases()["Aliases"] if NAMESPACE in it["AliasName"]]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=NAMESPACE)
