"""Whose Pod is it?: tempting fixes that must not pass."""

from irsa_helpers.labs.scene import Scene
from irsa_helpers.world import World


def admit_everybody(world: World) -> None:
    """A pattern that every ServiceAccount matches."""
    scene = Scene(world, "lab-08")
    scene.set_trust(
        scene.condition_trust(
            {
                "StringEquals": {scene.key("aud"): "sts.amazonaws.com"},
                "StringLike": {scene.key("sub"): "system:serviceaccount:*:*"},
            }
        )
    )


def annotate_default(world: World) -> None:
    """The role then trusts whoever runs as default."""
    scene = Scene(world, "lab-08")
    patch = {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": scene.role_arn}}}
    world.core_v1.patch_namespaced_service_account("default", scene.namespace, patch)
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


FIXES = [admit_everybody, annotate_default]
