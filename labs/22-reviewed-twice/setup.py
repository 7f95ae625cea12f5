"""Reviewed twice: the world at the lab's start."""

from irsa_helpers import oidc
from irsa_helpers.labs.scene import build_scene
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def setup(world: World) -> None:
    """The world is broken as the story tells."""
    data_account = in_account(world, "777788889999")
    scene = build_scene(data_account, "22")
    oidc.ensure_no_provider(data_account)
    data_account.aws("iam").create_open_id_connect_provider(
        Url=oidc.issuer_url(world), ClientIDList=["vault.example.com"]
    )
    scene.deploy()
