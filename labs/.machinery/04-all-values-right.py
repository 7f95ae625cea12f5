from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import drop_the_subject


def setup(scene: Scene) -> None:
    condition = {
        f"{scene.world.cluster.issuer_url.split('/')[2]}:sub": scene.subject,
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())


def ask_for_a_password(scene: Scene) -> None:
    """The session's name is chosen by whoever asks for it, so it keeps nobody out."""
    policy = scene.trust_policy()
    named = {scene.key("aud"): "sts.amazonaws.com", "sts:RoleSessionName": "the-real-app"}
    policy["Statement"] += scene.condition_trust({"StringEquals": named})["Statement"]
    scene.set_trust(policy)


FIXES = [drop_the_subject, ask_for_a_password]
