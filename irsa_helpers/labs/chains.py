"""Goals of labs in which the app goes on from its own role to a second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_helpers import roles
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.clearing import NODE_ROLE
from irsa_helpers.labs.goals import policies_of
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import admitted_principals, allowed
from irsa_helpers.labs.scene import OBJECT

if TYPE_CHECKING:
    from irsa_helpers.labs.scene import Scene
    from irsa_helpers.worlds import World

BECOMES = "the app's role may do nothing else"
ADMITS = "nobody else becomes the data role"
ASSUME = "sts:assumerole"
TAG = "sts:tagsession"  # It lets a session carry tags, and opens nothing.
# Either reads the settings that the Pod has, so that what is mended there counts in both.
CHAIN = """
import boto3, os
def read(role, session, bucket, key):
    seconds = int(os.environ.get("SESSION_SECONDS", 3600))
    keys = boto3.client("sts").assume_role(
        RoleArn=role, RoleSessionName=session, DurationSeconds=seconds)["Credentials"]
    s3 = boto3.client("s3", aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
"""
APP = (
    CHAIN
    + """
import sys, time
from botocore.exceptions import ClientError
while True:
    try:
        print(read({role!r}, "app", {bucket!r}, {key!r}), flush=True)
        failed = 0
    except ClientError as error:
        print(error, flush=True)
        failed = 1
    if "--once" in sys.argv:
        sys.exit(failed)
    time.sleep(2)
"""
)
# The way the app goes, tried with the Pod's own credentials: the program itself may say anything.
TRIED = CHAIN + "\nimport sys\nprint(read(sys.argv[1], 'lab-check', *sys.argv[2:]))"


def deploy_app(scene: Scene, role_arn: str, bucket: str, **options: str) -> None:
    """The app runs, and goes on to that role to read that bucket; `options` are its variables."""
    text = APP.format(role=role_arn, bucket=bucket, key=OBJECT)
    config = {"metadata": {"name": "app"}, "data": {"app.py": text}}
    scene.world.resource("v1", "ConfigMap").create(namespace=scene.namespace, body=config)
    redeploy_app(scene, **options)


def redeploy_app(scene: Scene, **options: str) -> None:
    """The app runs anew, with these variables."""
    scene.deploy(
        environment=options,
        container={
            "image": "python:3.12",
            "command": ["python", "/app/app.py"],
            "volumeMounts": [{"name": "app", "mountPath": "/app"}],
        },
        pod={"volumes": [{"name": "app", "configMap": {"name": "app"}}]},
    )


def reads_by_chain(scene: Scene, name: str, role_arn: str, bucket: str, expected: str) -> Goal:
    """The Pod's way to the object, by its own credentials; the goal is called `name`."""
    try:
        answer = scene.run("python", "-c", TRIED, role_arn, bucket, OBJECT)
    except IrsaLabError as error:
        return Goal(name, reached=False, found=error.message, expected=expected)
    said = (answer.stdout.strip() or answer.stderr.strip() or "nothing").splitlines()[-1]
    return Goal(name, answer.exit_code == 0 and expected in said, said, expected)


def may_only_become(scene: Scene, role_arn: str) -> Goal:
    """That the app's role is allowed no more than to become that one, as its policies say."""
    given = allowed(policies_of(scene.world, scene.role))
    right = {(ASSUME, role_arn), (TAG, role_arn)}
    reached = {(action.lower(), resource) for action, resource in given} <= right
    said = "its policies allow no more" if reached else "its policies allow more than that"
    return Goal(BECOMES, reached, said, "its policies allow no more")


def admits_only_app(scene: Scene, data_account: World, data_role: str) -> Goal:
    """Whom the data role's trust policy lets in, asked of the policy."""
    role, own = roles.describe_role(data_account, data_role), scene.role_arn
    policy = role["TrustPolicy"] if role else {}
    others = [own.replace("app-role", "other-role"), roles.role_arn(scene.world, NODE_ROLE)]
    others += ["arn:aws:iam::111122223333:user/somebody", "arn:aws:iam::777788889999:role/app"]
    let_in = admitted_principals(policy, role["Arn"], (own, *others)) if role else []
    others_in = any(who != own for who in let_in)
    said = "others may become it" if others_in else "all others who were tried are refused"
    return Goal(ADMITS, not others_in, said, "all others are refused")
