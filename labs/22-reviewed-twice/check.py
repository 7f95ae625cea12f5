"""Reviewed twice: what must work again."""

from irsa_helpers import oidc
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def check(world: World) -> list[Goal]:
    """Each goal with what was seen."""
    data_account = in_account(world, "777788889999")
    provider = oidc.describe_provider(data_account) or {"ClientIDList": []}
    audiences = provider["ClientIDList"]
    expected = "vault.example.com among the provider's audiences"
    vault = Goal(
        "the provider still accepts Vault's tokens",
        "vault.example.com" in audiences,
        f"audiences: {', '.join(audiences) or 'no provider'}",
        expected,
    )
    return [*chain_goals(data_account, "22"), vault]
