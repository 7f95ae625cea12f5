"""A cluster unknown to AWS: a way to mend it."""

from irsa_helpers import oidc
from irsa_helpers.world import World


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    oidc.ensure_provider(world)
