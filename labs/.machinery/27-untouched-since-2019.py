import json

from irsa_helpers import roles
from irsa_helpers.labs.scene import Scene

WORK = "while true; do aws s3api list-objects-v2 --bucket {bucket}; sleep 2; done"
NODE_ROLE = "enginrect-node-role"


def setup(scene: Scene) -> None:
    command = ["sh", "-c", WORK.format(bucket=scene.bucket)]
    scene.deploy(container={"image": "enginrect/reports:2019", "command": command})
    scene.wait_for_log("AccessDenied")


def solution(scene: Scene) -> None:
    container = {"name": "app", "image": "enginrect/reports:2026"}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    deployments = scene.world.resource("apps/v1", "Deployment")
    deployments.patch(name="app", namespace=scene.namespace, body=patch)
    scene.wait()


def the_nodes_role(scene: Scene) -> None:
    """The app reads, as the node, and with it every Pod of the node."""
    document = json.dumps(roles.build_bucket_read_policy(scene.bucket))
    scene.world.aws("iam").put_role_policy(
        RoleName=NODE_ROLE, PolicyName=scene.namespace, PolicyDocument=document
    )


def restart_only(scene: Scene) -> None:
    """The new Pod has the old SDK."""
    scene.restart()


FIXES = [the_nodes_role, restart_only]
