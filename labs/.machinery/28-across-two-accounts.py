import json

from irsa_helpers import roles, storage
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.clearing import NODE_ROLE
from irsa_helpers.labs.goals import policies_of, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import admitted_principals, allowed
from irsa_helpers.labs.scene import OBJECT, PERMISSIONS, Scene
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
READS = "the app reads the data account's bucket"
BECOMES = "the app's role may do nothing else"
ADMITS = "nobody else becomes the data role"
ASSUME = "sts:assumerole"
TAG = "sts:tagsession"  # It lets a session carry tags, and opens nothing.
# The way the app goes, tried with the Pod's own credentials: the program itself may say anything.
CHAIN = """
import boto3, sys
role, bucket, key = sys.argv[1:]
keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="lab-check")["Credentials"]
s3 = boto3.client("s3", aws_access_key_id=keys["AccessKeyId"],
    aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])
print(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
"""


def setup(scene: Scene) -> None:
    data_account = in_account(scene.world, "444455556666")
    bucket = f"{scene.namespace}-data-444455556666"
    storage.ensure_bucket(data_account, bucket, objects={OBJECT: "Hello from the data account\n"})
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    old = roles.role_arn(scene.world, "enginrect-node-role")
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
    scene.world.resource("v1", "ConfigMap").create(namespace=scene.namespace, body=config)
    scene.deploy(
        container={
            "image": "python:3.12",
            "command": ["python", "/app/app.py"],
            "volumeMounts": [{"name": "app", "mountPath": "/app"}],
        },
        pod={"volumes": [{"name": "app", "configMap": {"name": "app"}}]},
    )
    scene.wait_for_log("AccessDenied")


def check(scene: Scene) -> list[Goal]:
    data_account = in_account(scene.world, "444455556666")
    data_role = f"{scene.namespace}-data-role"
    arn = roles.role_arn(data_account, data_role)
    return [
        _reads(scene, arn),
        _becomes(scene, arn),
        _admits(scene, data_account, data_role),
        trusts_only_app(scene),
    ]


def _reads(scene: Scene, role_arn: str) -> Goal:
    """The Pod's way to the object, by its own credentials."""
    bucket, expected = f"{scene.namespace}-data-444455556666", "Hello from the data account"
    try:
        answer = scene.run("python", "-c", CHAIN, role_arn, bucket, OBJECT)
    except IrsaLabError as error:
        return Goal(READS, reached=False, found=error.message, expected=expected)
    said = (answer.stdout.strip() or answer.stderr.strip() or "nothing").splitlines()[-1]
    return Goal(READS, answer.exit_code == 0 and expected in said, said, expected)


def _becomes(scene: Scene, arn: str) -> Goal:
    """That the app's role is allowed no more, as its policies are written."""
    found = allowed(policies_of(scene.world, scene.role))
    right = {(ASSUME, arn), (TAG, arn)}
    reached = {(action.lower(), resource) for action, resource in found} <= right
    said = "its policies allow no more" if reached else "its policies allow more than that"
    return Goal(BECOMES, reached, said, "its policies allow no more")


def _admits(scene: Scene, data_account: World, data_role: str) -> Goal:
    """Whom the data role's trust policy lets in, asked of the policy."""
    role, own = roles.describe_role(data_account, data_role), scene.role_arn
    policy = role["TrustPolicy"] if role else {}
    others = [own.replace("app-role", "other-role"), roles.role_arn(scene.world, NODE_ROLE)]
    others += ["arn:aws:iam::111122223333:user/somebody", "arn:aws:iam::777788889999:role/app"]
    let_in = admitted_principals(policy, role["Arn"], (own, *others)) if role else []
    others_in = any(who != own for who in let_in)
    said = "others may become it" if others_in else "all others who were tried are refused"
    return Goal(ADMITS, not others_in, said, "all others are refused")


def solution(scene: Scene) -> None:
    data_account = in_account(scene.world, "444455556666")
    data_role = f"{scene.namespace}-data-role"
    scene.allow("sts:AssumeRole", roles.role_arn(data_account, data_role))
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": scene.role_arn},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    data_account.aws("iam").update_assume_role_policy(RoleName=data_role, PolicyDocument=document)
    scene.wait_for_log("Hello from the data account")


def _trust(scene: Scene, principal: str) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    in_account(scene.world, "444455556666").aws("iam").update_assume_role_policy(
        RoleName=f"{scene.namespace}-data-role", PolicyDocument=document
    )


def the_whole_account(scene: Scene) -> None:
    """Every role of account 111122223333 that may assume roles gets in."""
    data_account = in_account(scene.world, "444455556666")
    scene.allow("sts:AssumeRole", roles.role_arn(data_account, f"{scene.namespace}-data-role"))
    _trust(scene, "arn:aws:iam::111122223333:root")


def any_role(scene: Scene) -> None:
    """The app's role may become whatever trusts it."""
    scene.allow("sts:AssumeRole", "*")
    _trust(scene, scene.role_arn)


def their_side_only(scene: Scene) -> None:
    """The caller's own side says nothing yet."""
    _trust(scene, scene.role_arn)


FIXES = [the_whole_account, any_role, their_side_only]
