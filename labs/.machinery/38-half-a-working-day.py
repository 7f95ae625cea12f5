import json

from irsa_helpers import roles
from irsa_helpers.labs import chains
from irsa_helpers.labs.goals import trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import PERMISSIONS, Scene

READS = "the app reads its bucket as the data role"
FOUR_HOURS = "14400"


def setup(scene: Scene) -> None:
    """The app wants four hours as its second role, which would give them to others."""
    data_role = f"{scene.namespace}-data-role"
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": scene.role_arn},
    }
    read = roles.build_bucket_read_policy(scene.bucket)
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    roles.ensure_role(scene.world, data_role, trust, permission_policies={PERMISSIONS: read})
    scene.world.aws("iam").update_role(RoleName=data_role, MaxSessionDuration=int(FOUR_HOURS))
    data_arn = roles.role_arn(scene.world, data_role)
    scene.allow("sts:AssumeRole", data_arn)
    chains.deploy_app(scene, data_arn, scene.bucket, SESSION_SECONDS=FOUR_HOURS)
    scene.wait_for_log("ValidationError")


def check(scene: Scene) -> list[Goal]:
    data_role = f"{scene.namespace}-data-role"
    arn = roles.role_arn(scene.world, data_role)
    text = f"Hello from {scene.namespace}"
    return [
        chains.reads_by_chain(scene, READS, arn, scene.bucket, text),
        chains.may_only_become(scene, arn),
        chains.admits_only_app(scene, scene.world, data_role),
        trusts_only_app(scene),
    ]


def solution(scene: Scene) -> None:
    """The app asks for an hour, and asks again in time."""
    chains.redeploy_app(scene, SESSION_SECONDS="3600")
    scene.wait_for_log("Hello from")


def longer_for_the_role(scene: Scene) -> None:
    """Twelve hours at most: for who comes with a token, not for who comes from another role."""
    data_role = f"{scene.namespace}-data-role"
    scene.world.aws("iam").update_role(RoleName=data_role, MaxSessionDuration=43_200)


def a_bit_less(scene: Scene) -> None:
    """Two hours are still more than a chain gives."""
    chains.redeploy_app(scene, SESSION_SECONDS="7200")


def the_bucket_for_both(scene: Scene) -> None:
    """The app's own role may read now, and the way that it goes is as closed as before."""
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))


def everybody_of_the_account(scene: Scene) -> None:
    """An hour, and a door that stands open."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    scene.world.aws("iam").update_assume_role_policy(
        RoleName=f"{scene.namespace}-data-role", PolicyDocument=document
    )
    chains.redeploy_app(scene, SESSION_SECONDS="3600")


FIXES = [longer_for_the_role, a_bit_less, the_bucket_for_both, everybody_of_the_account]
