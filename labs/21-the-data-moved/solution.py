"""The data moved: a way to mend it."""

from irsa_helpers import oidc
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    oidc.ensure_provider(in_account(world, "444455556666"))
