"""The node again: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World


def admit_both(world: World) -> None:
    """All that nobody gave another ServiceAccount runs as `default`."""
    scene = Scene(world, "lab-08")
    subjects = [scene.subject, f"system:serviceaccount:{scene.namespace}:default"]
    scene.set_trust(
        scene.condition_trust(
            {"StringEquals": {scene.key("sub"): subjects, scene.key("aud"): "sts.amazonaws.com"}}
        )
    )
    scene.deploy()


def annotate_default(world: World) -> None:
    """The role then trusts whoever runs as default."""
    scene = Scene(world, "lab-08")
    patch = {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": scene.role_arn}}}
    accounts = world.resource("v1", "ServiceAccount")
    accounts.patch(name="default", namespace=scene.namespace, body=patch)
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {
                    scene.key("sub"): f"system:serviceaccount:{scene.namespace}:default",
                    scene.key("aud"): "sts.amazonaws.com",
                }
            }
        )
    )
    scene.deploy(service_account="default")


FIXES = [admit_both, annotate_default]
