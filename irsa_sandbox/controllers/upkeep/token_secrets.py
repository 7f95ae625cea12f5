"""Secrets of type `kubernetes.io/service-account-token`: filled for the account that they name.

The token never expires; it is good as long as its Secret and its ServiceAccount are there.
Source: kubernetes, pkg/controller/serviceaccount/tokens_controller.go, pkg/serviceaccount/legacy.go
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from irsa_sandbox.apiclient import Key, Object, key_of
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import SECRETS, SERVICE_ACCOUNTS, Kind

TYPE = "kubernetes.io/service-account-token"
ACCOUNT_NAME = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"
LEGACY_ISSUER = "kubernetes/serviceaccount"
_CLAIM = "kubernetes.io/serviceaccount"


class TokenSecrets(Controller):
    """Fills such Secrets, and deletes those whose ServiceAccount is not there."""

    name = "token secrets"
    kind, watches = SECRETS, (SERVICE_ACCOUNTS,)

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """A Secret, or those that name a ServiceAccount."""
        if kind is SECRETS:
            return [key_of(body)]
        namespace, name = key_of(body)
        return [
            key
            for key, secret in self.collection.objects.items()
            if key[0] == namespace and _account_name(secret) == name
        ]

    async def sync(self, secret: Object) -> None:
        """The Secret has its token, or is gone with its ServiceAccount."""
        if secret.get("type") != TYPE:
            return
        metadata = secret["metadata"]
        place = SERVICE_ACCOUNTS.path(metadata["namespace"], _account_name(secret))
        account = await self.client.get(place)
        wanted = metadata["annotations"].get(ACCOUNT_UID)
        if account is None or wanted not in {None, account["metadata"]["uid"]}:
            same = {"uid": metadata["uid"]}
            await self.client.delete(SECRETS.path(*key_of(secret)), preconditions=same)
            return
        await self._fill(secret, account)

    async def _fill(self, secret: Object, account: Object) -> None:
        data, metadata = secret.get("data") or {}, secret["metadata"]
        content = {"ca.crt": self.cluster.ca_pem, "namespace": metadata["namespace"]}
        if not data.get("token"):
            content["token"] = self.cluster.sign(legacy_claims(secret, account))
        wanted = {name: base64.b64encode(text.encode()).decode() for name, text in content.items()}
        uid = {ACCOUNT_UID: account["metadata"]["uid"]}
        if wanted.items() <= data.items() and uid.items() <= metadata["annotations"].items():
            return
        change = {"metadata": {"annotations": uid}, "data": wanted}
        await self.cluster.patch(SECRETS, secret, change)


def _account_name(secret: Object) -> str:
    name: str = (secret["metadata"].get("annotations") or {}).get(ACCOUNT_NAME, "")
    return name


def legacy_claims(secret: Object, account: Object) -> Object:
    """What such a token says: no audience, and no end."""
    namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
    return {
        "iss": LEGACY_ISSUER,
        f"{_CLAIM}/namespace": namespace,
        f"{_CLAIM}/secret.name": secret["metadata"]["name"],
        f"{_CLAIM}/service-account.name": name,
        f"{_CLAIM}/service-account.uid": account["metadata"]["uid"],
        "sub": f"system:serviceaccount:{namespace}:{name}",
    }
