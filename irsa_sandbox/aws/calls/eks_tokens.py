"""EKS tokens: a presigned GetCallerIdentity, which the API server asks STS about.

Source: aws-iam-authenticator, "API Authorization from Outside a Cluster".
"""

from __future__ import annotations

import base64
import logging
from urllib.parse import parse_qsl, urlsplit

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.calls import asked
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.wire.messages import HttpRequest
from irsa_sandbox.values.numbers import whole_number

log = logging.getLogger("irsa-lab")

PREFIX = "k8s-aws-v1."
SECONDS = 900
PARAMETERS = {
    *("action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires"),
    *("x-amz-security-token", "x-amz-signature", "x-amz-signedheaders", "x-amz-user-agent"),
}


def signer(desk: Desk, token: str) -> str | None:
    """The ARN of whoever signed the GetCallerIdentity inside an EKS token, None where nobody."""
    request = _request(token, desk.settings.cluster_name)
    if request is None:
        return None
    try:
        caller, claim = desk.callers.authenticate(request, "query")
        invocation = asked.identify(request, claim.service, claim.region, "")
    except AwsError as error:
        log.info("EKS token refused: %s", error)
        return None
    is_identity = (claim.service, invocation.operation) == ("sts", "GetCallerIdentity")
    return caller.arn if is_identity else None


def _is_token_query(query: str) -> bool:
    """Whether it has the form of an EKS token: known parameters, each once, the cluster's name
    among the signed headers, no longer life than a quarter of an hour.

    Source: aws-iam-authenticator, pkg/token/token.go, Verify.
    """
    pairs = parse_qsl(query.lower(), keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs) or not set(given) <= PARAMETERS:
        return False
    expires = whole_number(given.get("x-amz-expires", "0"))
    return (
        "x-k8s-aws-id" in given.get("x-amz-signedheaders", "").split(";")
        and expires is not None
        and expires <= SECONDS
    )


def _request(token: str, cluster: str) -> HttpRequest | None:
    """The presigned request inside an EKS token, as the API server would send it to STS."""
    if not token.startswith(PREFIX):
        return None
    encoded = token.removeprefix(PREFIX)
    try:
        url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("ascii")
        parts = urlsplit(url)
    except ValueError:
        return None
    if not _is_token_query(parts.query):
        return None
    headers = (("host", parts.netloc), ("x-k8s-aws-id", cluster))
    return HttpRequest.of("GET", parts.path or "/", parts.query, headers)
