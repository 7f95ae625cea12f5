import json
from typing import Any

from irsa_helpers import pod_identity
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import policies_of
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import allowed
from irsa_helpers.labs.scene import PERMISSIONS, SERVICE_ACCOUNT, Scene, build_scene

OWN = "each team's app reads its own secret"
WALL = "neither reads the other's"
ROLE = "the role may read secrets by their tag, and nothing more"
READING = {"secretsmanager:getsecretvalue", "secretsmanager:describesecret"}
ASK = """
import boto3, json, sys
from botocore.exceptions import ClientError
client = boto3.client("secretsmanager")
def read(name):
    try:
        return client.get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        return error.response["Error"]["Code"]
print(json.dumps([read(name) for name in sys.argv[1:]]))
"""

# What the app does all day long; its log says how.
APP = """
import boto3, sys, time
from botocore.exceptions import ClientError
client = boto3.client("secretsmanager")
while True:
    try:
        print(client.get_secret_value(SecretId=sys.argv[1])["Name"], "was read", flush=True)
    except ClientError as error:
        print(error, flush=True)
    time.sleep(2)
"""


def _green(scene: Scene) -> Scene:
    """The other team's scene, beside blue's."""
    return Scene(scene.world, f"{scene.namespace}-green")


def _policy(scene: Scene, condition: dict[str, Any]) -> dict[str, Any]:
    """All secrets of the lab, on that condition."""
    place = f"{scene.world.region}:{scene.world.cluster.account_id}"
    statement = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": f"arn:aws:secretsmanager:{place}:secret:{scene.namespace}-*",
    }
    return {
        "Version": "2012-10-17",
        "Statement": [{**statement, "Condition": condition} if condition else statement],
    }


def _by_tag(value: str) -> dict[str, Any]:
    return {"StringEquals": {"aws:ResourceTag/team": value}}


def setup(scene: Scene) -> None:
    """One role by EKS Pod Identity for two namespaces, which a tag is to keep apart."""
    build_scene(_green(scene))
    scene.set_trust(pod_identity.build_pod_identity_trust_policy())
    scene.set_permissions(_policy(scene, _by_tag("${aws:PrincipalTag/namespace}")))
    for team in (scene, _green(scene)):
        scene.world.aws("secretsmanager").create_secret(
            Name=f"{team.namespace}-secret",
            SecretString=f"secret of {team.namespace}",
            Tags=[{"Key": "team", "Value": team.namespace}],
        )
        pod_identity.ensure_association(
            scene.world, SERVICE_ACCOUNT, role_arn=scene.role_arn, namespace=team.namespace
        )
        team.annotate({"eks.amazonaws.com/role-arn": None})
        command = ["python", "-c", APP, f"{team.namespace}-secret"]
        team.deploy(container={"image": "python:3.12", "command": command})
        team.wait_for_log("AccessDenied")


def check(scene: Scene) -> list[Goal]:
    names = [f"{team.namespace}-secret" for team in (scene, _green(scene))]
    blue, green = _answers(scene, names), _answers(_green(scene), names)
    texts = [f"secret of {team.namespace}" for team in (scene, _green(scene))]
    own = f"{blue[0]}; {green[1]}"
    others = f"{blue[1]}; {green[0]}"
    return [
        Goal(OWN, [blue[0], green[1]] == texts, own, "; ".join(texts)),
        Goal(WALL, others == "AccessDeniedException; AccessDeniedException", others, "refusals"),
        _role(scene),
    ]


def _answers(scene: Scene, names: list[str]) -> list[str]:
    """What the team's Pod gets for each secret: its text, or the error's code."""
    try:
        answer = scene.run("python", "-c", ASK, *names)
    except IrsaLabError as error:
        return [error.message] * len(names)
    if answer.exit_code:
        return [answer.stderr.strip().splitlines()[-1]] * len(names)
    texts: list[str] = json.loads(answer.stdout)
    return texts


def _role(scene: Scene) -> Goal:
    given = {action.lower() for action, _ in allowed(policies_of(scene.world, scene.role))}
    reached = bool(given) and given <= READING
    said = "just that" if reached else "its policies allow something else"
    return Goal(ROLE, reached, said, "secrets read, nothing else")


def solution(scene: Scene) -> None:
    """The tag by its own name, which EKS gives to every session."""
    scene.set_permissions(_policy(scene, _by_tag("${aws:PrincipalTag/kubernetes-namespace}")))


def without_a_condition(scene: Scene) -> None:
    """Both read, and both read everything."""
    scene.set_permissions(_policy(scene, {}))


def blue_by_name(scene: Scene) -> None:
    """The first who complained is helped, with the other's session as well."""
    scene.set_permissions(_policy(scene, _by_tag(scene.namespace)))


def tag_the_role(scene: Scene) -> None:
    """A role's own tag is the same in every session: green becomes blue."""
    scene.world.aws("iam").tag_role(
        RoleName=scene.role, Tags=[{"Key": "namespace", "Value": scene.namespace}]
    )


def all_secrets(scene: Scene) -> None:
    """AWS has a policy for that: reading, writing, deleting."""
    scene.world.aws("iam").delete_role_policy(RoleName=scene.role, PolicyName=PERMISSIONS)
    arn = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
    scene.world.aws("iam").attach_role_policy(RoleName=scene.role, PolicyArn=arn)


FIXES = [without_a_condition, blue_by_name, tag_the_role, all_secrets]
