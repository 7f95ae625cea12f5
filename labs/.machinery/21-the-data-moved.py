from irsa_helpers import oidc
from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys
from irsa_helpers.worlds.sandbox import SandboxWorld, sandbox_of


def setup(scene: Scene) -> None:
    oidc.ensure_no_provider(scene.world)
    scene.deploy()


def solution(scene: Scene) -> None:
    oidc.ensure_provider(scene.world)


def provider_at_home(scene: Scene) -> None:
    """The cluster's account has one already: STS looks in the role's account."""
    oidc.ensure_provider(SandboxWorld(sandbox_of(scene.world)))


def admit_everybody(scene: Scene) -> None:
    """The trust policy was right; now it is not."""
    oidc.ensure_provider(scene.world)
    pattern = {"StringLike": {scene.key("sub"): "system:serviceaccount:*:*"}}
    scene.set_trust(scene.condition_trust(pattern))


FIXES = [provider_at_home, static_keys, admit_everybody]
