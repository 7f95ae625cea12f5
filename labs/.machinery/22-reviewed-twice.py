from irsa_helpers import oidc
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    oidc.ensure_no_provider(scene.world)
    scene.world.aws("iam").create_open_id_connect_provider(
        Url=oidc.issuer_url(scene.world), ClientIDList=["vault.example.com"]
    )
    scene.deploy()


def check(scene: Scene) -> list[Goal]:
    provider = oidc.describe_provider(scene.world) or {"ClientIDList": []}
    accepted = "vault.example.com" in provider["ClientIDList"]
    vault = Goal(
        "the provider still accepts Vault's tokens",
        accepted,
        "they are accepted" if accepted else "they are refused",
        "they are accepted",
    )
    return [*chain_goals(scene), vault]


def solution(scene: Scene) -> None:
    scene.world.aws("iam").add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=oidc.provider_arn(scene.world), ClientID="sts.amazonaws.com"
    )


def make_it_anew(scene: Scene) -> None:
    """The app works, and Vault does not."""
    oidc.ensure_no_provider(scene.world)
    oidc.ensure_provider(scene.world)


def a_token_for_vault(scene: Scene) -> None:
    """The provider takes it, the trust policy wants another audience, and rightly so."""
    scene.annotate({"eks.amazonaws.com/audience": "vault.example.com"})
    scene.restart()


FIXES = [make_it_anew, a_token_for_vault]
