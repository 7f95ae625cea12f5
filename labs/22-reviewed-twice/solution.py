"""Reviewed twice: a way to mend it."""

from irsa_helpers import oidc
from irsa_helpers.worlds import World
from irsa_helpers.worlds.sandbox import in_account


def solution(world: World) -> None:
    """The broken link is mended, and nothing is opened that was closed."""
    data_account = in_account(world, "777788889999")
    data_account.aws("iam").add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=oidc.provider_arn(data_account), ClientID="sts.amazonaws.com"
    )
