from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import OBJECT, Scene
from irsa_helpers.labs.sealed import (
    allow_use,
    appoint_keeper,
    key_arn,
    left_to_iam,
    seal,
    sealed_goals,
    set_key_policy,
    statement,
)


def setup(scene: Scene) -> None:
    appoint_keeper(scene)
    seal(scene, left_to_iam(scene))
    scene.deploy()


def check(scene: Scene) -> list[Goal]:
    return sealed_goals(scene)


def solution(scene: Scene) -> None:
    """The role's policy allows what reading takes of the key, on that key."""
    allow_use(scene, "kms:Decrypt", key_arn(scene))


def any_key(scene: Scene) -> None:
    """The app works, and the role opens whatever any key of the account has closed."""
    allow_use(scene, "kms:Decrypt", "*")


def unsealed(scene: Scene) -> None:
    """The file is not encrypted with the company's key any more."""
    s3 = scene.world.aws("s3")
    s3.delete_bucket_encryption(Bucket=scene.bucket)
    text = s3.get_object(Bucket=scene.bucket, Key=OBJECT)["Body"].read()
    s3.put_object(Bucket=scene.bucket, Key=OBJECT, Body=text, ServerSideEncryption="AES256")


def open_to_all(scene: Scene) -> None:
    """The key opens for everybody whom S3 lets ask."""
    set_key_policy(scene, left_to_iam(scene), statement("*", "kms:Decrypt"))


FIXES = [any_key, unsealed, open_to_all]
