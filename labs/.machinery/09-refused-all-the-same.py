from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    arn = scene.role_arn.replace(scene.world.cluster.account_id, "444455556666")
    scene.annotate({"eks.amazonaws.com/role-arn": arn})
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.restart()


def annotate_only(scene: Scene) -> None:
    """The Pod keeps the ARN it was made with."""
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})


def a_token_by_hand(scene: Scene) -> None:
    """A token that somebody made and put into a Secret: the kubelet does not renew it."""
    scene.deploy_with_token_by_hand()


FIXES = [annotate_only, a_token_by_hand]
