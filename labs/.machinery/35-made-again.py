from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene

WIZARD = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def setup(scene: Scene) -> None:
    roles.ensure_no_role(scene.world, scene.role)
    roles.ensure_role(scene.world, scene.role, WIZARD)
    scene.deploy()


def solution(scene: Scene) -> None:
    """The role trusts the app alone again, and may read its bucket."""
    scene.set_trust(scene.trust_policy())
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))


def a_second_statement(scene: Scene) -> None:
    """The app works, and so does every EC2 instance that somebody gives the role."""
    role = scene.world.aws("iam").get_role(RoleName=scene.role)["Role"]
    policy, wizard = scene.trust_policy(), role["AssumeRolePolicyDocument"]["Statement"]
    policy["Statement"] += [wizard] if isinstance(wizard, dict) else wizard
    scene.set_trust(policy)
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))


def read_everything(scene: Scene) -> None:
    """AWS has a policy for reading S3: all of it."""
    scene.set_trust(scene.trust_policy())
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    scene.world.aws("iam").attach_role_policy(RoleName=scene.role, PolicyArn=arn)


FIXES = [a_second_statement, read_everything]
