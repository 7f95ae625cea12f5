"""The projected token, the ServiceAccount's passport: read it, and check who signed it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.claims import ClaimRow, Token, decode_unverified, explain_token

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

__all__ = [
    "ClaimRow",
    "Signature",
    "Token",
    "check_signature",
    "decode_unverified",
    "explain_token",
    "read_token",
]

# EKS signs with no other algorithm; to take the token's own word for it is an old hole.
# Source: RFC 8725, 3.1.
ALGORITHMS = ["RS256"]


@dataclass(frozen=True)
class Signature:
    """Whether the issuer's published keys made a token's signature, and how one knows."""

    good: bool
    said: str


def check_signature(world: World, token: str) -> Signature:
    """The token's signature, checked with the keys that the cluster's issuer publishes.

    Raises IrsaLabError where the text is no JSON Web Token.
    """
    read = decode_unverified(token)
    issuer, own = str(read.claims.get("iss")), world.cluster.issuer_url
    if issuer != own:
        return Signature(False, f"its issuer is {issuer}; this cluster's is {own}")
    key_id = read.header.get("kid")
    published = {key["kid"]: key for key in _published_keys(world)}
    if key_id not in published:
        return Signature(False, f"the issuer publishes no key {key_id}")
    return _made_by(published[key_id], token.strip())


def _published_keys(world: World) -> list[dict[str, Any]]:
    """The issuer's JSON Web Key Set. Source: OpenID Connect Discovery 1.0; RFC 7517."""
    discovery = world.fetch(f"{world.cluster.issuer_url}/.well-known/openid-configuration")
    keys: list[dict[str, Any]] = json.loads(world.fetch(json.loads(discovery)["jwks_uri"]))["keys"]
    return keys


def _made_by(key: dict[str, Any], token: str) -> Signature:
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        jws.deserialize_compact(token, RSAKey.import_key(key), algorithms=ALGORITHMS)
    except (JoseError, ValueError) as error:
        return Signature(False, f"the published key {key['kid']} did not make it: {error}")
    return Signature(True, f"the published key {key['kid']} made it")


def read_token(
    world: World, pod_name: str, *, namespace: str = "default", container: str | None = None
) -> str:
    """The token that the Pod's SDK shows, read inside the Pod. Treat it as a password.

    It is the one for STS, or with EKS Pod Identity the one for the agent.
    Raises IrsaLabError where the container has neither.
    """
    from irsa_helpers.pods import exec_in_pod

    file = "${AWS_WEB_IDENTITY_TOKEN_FILE:-$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE}"
    command = ["sh", "-c", f'cat "{file}"']
    read = exec_in_pod(world, pod_name, command, namespace=namespace, container=container)
    if read.exit_code != 0:
        raise IrsaLabError(
            f"Pod {namespace}/{pod_name} has no readable token: {read.stderr.strip()}",
            next_step="check the ServiceAccount's annotation; then restart the Deployment",
        )
    return read.stdout.strip()


def request_token(
    world: World,
    service_account: str,
    *,
    namespace: str = "default",
    audience: str = "sts.amazonaws.com",
    seconds: int = 600,
) -> str:
    """A token of the ServiceAccount, asked for as the kubelet does for a Pod, but of no Pod.

    Source: Kubernetes API, TokenRequest; it gives out none of less than 600 seconds.
    """
    request = {"spec": {"audiences": [audience], "expirationSeconds": seconds}}
    accounts: Any = world.resource("v1", "ServiceAccount")
    answer = accounts.token.create(name=service_account, namespace=namespace, body=request)
    return str(answer.status.token)


def show_to_sts(world: World, token: str, role_arn: str) -> str:
    """Ask STS for the role by that token, as an SDK does: the session's ARN, or `CODE: MESSAGE`."""
    from botocore.exceptions import ClientError

    call = {"RoleArn": role_arn, "RoleSessionName": "me", "WebIdentityToken": token}
    try:
        answer = world.aws("sts").assume_role_with_web_identity(**call)
    except ClientError as error:
        return "{Code}: {Message}".format(**error.response["Error"])
    return str(answer["AssumedRoleUser"]["Arn"])
