"""Across two accounts: a way to mend it."""

import json

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def solution(world: World) -> None:
    """The broken links are mended, and nothing is opened that was closed."""
    data_account, scene = in_account(world, "444455556666"), Scene(world, "lab-28")
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
