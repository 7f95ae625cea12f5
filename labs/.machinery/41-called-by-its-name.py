from botocore.exceptions import ClientError

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import CHECK_SESSION, acts_as_role, policies_of, trusts_only_app
from irsa_helpers.labs.look import look
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import allowed
from irsa_helpers.labs.scene import SERVICE_ACCOUNT, Scene

READS = "the app reads its secret"
ONLY = "the role reads that secret, and nothing more"
TEXT = "the password is a secret"
ACTIONS = {"secretsmanager:getsecretvalue", "secretsmanager:describesecret"}
ASK = """
import boto3, sys
client = boto3.client("secretsmanager")
print(client.get_secret_value(SecretId=sys.argv[1])["SecretString"])
"""


def _arn(scene: Scene, name: str) -> str:
    """The beginning of a secret's ARN, which is known before there is one."""
    place = f"{scene.world.region}:{scene.world.cluster.account_id}"
    return f"arn:aws:secretsmanager:{place}:secret:{name}"


def setup(scene: Scene) -> None:
    """Two secrets of nearly one name, and a policy that names the first as one calls it."""
    for name, text in (("db", TEXT), ("db-admin", "not for the app")):
        scene.world.aws("secretsmanager").create_secret(
            Name=f"{scene.namespace}-{name}", SecretString=text
        )
    scene.allow("secretsmanager:GetSecretValue", _arn(scene, f"{scene.namespace}-db"))
    scene.deploy()


def check(scene: Scene) -> list[Goal]:
    return [_reads(scene), acts_as_role(scene, look(scene)), trusts_only_app(scene), _only(scene)]


def _reads(scene: Scene) -> Goal:
    """The Pod gets its secret."""
    try:
        answer = scene.run("python", "-c", ASK, f"{scene.namespace}-db")
    except IrsaLabError as error:
        return Goal(READS, reached=False, found=error.message, expected=TEXT)
    said = (answer.stdout.strip() or answer.stderr.strip() or "nothing").splitlines()[-1]
    # The error names the secret as the policy should, or does not.
    shown = "AccessDeniedException" if "AccessDenied" in said else said
    return Goal(READS, said == TEXT, shown, TEXT)


def _only(scene: Scene) -> Goal:
    """What else a session of the role gets, tried; and what else its policies allow."""
    given = {action.lower() for action, _ in allowed(policies_of(scene.world, scene.role))}
    tried = [f"{scene.namespace}-db-admin", f"{scene.namespace}-db-replica"]
    opened = [name for name in tried if _opens(scene, name)]
    said = "its policies allow other things" if given - ACTIONS else "just that"
    said = "a secret of another name as well" if opened else said
    return Goal(ONLY, said == "just that", said, "that secret alone")


def _opens(scene: Scene, name: str) -> bool:
    """Whether the role may read a secret of that name; one that is not there is not found."""
    try:
        keys = scene.become(scene.namespace, SERVICE_ACCOUNT, CHECK_SESSION)
        secrets = scene.world.aws("secretsmanager", credentials=keys)
        secrets.get_secret_value(SecretId=name)
    except ClientError as error:
        return error.response["Error"]["Code"] == "ResourceNotFoundException"
    return True


def solution(scene: Scene) -> None:
    """The name, and six signs that AWS has put behind it."""
    arn = _arn(scene, f"{scene.namespace}-db-??????")
    scene.allow("secretsmanager:GetSecretValue", arn)


def a_star_behind_it(scene: Scene) -> None:
    """It works, for `lab-41-db-admin` too."""
    scene.allow("secretsmanager:GetSecretValue", _arn(scene, f"{scene.namespace}-db*"))


def a_star_behind_the_hyphen(scene: Scene) -> None:
    """What comes behind the hyphen may be a name as well."""
    scene.allow("secretsmanager:GetSecretValue", _arn(scene, f"{scene.namespace}-db-*"))


def whatever_it_likes(scene: Scene) -> None:
    """The role may do all that it likes with the secret."""
    statement = {
        "Effect": "Allow",
        "Action": "secretsmanager:*",
        "Resource": _arn(scene, f"{scene.namespace}-db-??????"),
    }
    scene.set_permissions({"Version": "2012-10-17", "Statement": [statement]})


FIXES = [a_star_behind_it, a_star_behind_the_hyphen, whatever_it_likes]
