from irsa_helpers.labs.goals import attacked, chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import close_without_looking
from irsa_helpers.labs.usual_slips import closed_unseen


def setup(scene: Scene) -> None:
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )
    scene.deploy()
    scene.note_start()


def check(scene: Scene) -> list[Goal]:
    return [attacked(scene), *chain_goals(scene)]


def solution(scene: Scene) -> None:
    """The attack is carried out, then made impossible."""
    scene.attack()
    scene.set_trust(scene.trust_policy())


def any_namespace(scene: Scene) -> None:
    """A pattern that every ServiceAccount matches."""
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


def subject_only(scene: Scene) -> None:
    """Tokens made for other audiences get in."""
    condition = {scene.key("sub"): scene.subject}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))


FIXES = [close_without_looking, any_namespace, subject_only]
SLIPS = [closed_unseen]
