"""EKS Auth: the Pod Identity agent hands in a Pod's token and gets its role's credentials.

Source: EKS Auth API, botocore eks-auth/2023-11-26; EKS User Guide, "Learn how EKS Pod Identity
grants pods access to AWS services".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Credentials, Session
from irsa_sandbox.aws.decisions.conditions import Context
from irsa_sandbox.aws.handshake import associations, assumed_roles, target_roles, tokens
from irsa_sandbox.aws.handshake.associations import Association
from irsa_sandbox.aws.handshake.chaining import Chain
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.handshake import Handshake
from irsa_sandbox.aws.handshake.hops import Checks, Hops
from irsa_sandbox.aws.handshake.jwks import NoKeyError
from irsa_sandbox.aws.handshake.tokens import WebIdentityToken
from irsa_sandbox.aws.wire.invocations import Invocation

OPERATION = "AssumeRoleForPodIdentity"
AUDIENCE = "pods.eks.amazonaws.com"
SESSION_SECONDS = 21_600
_SUBJECT = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")


async def assume(desk: Desk, invocation: Invocation, client: str) -> dict[str, Any]:
    """The members of the answer. Raises AwsError."""
    handshake = _PodIdentity(desk, invocation, client)
    _, session, credentials = await handshake.perform()
    return _answer(handshake.association, session, credentials)


class _PodIdentity(Handshake):
    tells_times = False
    association: Association
    """The association of the token's ServiceAccount, once it is known."""

    def __init__(self, desk: Desk, invocation: Invocation, client: str) -> None:
        name = invocation.parameters["clusterName"]
        place = invocation.account_id, invocation.region
        self._associations = associations.of_cluster(*place, name)
        self._cluster_arn = f"arn:aws:eks:{place[1]}:{place[0]}:cluster/{name}"
        self._invocation = invocation
        self._tags: dict[str, str] = {}
        super().__init__(desk, Hops(desk.settings, OPERATION, {}, "EKS Auth"), client)

    def read(self) -> WebIdentityToken:
        return tokens.read(self._invocation.parameters["token"])

    async def check_issuer(self, checks: Checks, token: WebIdentityToken) -> None:
        issuer, expected = self.desk.settings.issuer_url, f"by key {token.key_id}"
        strange = token.issuer != issuer
        wrong = _invalid("another cluster issued the token") if strange else None
        checks.note("iss", issuer, token.issuer, wrong)
        try:
            known = await self.desk.keys.find(issuer, token.key_id)
            tokens.verify_signature(token, known.key)
        except (NoKeyError, AwsError) as error:
            checks.note("signature", expected, str(error), _invalid(str(error)))
        checks.note("signature", expected, token.algorithm)

    def check_audience(self, checks: Checks, token: WebIdentityToken) -> None:
        listed = list(token.audiences)
        wrong = None if AUDIENCE in listed else _invalid("the token is for another audience")
        checks.note("aud", AUDIENCE, listed, wrong)

    def asked(self, token: WebIdentityToken) -> tuple[Role, str, Sequence[str], Context]:
        self.association = self._associated(token)
        arn = self.association["roleArn"]
        self.hops.about(arn)
        role = self.desk.directory.role(arn)
        if role is None:
            raise self.hops.refused(self.denied(f"the role {arn} does not exist"))
        if not self.association["disableSessionTags"]:
            self._tags = _session_tags(self._cluster_arn, token)
        context: Context = {
            "aws:SourceAccount": self._invocation.account_id,
            "aws:SourceArn": self._cluster_arn,
            **{f"aws:RequestTag/{key}": value for key, value in self._tags.items()},
            "aws:TagKeys": list(self._tags),
        }
        return role, AUDIENCE, assumed_roles.actions(self._tags), context

    def _associated(self, token: WebIdentityToken) -> Association:
        """The association of the ServiceAccount that the token speaks for."""
        named = _SUBJECT.fullmatch(token.subject)
        kept = self._associations
        association = associations.find(kept, named[1], named[2]) if named else None
        if association is None:
            text = f"No Pod Identity association found for {token.subject}"
            raise self.hops.refused(AwsError("ResourceNotFoundException", 404, text))
        return association

    def session(self, token: WebIdentityToken, role: Role) -> Session:
        session = assumed_roles.new_session(
            role,
            _session_name(self.association["clusterName"], self._tags),
            issued_at=self.now(token),
            namespace=token.namespace,
            duration_seconds=SESSION_SECONDS,
            tags=self._tags,
            transitive_tags=list(self._tags),
        )
        if not self.association.get("targetRoleArn"):
            return session
        caller = self.desk.callers.of_session(session)
        chain = Chain(self.desk, self.hops, caller, self._invocation.region, self.client)
        return target_roles.assume(chain, self.association, session)

    def unreadable(self, error: AwsError) -> AwsError:
        return _invalid(error.explanation)

    def untimely(self, error: AwsError) -> AwsError:
        code = error.code.replace("InvalidIdentityToken", "InvalidTokenException")
        return AwsError(code, 400, error.message)

    def denied(self, explanation: str) -> AwsError:
        return target_roles.refusal(explanation)


def _session_tags(cluster_arn: str, token: WebIdentityToken) -> dict[str, str]:
    """The tags that let one role serve many Pods, each to its own."""
    kubernetes = token.claims.get("kubernetes.io")
    pod = kubernetes.get("pod") if isinstance(kubernetes, dict) else None
    _, _, namespace, account = token.subject.split(":", 3)
    tags = {
        "eks-cluster-arn": cluster_arn,
        "eks-cluster-name": cluster_arn.partition("/")[2],
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": account,
    }
    if isinstance(pod, dict):
        tags["kubernetes-pod-name"] = str(pod.get("name", ""))
        tags["kubernetes-pod-uid"] = str(pod.get("uid", ""))
    return tags


def _session_name(cluster: str, tags: dict[str, str]) -> str:
    """`eks-`, cluster, Pod and a part that is new each time, within STS's 64 characters."""
    pod = tags.get("kubernetes-pod-name", "pod")
    return f"eks-{cluster[:10]}-{pod[:12]}-{uuid4()}"[:64]


def _invalid(explanation: str) -> AwsError:
    text = "The token included in the request is invalid."
    return AwsError("InvalidTokenException", 400, text, explanation=explanation)


def _answer(association: Association, session: Session, credentials: Credentials) -> dict[str, Any]:
    return {
        "subject": {
            "namespace": association["namespace"],
            "serviceAccount": association["serviceAccount"],
        },
        "audience": AUDIENCE,
        "podIdentityAssociation": {
            "associationArn": association["associationArn"],
            "associationId": association["associationId"],
        },
        "assumedRoleUser": {
            "arn": session.arn,
            "assumeRoleId": f"{session.principal_id}:{session.name}",
        },
        "credentials": {
            "sessionToken": credentials.session_token,
            "secretAccessKey": credentials.secret_access_key,
            "accessKeyId": credentials.access_key_id,
            "expiration": credentials.expires_at,
        },
    }
