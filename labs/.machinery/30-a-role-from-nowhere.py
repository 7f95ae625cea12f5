import json

from irsa_helpers import pod_identity, roles
from irsa_helpers.labs.scene import PERMISSIONS, SERVICE_ACCOUNT, Scene


def setup(scene: Scene) -> None:
    old = f"{scene.namespace}-old-role"
    roles.ensure_role(scene.world, old, pod_identity.build_pod_identity_trust_policy())
    pod_identity.ensure_association(
        scene.world,
        SERVICE_ACCOUNT,
        role_arn=roles.role_arn(scene.world, old),
        namespace=scene.namespace,
    )
    scene.deploy()


def solution(scene: Scene) -> None:
    pod_identity.ensure_no_association(scene.world, SERVICE_ACCOUNT, namespace=scene.namespace)
    scene.restart()


def feed_the_old_role(scene: Scene) -> None:
    """The app reads, as a role that nobody looks after."""
    document = json.dumps(roles.build_bucket_read_policy(scene.bucket))
    scene.world.aws("iam").put_role_policy(
        RoleName="lab-30-old-role", PolicyName=PERMISSIONS, PolicyDocument=document
    )


def annotate_again(scene: Scene) -> None:
    """The annotation was right; where both are set it does not count."""
    scene.annotate({"eks.amazonaws.com/role-arn": scene.role_arn})
    scene.restart()


FIXES = [feed_the_old_role, annotate_again]
