"""Across two accounts: tempting fixes that must not pass."""

import json

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def _trust(world: World, principal: str) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    in_account(world, "444455556666").aws("iam").update_assume_role_policy(
        RoleName="lab-28-data-role", PolicyDocument=document
    )


def the_whole_account(world: World) -> None:
    """Every role of account 111122223333 that may assume roles gets in."""
    scene = Scene(world, "lab-28")
    data_account = in_account(world, "444455556666")
    scene.allow("sts:AssumeRole", roles.role_arn(data_account, "lab-28-data-role"))
    _trust(world, "arn:aws:iam::111122223333:root")


def any_role(world: World) -> None:
    """The app's role may become whatever trusts it."""
    scene = Scene(world, "lab-28")
    scene.allow("sts:AssumeRole", "*")
    _trust(world, scene.role_arn)


def their_side_only(world: World) -> None:
    """The caller's own side says nothing yet."""
    _trust(world, Scene(world, "lab-28").role_arn)


FIXES = [the_whole_account, any_role, their_side_only]
