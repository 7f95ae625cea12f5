from irsa_helpers.labs.goals import attacked, chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import close_without_looking
from irsa_helpers.labs.usual_slips import closed_unseen


def setup(scene: Scene) -> None:
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )
    scene.deploy()
    scene.note_start()


def check(scene: Scene) -> list[Goal]:
    return [attacked(scene), *chain_goals(scene)]


def solution(scene: Scene) -> None:
    """The attack is carried out, then made impossible."""
    scene.attack()
    scene.set_trust(scene.trust_policy())


def audience_only(scene: Scene) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


def close_the_namespace_door(scene: Scene) -> None:
    """Every ServiceAccount of the namespace still gets in."""
    scene.set_trust(
        scene.condition_trust(
            {"StringLike": {scene.key("sub"): f"system:serviceaccount:{scene.namespace}:*"}}
        )
    )


FIXES = [close_without_looking, audience_only, close_the_namespace_door]
SLIPS = [closed_unseen]
