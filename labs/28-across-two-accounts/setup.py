"""Across two accounts: the world at the lab's start."""

from irsa_helpers import roles, storage
from irsa_helpers.labs.scene import OBJECT, PERMISSIONS, build_scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account

APP = """
import boto3, sys, time
from botocore.exceptions import ClientError
once = "--once" in sys.argv
while True:
    try:
        sts = boto3.client("sts")
        keys = sts.assume_role(RoleArn="{role}", RoleSessionName="app")["Credentials"]
        s3 = boto3.client(
            "s3",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        print(s3.get_object(Bucket="{bucket}", Key="{key}")["Body"].read().decode(), flush=True)
        failed = 0
    except ClientError as error:
        print(error, flush=True)
        failed = 1
    if once:
        sys.exit(failed)
    time.sleep(2)
"""


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    data_account = in_account(world, "444455556666")
    scene = build_scene(world, "28")
    bucket = f"{scene.namespace}-data-444455556666"
    storage.ensure_bucket(data_account, bucket, objects={OBJECT: "Hello from the data account\n"})
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    old = roles.role_arn(world, "enginrect-node-role")
    roles.ensure_role(
        data_account,
        f"{scene.namespace}-data-role",
        {"Version": "2012-10-17", "Statement": [allow | {"Principal": {"AWS": old}}]},
        permission_policies={PERMISSIONS: roles.build_bucket_read_policy(bucket)},
    )
    scene.world.aws("iam").delete_role_policy(RoleName=scene.role, PolicyName=PERMISSIONS)
    role = roles.role_arn(data_account, f"{scene.namespace}-data-role")
    text = APP.format(role=role, bucket=bucket, key=OBJECT)
    config = {"metadata": {"name": "app"}, "data": {"app.py": text}}
    world.resource("v1", "ConfigMap").create(namespace=scene.namespace, body=config)
    scene.deploy(
        container={
            "image": "python:3.12",
            "command": ["python", "/app/app.py"],
            "volumeMounts": [{"name": "app", "mountPath": "/app"}],
        },
        pod={"volumes": [{"name": "app", "configMap": {"name": "app"}}]},
    )
    scene.wait_for_log("AccessDenied")
