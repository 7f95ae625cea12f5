from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    condition = {
        scene.key("sub"): f"system:serviceaccount:{scene.namespace}:*",
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())


def all_that_begin_so(scene: Scene) -> None:
    """Whoever may make a ServiceAccount calls it `app-sa-too`."""
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): f"{scene.subject}*"},
            }
        )
    )


def admit_the_namespace(scene: Scene) -> None:
    """Under StringLike the whole namespace gets in."""
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): f"system:serviceaccount:{scene.namespace}:*"},
            }
        )
    )


FIXES = [all_that_begin_so, admit_the_namespace]
