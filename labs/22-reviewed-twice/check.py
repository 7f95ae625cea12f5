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
    accepted = "vault.example.com" in provider["ClientIDList"]
    vault = Goal(
        "the provider still accepts Vault's tokens",
        accepted,
        "they are accepted" if accepted else "they are refused",
        "they are accepted",
    )
    return [*chain_goals(data_account, "22"), vault]
