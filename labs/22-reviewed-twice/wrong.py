"""Reviewed twice: tempting fixes that must not pass."""

from irsa_helpers import oidc
from irsa_helpers.labs.scene import Scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def make_it_anew(world: World) -> None:
    """The app works, and Vault does not."""
    data_account = in_account(world, "777788889999")
    oidc.ensure_no_provider(data_account)
    oidc.ensure_provider(data_account)


def a_token_for_vault(world: World) -> None:
    """The provider takes it, the trust policy wants another audience, and rightly so."""
    scene = Scene(in_account(world, "777788889999"), "lab-22")
    scene.annotate({"eks.amazonaws.com/audience": "vault.example.com"})
    scene.restart()


FIXES = [make_it_anew, a_token_for_vault]
