"""Secrets of type `kubernetes.io/service-account-token`: filled for the account that they name.

The token never expires; it is good as long as its Secret and its ServiceAccount are there.
Source: kubernetes, pkg/controller/serviceaccount/tokens_controller.go, pkg/serviceaccount/legacy.go
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from irsa_sandbox.apiclient import ApiClient, Informer, Key, Object, path_of

TYPE = "kubernetes.io/service-account-token"
ACCOUNT_NAME = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"
LEGACY_ISSUER = "kubernetes/serviceaccount"
_CLAIM = "kubernetes.io/serviceaccount"


@dataclass(eq=False)
class TokenSecrets:
    """Fills such Secrets, and deletes those whose ServiceAccount is not there."""

    client: ApiClient
    secrets: Informer
    ca_pem: str
    sign: Callable[[Object], str]

    def of_account(self, account: Object) -> Iterator[Key]:
        """The Secrets that name a ServiceAccount."""
        namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
        for key, secret in self.secrets.objects.items():
            if key[0] == namespace and _account_name(secret) == name:
                yield key

    async def reconcile(self, key: Key) -> None:
        """The Secret has its token, or is gone with its ServiceAccount."""
        secret = self.secrets.objects.get(key)
        if secret is None or secret.get("type") != TYPE:
            return
        metadata = secret["metadata"]
        account = await self.client.get(
            path_of("v1", "serviceaccounts", key[0], _account_name(secret))
        )
        wanted = metadata["annotations"].get(ACCOUNT_UID)
        if account is None or wanted not in {None, account["metadata"]["uid"]}:
            same = {"uid": metadata["uid"]}
            await self.client.delete(path_of("v1", "secrets", *key), preconditions=same)
            return
        await self._fill(secret, account)

    async def _fill(self, secret: Object, account: Object) -> None:
        data, metadata = secret.get("data") or {}, secret["metadata"]
        content = {"ca.crt": self.ca_pem, "namespace": metadata["namespace"]}
        if not data.get("token"):
            content["token"] = self.sign(legacy_claims(secret, account))
        wanted = {name: base64.b64encode(text.encode()).decode() for name, text in content.items()}
        uid = {ACCOUNT_UID: account["metadata"]["uid"]}
        if wanted.items() <= data.items() and uid.items() <= metadata["annotations"].items():
            return
        change = {"metadata": {"annotations": uid}, "data": wanted}
        path = path_of("v1", "secrets", metadata["namespace"], metadata["name"])
        await self.client.patch(path, change)


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
