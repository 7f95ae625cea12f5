from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    arn = scene.role_arn.replace(scene.world.cluster.account_id, "")
    scene.annotate({"eks.amazonaws.com/role-arn": arn})
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.restart()


def annotation_only(scene: Scene) -> None:
    """The Pod that runs keeps the name that it was made with."""
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


def of_iam_but_no_role(scene: Scene) -> None:
    """An ARN, but not a role's."""
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn.replace(":role/", ":user/")})
    scene.restart()


FIXES = [annotation_only, of_iam_but_no_role]
