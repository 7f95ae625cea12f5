import json

from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import OBJECT, Scene
from irsa_helpers.labs.sealed import (
    allow_use,
    appoint_keeper,
    keeper_arn,
    key_arn,
    seal,
    sealed_goals,
    set_key_policy,
    statement,
)


def setup(scene: Scene) -> None:
    """The role's policy is right; the key's policy knows its keepers alone."""
    appoint_keeper(scene)
    seal(scene, statement(keeper_arn(scene), "kms:*"))
    allow_use(scene, "kms:Decrypt", key_arn(scene))
    scene.deploy()


def check(scene: Scene) -> list[Goal]:
    return sealed_goals(scene)


def solution(scene: Scene) -> None:
    """The key's policy lets in the app's role as well, to open what is closed."""
    keepers = statement(keeper_arn(scene), "kms:*")
    set_key_policy(scene, keepers, statement(scene.role_arn, "kms:Decrypt"))


def more_rights(scene: Scene) -> None:
    """More rights in IAM do not help, and stay as a danger."""
    allow_use(scene, "kms:*", "*")


def without_its_keepers(scene: Scene) -> None:
    """The app works, and nobody can change the key's policy any more."""
    set_key_policy(scene, statement(scene.role_arn, "kms:Decrypt"))


def another_key(scene: Scene) -> None:
    """A key of one's own, beside the company's."""
    kms, s3 = scene.world.aws("kms"), scene.world.aws("s3")
    keepers = [statement(keeper_arn(scene), "kms:*"), statement(scene.role_arn, "kms:Decrypt")]
    policy = json.dumps({"Version": "2012-10-17", "Statement": keepers})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=f"alias/{scene.namespace}-mine", TargetKeyId=key)
    own = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket=scene.bucket, Key=OBJECT, Body=b"Hello\n", **own)


FIXES = [more_rights, without_its_keepers, another_key]
