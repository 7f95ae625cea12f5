import json
from typing import Any

from botocore.exceptions import ClientError

from irsa_helpers import roles
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import more_than_reading
from irsa_helpers.labs.scene import PERMISSIONS, Scene

BOUND = "the role has its permissions boundary, which lets nothing more through"


def _boundary(scene: Scene) -> str:
    return f"arn:aws:iam::{scene.world.cluster.account_id}:policy/{scene.namespace}-boundary"


def _read(bucket: str) -> dict[str, Any]:
    policy: dict[str, Any] = roles.build_bucket_read_policy(bucket)
    return policy


def setup(scene: Scene) -> None:
    """The boundary lets the bucket of last year through."""
    iam, old = scene.world.aws("iam"), f"{scene.namespace}-data-2024"
    iam.create_policy(
        PolicyName=f"{scene.namespace}-boundary", PolicyDocument=json.dumps(_read(old))
    )
    iam.put_role_permissions_boundary(RoleName=scene.role, PermissionsBoundary=_boundary(scene))
    scene.deploy()


def check(scene: Scene) -> list[Goal]:
    return [*chain_goals(scene), _bound(scene)]


def _bound(scene: Scene) -> Goal:
    """Whether the role's boundary is the one that it had, and lets nothing but reading through."""
    expected = "the bucket read, and nothing else"
    name = scene.as_it_is().role
    try:
        role = scene.world.aws("iam").get_role(RoleName=name)["Role"]
    except ClientError as error:
        return Goal(BOUND, reached=False, found=error.response["Error"]["Code"], expected=expected)
    arn = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    if arn != _boundary(scene):
        there = "it has another one" if arn else "it has none"
        return Goal(BOUND, reached=False, found=there, expected=expected)
    wide = any(more_than_reading([roles.managed_policy(scene.world, arn)], scene.bucket))
    said = "it lets something else through" if wide else expected
    return Goal(BOUND, not wide, said, expected)


def _let_through(scene: Scene, document: dict[str, Any]) -> None:
    """The boundary says this from now on."""
    scene.world.aws("iam").create_policy_version(
        PolicyArn=_boundary(scene), PolicyDocument=json.dumps(document), SetAsDefault=True
    )


def solution(scene: Scene) -> None:
    """The boundary lets the bucket of today through, in the place of the old one."""
    _let_through(scene, _read(scene.bucket))


def without_the_boundary(scene: Scene) -> None:
    """It works, and whatever the role is given tomorrow works as well."""
    scene.world.aws("iam").delete_role_permissions_boundary(RoleName=scene.role)


def more_for_the_role(scene: Scene) -> None:
    """What a boundary does not let through, no other policy gives."""
    document = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    scene.world.aws("iam").put_role_policy(
        RoleName=scene.role, PolicyName=PERMISSIONS, PolicyDocument=policy
    )


def all_of_s3(scene: Scene) -> None:
    """A boundary as wide as that bounds nothing."""
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    _let_through(scene, {"Version": "2012-10-17", "Statement": [statement]})


FIXES = [without_the_boundary, more_for_the_role, all_of_s3]
