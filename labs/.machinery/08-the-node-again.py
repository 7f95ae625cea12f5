from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    scene.deploy(service_account="default")


def solution(scene: Scene) -> None:
    scene.deploy()


def admit_both(scene: Scene) -> None:
    """All that nobody gave another ServiceAccount runs as `default`."""
    subjects = [scene.subject, f"system:serviceaccount:{scene.namespace}:default"]
    scene.set_trust(
        scene.condition_trust(
            {"StringEquals": {scene.key("sub"): subjects, scene.key("aud"): "sts.amazonaws.com"}}
        )
    )
    scene.deploy()


def annotate_default(scene: Scene) -> None:
    """The role then trusts whoever runs as default."""
    patch = {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": scene.role_arn}}}
    accounts = scene.world.resource("v1", "ServiceAccount")
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
