from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    condition = {
        scene.key("sub"): f"system:serviceaccount:{scene.namespace}:app",
        scene.key("aud"): "sts.amazonaws.com",
    }
    scene.set_trust(scene.condition_trust({"StringEquals": condition}))
    scene.allow("s3:GetObject", "arn:aws:s3:::lab-18-old-data/*")
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))


def trust_only(scene: Scene) -> None:
    """The role still may not read."""
    scene.set_trust(scene.trust_policy())


def all_of_s3(scene: Scene) -> None:
    """Works, and opens everything."""
    scene.set_trust(scene.trust_policy())
    scene.allow("s3:*", "*")


FIXES = [trust_only, all_of_s3]
