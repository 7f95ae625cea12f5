"""The data moved: tempting fixes that must not pass."""

from irsa_helpers import oidc
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def provider_at_home(world: World) -> None:
    """The cluster's account has one already: STS looks in the role's account."""
    oidc.ensure_provider(world)


def static_keys(world: World) -> None:
    """A person's keys read the bucket, but not as the app."""
    scene = Scene(in_account(world, "444455556666"), "lab-21")
    scene.deploy(environment=scene.static_keys())


def admit_everybody(world: World) -> None:
    """The trust policy was right; now it is not."""
    scene = Scene(in_account(world, "444455556666"), "lab-21")
    oidc.ensure_provider(scene.world)
    pattern = {"StringLike": {scene.key("sub"): "system:serviceaccount:*:*"}}
    scene.set_trust(scene.condition_trust(pattern))


FIXES = [provider_at_home, static_keys, admit_everybody]
