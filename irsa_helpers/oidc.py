"""Step 1: the cluster's OIDC issuer, and the IAM OIDC provider that makes AWS trust it.

The issuer is a web address where EKS publishes the public keys of the cluster. The provider is a
record in IAM that says "tokens of that issuer, made for these audiences, may be shown to STS".
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from irsa_helpers.changes import Change, aws_tags, may_apply
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import arns
from irsa_helpers.ground.arns import issuer_host_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irsa_helpers.worlds import World

__all__ = [
    "AUDIENCE",
    "describe_provider",
    "discovery_document",
    "ensure_no_provider",
    "ensure_provider",
    "issuer_host_path",
    "issuer_url",
    "jwks",
    "provider_arn",
    "thumbprint",
]

AUDIENCE = "sts.amazonaws.com"
KIND = "IAM OIDC provider"


def issuer_url(world: World) -> str:
    """The cluster's issuer, e.g. `https://oidc.eks.ap-northeast-2.amazonaws.com/id/<32 hex>`."""
    return world.cluster.issuer_url


def discovery_document(world: World) -> dict[str, Any]:
    """The issuer's OpenID Connect discovery document; `jwks_uri` in it names the public keys."""
    document = world.fetch(f"{issuer_url(world)}/.well-known/openid-configuration")
    return dict(json.loads(document))


def jwks(world: World) -> dict[str, Any]:
    """The issuer's public keys: `{"keys": [{"kid", "kty", "alg", "use", "n", "e"}, …]}`."""
    return dict(json.loads(world.fetch(discovery_document(world)["jwks_uri"])))


def thumbprint(world: World) -> str:
    """SHA-1, as 40 hex digits, of the last certificate that the issuer's host presents.

    IAM once wanted it, and `eksctl` computes it to this day. It is optional now: IAM checks the
    host against its own library of root CAs and looks at thumbprints for other CAs only.
    Raises IrsaLabError where the host cannot be reached.
    """
    host = urlsplit(issuer_url(world)).hostname or ""
    try:
        chain = world.tls_chain(host)
    except OSError as error:
        raise IrsaLabError(
            f"{host} shows no certificate: {error}",
            next_step="leave the thumbprint out: ensure_provider(world, thumbprints=())",
        ) from error
    return hashlib.sha1(chain[-1], usedforsecurity=False).hexdigest()


def provider_arn(world: World) -> str:
    """The ARN that the provider has or will have: it follows from the issuer and the account."""
    partition = arns.Arn.parse(world.cluster.arn).partition
    return arns.provider_arn(issuer_url(world), world.cluster.account_id, partition)


def describe_provider(world: World) -> dict[str, Any] | None:
    """The provider of this cluster's issuer as IAM records it, or None where there is none.

    Keys: `Arn`, `Url` (without https://), `ClientIDList`, `ThumbprintList`, `CreateDate`, `Tags`.
    """
    iam, arn = world.aws("iam"), provider_arn(world)
    try:
        provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except iam.exceptions.NoSuchEntityException:
        return None
    provider.pop("ResponseMetadata", None)
    return {"Arn": arn, **provider}


def ensure_provider(
    world: World,
    client_ids: Sequence[str] = (AUDIENCE,),
    *,
    thumbprints: Sequence[str] | None = None,
    approve: bool = False,
) -> Change:
    """The IAM OIDC provider of the cluster exists and accepts these audiences.

    What `eksctl utils associate-iam-oidc-provider` does: a plan first, applied with approval. A
    provider that exists gets the audiences it lacks and loses none. `thumbprints` None stands for
    the one that the issuer's host presents, `()` leaves it to IAM.
    """
    provider = describe_provider(world)
    if provider is None:
        return _create_provider(world, client_ids, thumbprints, approve=approve)
    missing = [client_id for client_id in client_ids if client_id not in provider["ClientIDList"]]
    if not missing:
        already = f"already associated; audiences: {', '.join(provider['ClientIDList'])}"
        return Change("none", KIND, provider["Arn"], (already,))
    planned = Change(
        "update", KIND, provider["Arn"], tuple(f"add the audience {m}" for m in missing)
    )
    if not may_apply(world, approve):
        return planned
    for client_id in missing:
        world.aws("iam").add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=provider["Arn"], ClientID=client_id
        )
    return planned.done()


def _create_provider(
    world: World, client_ids: Sequence[str], thumbprints: Sequence[str] | None, *, approve: bool
) -> Change:
    url = issuer_url(world)
    prints = [thumbprint(world)] if thumbprints is None else list(thumbprints)
    details = (
        f"issuer {url}",
        f"audiences (client ids): {', '.join(client_ids)}",
        f"thumbprint: {', '.join(prints) or 'left to IAM'}",
        f"tag irsa-lab={world.cluster_name}",
    )
    planned = Change("create", KIND, provider_arn(world), details)
    if not may_apply(world, approve):
        return planned
    world.aws("iam").create_open_id_connect_provider(
        Url=url, ClientIDList=list(client_ids), ThumbprintList=prints, Tags=aws_tags(world)
    )
    return planned.done()


def ensure_no_provider(world: World, *, approve: bool = False) -> Change:
    """No IAM OIDC provider exists for this cluster's issuer: no Pod can become a role any more.

    Raises IrsaLabError for a real cluster's provider that the lab did not make: others need it.
    """
    arn = provider_arn(world)
    provider = describe_provider(world)
    if provider is None:
        return Change("none", KIND, arn)
    if world.name != "sandbox" and aws_tags(world)[0] not in provider.get("Tags", []):
        raise IrsaLabError(
            f"{arn} was not made by the lab: every role of this cluster depends on it",
            next_step="leave it; step 1 is done here, go on with notebook 03",
        )
    planned = Change("delete", KIND, arn, ("STS will refuse every token of this cluster",))
    if not may_apply(world, approve):
        return planned
    world.aws("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return planned.done()
