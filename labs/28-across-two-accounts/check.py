"""Across two accounts: what must work again."""

from irsa_helpers import roles
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.clearing import NODE_ROLE
from irsa_helpers.labs.goals import policies_of, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import admitted_principals, allowed
from irsa_helpers.labs.scene import OBJECT, Scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account

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


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    scene, data_account = Scene(world, "lab-28"), in_account(world, "444455556666")
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
