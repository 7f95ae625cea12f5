"""Made again: tempting fixes that must not pass."""

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def a_second_statement(world: World) -> None:
    """The app works, and so does every EC2 instance that somebody gives the role."""
    scene = Scene(world, "lab-35")
    role = world.aws("iam").get_role(RoleName=scene.role)["Role"]
    policy, wizard = scene.trust_policy(), role["AssumeRolePolicyDocument"]["Statement"]
    policy["Statement"] += [wizard] if isinstance(wizard, dict) else wizard
    scene.set_trust(policy)
    scene.set_permissions(roles.build_bucket_read_policy(scene.bucket))


def read_everything(world: World) -> None:
    """AWS has a policy for reading S3: all of it."""
    scene = Scene(world, "lab-35")
    scene.set_trust(scene.trust_policy())
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    world.aws("iam").attach_role_policy(RoleName=scene.role, PolicyArn=arn)


FIXES = [a_second_statement, read_everything]
