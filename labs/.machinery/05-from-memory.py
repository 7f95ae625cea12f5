from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    condition = {scene.key("sub"): scene.subject, scene.key("aud"): "sts.amazon.com"}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())


def drop_the_audience(scene: Scene) -> None:
    """Tokens made for others get in."""
    condition = {scene.key("sub"): scene.subject}
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))


def drop_all_conditions(scene: Scene) -> None:
    """Without a condition on the subject any Pod of the cluster gets in."""
    scene.set_trust(
        scene.condition_trust({"StringEquals": {scene.key("aud"): "sts.amazonaws.com"}})
    )


FIXES = [drop_the_audience, drop_all_conditions]
