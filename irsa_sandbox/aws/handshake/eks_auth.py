"""EKS Auth: the Pod Identity agent hands in a Pod's token and gets its role's credentials.

Source: EKS Auth API, botocore eks-auth/2023-11-26; EKS User Guide, "Learn how EKS Pod Identity
grants pods access to AWS services".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Decision, Request, evaluate, explain
from irsa_sandbox.aws.callers.directory import Role
from irsa_sandbox.aws.callers.sessions import Credentials, Session
from irsa_sandbox.aws.decisions import conditions
from irsa_sandbox.aws.handshake import associations, assumed_roles, target_roles, tokens
from irsa_sandbox.aws.handshake.associations import Association
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.hops import Checks, Handshake
from irsa_sandbox.aws.handshake.jwks import NoKeyError
from irsa_sandbox.aws.handshake.target_roles import refusal
from irsa_sandbox.aws.handshake.tokens import WebIdentityToken
from irsa_sandbox.aws.wire.invocations import Invocation

OPERATION = "AssumeRoleForPodIdentity"
AUDIENCE = "pods.eks.amazonaws.com"
SESSION_SECONDS = 21_600
ACTIONS = ("sts:AssumeRole", "sts:TagSession")
_SUBJECT = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")


class EksAuth:
    """The one operation of EKS Auth."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def assume(self, invocation: Invocation, client: str) -> dict[str, Any]:
        """The members of the answer. Raises AwsError."""
        name = invocation.parameters["clusterName"]
        kept = associations.of_cluster(invocation.account_id, invocation.region, name)
        handshake = Handshake(self._desk.settings, OPERATION, {}, "EKS Auth")
        token = await self._verified(handshake, invocation.parameters["token"])
        association = _association(kept, token)
        if association is None:
            text = f"No Pod Identity association found for {token.subject}"
            raise handshake.refused(AwsError("ResourceNotFoundException", 404, text))
        handshake.about(association["roleArn"])
        tags = {} if association["disableSessionTags"] else _session_tags(invocation, token)
        role = self._trusted(handshake, association, tags, invocation, client)
        session = assumed_roles.new_session(
            role,
            _session_name(name, tags),
            issued_at=self._desk.settings.clock.of(token.namespace).time(),
            namespace=token.namespace,
            duration_seconds=SESSION_SECONDS,
            tags=tags,
            transitive_tags=list(tags),
        )
        if association.get("targetRoleArn"):
            session = target_roles.assume(
                self._desk, handshake, association, session, invocation, client
            )
        credentials = self._desk.sessions.seal(session)
        handshake.ended(session, credentials.expiration)
        return _answer(association, session, credentials)

    async def _verified(self, handshake: Handshake, text: str) -> WebIdentityToken:
        """The token, once the cluster's issuer is known to have made it for Pod Identity."""
        try:
            token = tokens.read(text)
        except AwsError as error:
            handshake.refused(error)
            raise _invalid(error.explanation) from error
        handshake.began(token)
        checks = Checks(handshake)
        await self._check_signature(checks, token)
        found = list(token.audiences)
        checks.add("aud", AUDIENCE in found, AUDIENCE, found)
        if AUDIENCE not in found:
            raise checks.failed(_invalid("the token is for another audience"))
        try:
            tokens.check_times(token.claims, self._desk.settings.clock.of(token.namespace).time())
        except AwsError as error:
            checks.add("exp, nbf, iat", False, "in force", error.explanation)
            code = error.code.replace("InvalidIdentityToken", "InvalidTokenException")
            raise checks.failed(AwsError(code, 400, error.message)) from error
        checks.passed()
        return token

    async def _check_signature(self, checks: Checks, token: WebIdentityToken) -> None:
        issuer = self._desk.settings.issuer_url
        checks.add("iss", token.issuer == issuer, issuer, token.issuer)
        if token.issuer != issuer:
            raise checks.failed(_invalid("another cluster issued the token"))
        try:
            key = await self._desk.keys.find(issuer, token.key_id)
            tokens.verify_signature(token, key.key)
        except (NoKeyError, AwsError) as error:
            checks.add("signature", False, f"by key {token.key_id}", str(error))
            raise checks.failed(_invalid(str(error))) from error
        checks.add("signature", True, f"by key {token.key_id}", token.algorithm)

    def _trusted(
        self,
        handshake: Handshake,
        association: Association,
        tags: dict[str, str],
        invocation: Invocation,
        client: str,
    ) -> Role:
        """The role, where it lets EKS Pod Identity both assume it and tag the session."""
        role = self._desk.directory.role(association["roleArn"])
        if role is None:
            raise handshake.refused(refusal(f"the role {association['roleArn']} does not exist"))
        context = conditions.of_request(self._desk.settings, client, association["namespace"]) | {
            "aws:SourceAccount": invocation.account_id,
            "aws:SourceArn": _cluster_arn(invocation),
            **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
            "aws:TagKeys": list(tags),
        }
        for action in ACTIONS if tags else ACTIONS[:1]:
            decision = _decide(role, action, context)
            handshake.decided(role, decision)
            if not decision.allowed:
                raise refusal(explain(decision))
        return role


def _decide(role: Role, action: str, context: Mapping[str, str | list[str]]) -> Decision:
    request = Request(AUDIENCE, action, role.arn, context)
    return evaluate(request, resource_policy=role.trust_policy)


def _association(kept: dict[str, Association], token: WebIdentityToken) -> Association | None:
    """The association of the ServiceAccount that the token speaks for, None where it has none."""
    named = _SUBJECT.fullmatch(token.subject)
    return associations.find(kept, named[1], named[2]) if named else None


def _session_tags(invocation: Invocation, token: WebIdentityToken) -> dict[str, str]:
    """The tags that let one role serve many Pods, each to its own."""
    kubernetes = token.claims.get("kubernetes.io")
    pod = kubernetes.get("pod") if isinstance(kubernetes, dict) else None
    _, _, namespace, account = token.subject.split(":", 3)
    tags = {
        "eks-cluster-arn": _cluster_arn(invocation),
        "eks-cluster-name": invocation.parameters["clusterName"],
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


def _cluster_arn(invocation: Invocation) -> str:
    name = invocation.parameters["clusterName"]
    return f"arn:aws:eks:{invocation.region}:{invocation.account_id}:cluster/{name}"


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
