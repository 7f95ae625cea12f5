import json

from irsa_helpers import roles, storage
from irsa_helpers.labs.chains import admits_only_app, deploy_app, may_only_become, reads_by_chain
from irsa_helpers.labs.goals import trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import OBJECT, PERMISSIONS, Scene
from irsa_helpers.worlds.sandbox import in_account

READS = "the app reads the data account's bucket"
TEXT = "Hello from the data account"


def setup(scene: Scene) -> None:
    data_account = in_account(scene.world, "444455556666")
    bucket = f"{scene.namespace}-data-444455556666"
    storage.ensure_bucket(data_account, bucket, objects={OBJECT: f"{TEXT}\n"})
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    old = roles.role_arn(scene.world, "enginrect-node-role")
    roles.ensure_role(
        data_account,
        f"{scene.namespace}-data-role",
        {"Version": "2012-10-17", "Statement": [allow | {"Principal": {"AWS": old}}]},
        permission_policies={PERMISSIONS: roles.build_bucket_read_policy(bucket)},
    )
    scene.world.aws("iam").delete_role_policy(RoleName=scene.role, PolicyName=PERMISSIONS)
    deploy_app(scene, roles.role_arn(data_account, f"{scene.namespace}-data-role"), bucket)
    scene.wait_for_log("AccessDenied")


def check(scene: Scene) -> list[Goal]:
    data_account = in_account(scene.world, "444455556666")
    data_role = f"{scene.namespace}-data-role"
    arn, bucket = roles.role_arn(data_account, data_role), f"{scene.namespace}-data-444455556666"
    return [
        reads_by_chain(scene, READS, arn, bucket, TEXT),
        may_only_become(scene, arn),
        admits_only_app(scene, data_account, data_role),
        trusts_only_app(scene),
    ]


def solution(scene: Scene) -> None:
    data_account = in_account(scene.world, "444455556666")
    data_role = f"{scene.namespace}-data-role"
    scene.allow("sts:AssumeRole", roles.role_arn(data_account, data_role))
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": scene.role_arn},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    data_account.aws("iam").update_assume_role_policy(RoleName=data_role, PolicyDocument=document)
    scene.wait_for_log("Hello from the data account")


def _trust(scene: Scene, principal: str) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    in_account(scene.world, "444455556666").aws("iam").update_assume_role_policy(
        RoleName=f"{scene.namespace}-data-role", PolicyDocument=document
    )


def the_whole_account(scene: Scene) -> None:
    """Every role of account 111122223333 that may assume roles gets in."""
    data_account = in_account(scene.world, "444455556666")
    scene.allow("sts:AssumeRole", roles.role_arn(data_account, f"{scene.namespace}-data-role"))
    _trust(scene, "arn:aws:iam::111122223333:root")


def any_role(scene: Scene) -> None:
    """The app's role may become whatever trusts it."""
    scene.allow("sts:AssumeRole", "*")
    _trust(scene, scene.role_arn)


def their_side_only(scene: Scene) -> None:
    """The caller's own side says nothing yet."""
    _trust(scene, scene.role_arn)


FIXES = [the_whole_account, any_role, their_side_only]
