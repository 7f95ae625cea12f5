import json

from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": scene.role_arn},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{scene.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    scene.world.aws("s3").put_bucket_policy(Bucket=scene.bucket, Policy=policy)
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.world.aws("s3").delete_bucket_policy(Bucket=scene.bucket)


def more_rights(scene: Scene) -> None:
    """An explicit deny wins over any allow."""
    scene.allow("s3:*", "*")


def say_yes_to_everybody(scene: Scene) -> None:
    """No Deny is left, and no lock either."""
    scene.set_bucket_policy("*")


FIXES = [more_rights, say_yes_to_everybody]
