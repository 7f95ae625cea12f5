"""Who is asking: static tokens, ServiceAccount tokens, EKS tokens, impersonation."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds.configuration import SECRET
from irsa_sandbox.apiserver.kinds.nodes import NODE
from irsa_sandbox.apiserver.kinds.pods import POD
from irsa_sandbox.apiserver.kinds.serviceaccounts import SERVICE_ACCOUNT
from irsa_sandbox.apiserver.store.storage import Store
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import ALGORITHM, SigningKeys, key_id

API_AUDIENCE = "https://kubernetes.default.svc"
EXTRA_PREFIX = "authentication.kubernetes.io/"
# Who issued the tokens in Secrets, which never expire.
LEGACY_ISSUER = "kubernetes/serviceaccount"
EKS_PREFIX = "k8s-aws-v1."


@dataclass(frozen=True)
class User:
    """A caller of the API, by name and groups."""

    name: str
    groups: tuple[str, ...] = ()
    extra: dict[str, list[str]] = field(default_factory=dict)
    uid: str = ""

    @property
    def info(self) -> dict[str, Any]:
        """The UserInfo of the API. Source: API reference, authentication.k8s.io/v1."""
        info: dict[str, Any] = {"username": self.name, "groups": list(self.groups)}
        if self.uid:
            info["uid"] = self.uid
        return info | ({"extra": self.extra} if self.extra else {})


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
UNAUTHORIZED = StatusError(401, "Unauthorized", "Unauthorized")


class TokenChecker:
    """Verifies the ServiceAccount tokens that this cluster signed."""

    def __init__(self, keys: SigningKeys, issuer_url: str, clock: Clock, store: Store) -> None:
        self._keys = keys
        self._issuer_url = issuer_url
        self._clock = clock
        self._store = store

    def claims(self, token: str, audiences: tuple[str, ...]) -> dict[str, Any]:
        """The claims of a valid token. Raises StatusError 401 for any other."""
        try:
            claims = self._signed(token)
        except (JoseError, ValueError, KeyError) as error:
            raise UNAUTHORIZED from error
        if claims.get("iss") == LEGACY_ISSUER:
            claims = self._legacy(claims, token)
        elif not self._in_force(claims):
            raise UNAUTHORIZED
        if not set(audiences) & set(claims.get("aud", ())):
            raise UNAUTHORIZED
        self._check_still_there(claims)
        return claims

    def _in_force(self, claims: Mapping[str, Any]) -> bool:
        now = self._clock.of(claims.get("kubernetes.io", {}).get("namespace", "")).time()
        return claims.get("iss") == self._issuer_url and claims["nbf"] <= now < claims["exp"]

    def _legacy(self, claims: Mapping[str, Any], token: str) -> dict[str, Any]:
        """The claims of a token Secret's token, in the form of all others.

        It is for the API server alone. Raises StatusError 401 where the Secret holds another token
        or is being deleted. Source: kubernetes, pkg/serviceaccount/legacy.go.
        """
        said = {name.rpartition("/")[2]: value for name, value in claims.items()}
        secret = self._store.get((SECRET.qualified, said["namespace"], said["secret.name"]))
        if secret is None or secret["metadata"].get("deletionTimestamp"):
            raise UNAUTHORIZED
        if base64.b64decode((secret.get("data") or {}).get("token", "")) != token.encode():
            raise UNAUTHORIZED
        account = {"name": said["service-account.name"], "uid": said["service-account.uid"]}
        private = {"namespace": said["namespace"], "serviceaccount": account}
        return {"sub": claims["sub"], "aud": [API_AUDIENCE], "kubernetes.io": private}

    def _signed(self, token: str) -> dict[str, Any]:
        kid = jws.extract_compact(token.encode()).headers()["kid"]
        key = {key_id(public): public for public in self._keys.public_keys}[kid]
        payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
        claims: dict[str, Any] = json.loads(payload)
        return claims

    def _check_still_there(self, claims: Mapping[str, Any]) -> None:
        """A token dies with its ServiceAccount, and with the Pod, Secret or Node it is bound to."""
        private = claims["kubernetes.io"]
        # A Pod's token tells the Node too, but does not depend on it.
        node = () if "pod" in private else (NODE,)
        for kind in (SERVICE_ACCOUNT, POD, SECRET, *node):
            if bound := private.get(kind.kind.lower()):
                place = private["namespace"] if kind.namespaced else ""
                holder = self._store.get((kind.qualified, place, bound["name"]))
                if holder is None or holder["metadata"]["uid"] != bound["uid"]:
                    raise UNAUTHORIZED


def user_of(claims: Mapping[str, Any]) -> User:
    """The caller that a ServiceAccount's token stands for."""
    private = claims["kubernetes.io"]
    groups = (
        "system:serviceaccounts",
        f"system:serviceaccounts:{private['namespace']}",
        "system:authenticated",
    )
    extra = {f"{EXTRA_PREFIX}credential-id": [f"JTI={claims['jti']}"]} if "jti" in claims else {}
    for kind in ("pod", "node"):
        if bound := private.get(kind):
            extra[f"{EXTRA_PREFIX}{kind}-name"] = [bound["name"]]
            extra[f"{EXTRA_PREFIX}{kind}-uid"] = [bound["uid"]]
    return User(claims["sub"], groups, extra, private["serviceaccount"]["uid"])


class Authenticator:
    """Turns an Authorization header into a User."""

    def __init__(
        self,
        static_tokens: Mapping[str, User],
        tokens: TokenChecker,
        authenticate_eks_token: Callable[[str], Awaitable[str | None]],
        admin_arns: tuple[str, ...],
    ) -> None:
        self._static = static_tokens
        self._tokens = tokens
        self._eks = authenticate_eks_token
        self._admins = admin_arns

    async def user(self, authorization: str | None) -> User:
        """The caller; anonymous without a header. Raises StatusError 401 for a bad token."""
        if not authorization:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return ANONYMOUS
        if token in self._static:
            return self._static[token]
        if token.startswith(EKS_PREFIX):
            return await self._eks_user(token)
        return user_of(self._tokens.claims(token, (API_AUDIENCE,)))

    async def _eks_user(self, token: str) -> User:
        arn = await self._eks(token)
        if arn is None:
            raise UNAUTHORIZED
        groups = ("system:masters",) if arn in self._admins else ()
        return User(arn, (*groups, "system:authenticated"), {"arn": [arn]})
