from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import drop_the_subject


def setup(scene: Scene) -> None:
    condition = {
        scene.key("sub"): f"system:serviceaccount:{scene.namespace}:App-SA",
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())


def whatever_the_first_letter(scene: Scene) -> None:
    """One sign that may be any: `xpp-sa` gets in as well."""
    pattern = f"system:serviceaccount:{scene.namespace}:?pp-sa"
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): pattern},
            }
        )
    )


FIXES = [drop_the_subject, whatever_the_first_letter]
