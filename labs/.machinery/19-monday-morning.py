from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/role-arn": None})
    scene.annotate({"eks.amazonaws.com/rolearn": scene.role_arn})
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )
    scene.allow("s3:*", "*")
    scene.deploy(service_account="default")


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.deploy()


def make_it_work(scene: Scene) -> None:
    """The app works; so does everybody else."""
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.deploy()


def tighten_only(scene: Scene) -> None:
    """Safe, and the app is still down."""
    scene.set_trust(scene.trust_policy())


FIXES = [make_it_work, tighten_only]
