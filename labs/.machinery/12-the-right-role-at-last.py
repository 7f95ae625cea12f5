from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    scene.allow(["s3:GetObject", "s3:ListBucket"], f"arn:aws:s3:::{scene.bucket}")
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))


def allow_all_of_s3(scene: Scene) -> None:
    """More rights do not help, and stay as a danger."""
    scene.allow("s3:*", "*")


def open_the_bucket(scene: Scene) -> None:
    """The bucket says yes to the app, and to the whole world."""
    scene.set_bucket_policy("*")


FIXES = [allow_all_of_s3, open_the_bucket]
