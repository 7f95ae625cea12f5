from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from irsa_helpers import roles
from irsa_helpers.labs.goals import chain_goals, look
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene, build_scene

WALL = "green does not read blue's bucket"


def _green(scene: Scene) -> Scene:
    """The other team's scene, beside blue's."""
    return Scene(scene.world, f"{scene.namespace}-green")


def setup(scene: Scene) -> None:
    blue, green = scene, build_scene(_green(scene))
    blue.set_trust(
        blue.condition_trust(
            {
                "StringEquals": {blue.key("aud"): "sts.amazonaws.com"},
                "StringLike": {blue.key("sub"): "system:serviceaccount:lab-31*:app-sa"},
            }
        )
    )
    arn = f"arn:aws:s3:::{blue.bucket}"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    blue.set_permissions({"Version": "2012-10-17", "Statement": [statement]})
    green.set_trust(blue.trust_policy())
    green.annotate({"eks.amazonaws.com/role-arn": blue.role_arn})
    for team in (blue, green):
        team.deploy()


def check(scene: Scene) -> list[Goal]:
    """Each goal of both teams with what was seen, and the wall between them."""
    blue, green = scene, _green(scene)
    with ThreadPoolExecutor(2) as pool:
        looks = pool.submit(look, blue), pool.submit(look, green, other=blue.bucket)
    own, wall = (each.result() for each in looks)
    named = [
        replace(goal, name=f"{name}: {goal.name}")
        for name, team, seen in (("blue", blue, own), ("green", green, wall))
        for goal in chain_goals(team, seen)
    ]
    return [*named, Goal(WALL, not wall.other_read, wall.other_text or wall.text, "a refusal")]


def solution(scene: Scene) -> None:
    """Each team has its own role, which admits it alone and reads its bucket alone."""
    blue, green = scene, _green(scene)
    blue.set_permissions(roles.build_bucket_read_policy(blue.bucket))
    green.annotate({"eks.amazonaws.com/role-arn": green.role_arn})
    for team in (blue, green):
        team.set_trust(team.trust_policy())
        team.restart()


def close_the_wall_only(scene: Scene) -> None:
    """Green is out of blue's data, and without its own."""
    scene.set_trust(scene.trust_policy())


def green_only(scene: Scene) -> None:
    """Green works again; blue's role stays open to the next namespace of that beginning."""
    green = _green(scene)
    green.annotate({"eks.amazonaws.com/role-arn": green.role_arn})
    green.set_trust(green.trust_policy())
    green.restart()


def let_green_read_both(scene: Scene) -> None:
    """Both buckets in one role: it works, and the wall is gone for good."""
    blue, green = scene, _green(scene)
    arns = [f"arn:aws:s3:::{team.bucket}" for team in (blue, green)]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{a}/*" for a in arns]}
    blue.set_permissions({"Version": "2012-10-17", "Statement": [statement]})


FIXES = [close_the_wall_only, green_only, let_green_read_both]
