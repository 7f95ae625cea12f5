from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import drop_the_subject


def setup(scene: Scene) -> None:
    condition = {
        scene.key("sub"): "system:serviceaccount:default:app-sa",
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())


def admit_everybody(scene: Scene) -> None:
    """A pattern that every ServiceAccount matches."""
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


FIXES = [drop_the_subject, admit_everybody]
