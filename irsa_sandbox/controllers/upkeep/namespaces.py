"""What every namespace has, and how one is emptied before it goes.

Source: Kubernetes documentation, "Namespaces", "Managing Service Accounts".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from irsa_sandbox.apiclient import ApiError, Key, Object, key_of, path_of
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.controller import WAITING_SECONDS, Controller, Worker
from irsa_sandbox.controllers.base.kinds import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, Kind

DEFAULT_ACCOUNT = "default"
CA_CONFIG_MAP = "kube-root-ca.crt"
CA_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
    "guaranteed across distributions of Kubernetes clusters."
)
ESSENTIAL = {SERVICE_ACCOUNTS: DEFAULT_ACCOUNT, CONFIG_MAPS: CA_CONFIG_MAP}


class NamespaceContents(Controller):
    """Gives each namespace its `default` ServiceAccount and the cluster's CA."""

    name = "namespaces"
    kind, watches = NAMESPACES, (SERVICE_ACCOUNTS, CONFIG_MAPS)

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """A Namespace, or that of an object that every one has."""
        namespace, name = key_of(body)
        if kind is NAMESPACES:
            return [("", name)]
        return [("", namespace)] if ESSENTIAL[kind] == name else []

    async def sync(self, namespace: Object) -> None:
        """The namespace has what every namespace has."""
        name = namespace["metadata"]["name"]
        if (name, DEFAULT_ACCOUNT) not in self.cluster[SERVICE_ACCOUNTS].objects:
            await self._create(SERVICE_ACCOUNTS, name, {"metadata": {"name": DEFAULT_ACCOUNT}})
        await self._ensure_ca(name)

    async def _ensure_ca(self, namespace: str) -> None:
        content = {"ca.crt": self.cluster.ca_pem}
        annotations = {"kubernetes.io/description": CA_DESCRIPTION}
        config_map = self.cluster[CONFIG_MAPS].objects.get((namespace, CA_CONFIG_MAP))
        if config_map is None:
            metadata = {"name": CA_CONFIG_MAP, "annotations": annotations}
            body = {"metadata": metadata, "data": content}
            await self._create(CONFIG_MAPS, namespace, body)
        elif config_map.get("data") != content:
            removed = dict.fromkeys(config_map.get("data") or {})
            await self.cluster.patch(CONFIG_MAPS, config_map, {"data": removed | content})

    async def _create(self, kind: Kind, namespace: str, body: Object) -> None:
        try:
            await self.client.create(kind.path(namespace), body)
        except ApiError as error:
            # It is there already, or the namespace has begun to go.
            if error.status not in {403, 404, 409}:
                raise


Place = tuple[str, str]  # API version, plural


class NamespaceDeletion(Worker):
    """Empties a namespace that is to go, and lets it go."""

    name, watches = "deletion", (NAMESPACES,)
    longest_delay = WAITING_SECONDS

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._kinds: list[Place] = []
        self._left: dict[str, list[Place]] = {}

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """A namespace that was deleted."""
        return [key_of(body)] if body["metadata"].get("deletionTimestamp") else []

    async def reconcile(self, key: Key) -> None:
        """A namespace that was deleted has nothing any more, and is no more itself."""
        namespace = self.cluster[NAMESPACES].objects.get(key)
        if namespace and namespace["metadata"].get("deletionTimestamp"):
            await self._empty(key[1], namespace)

    async def _empty(self, name: str, namespace: Object) -> None:
        # Asked once: no kinds are added to this API server while it runs.
        self._kinds = self._kinds or await self._namespaced_kinds()
        # What was left last time first; a whole look only when that has gone.
        await self._delete_kinds(name, self._left.pop(name, []))
        await self._delete_kinds(name, self._kinds)
        metadata = {k: v for k, v in namespace["metadata"].items() if k != "resourceVersion"}
        finalized = namespace | {"metadata": metadata, "spec": {"finalizers": []}}
        try:
            await self.client.replace(NAMESPACES.path("", name, "finalize"), finalized)
        except ApiError as error:
            if error.status != 404:
                raise

    async def _delete_kinds(self, name: str, kinds: list[Place]) -> None:
        """Nothing of those kinds is left. Raises ApiError 409 as long as something is."""
        counts = await asyncio.gather(*(self._delete_all(name, *kind) for kind in kinds))
        if sum(counts):
            self._left[name] = [kind for kind, count in zip(kinds, counts, strict=True) if count]
            # Pods take their grace period, and finalizers their time.
            raise ApiError(409, "Conflict", f"{sum(counts)} objects of {name} are still ending")

    async def _delete_all(self, namespace: str, version: str, plural: str) -> int:
        """Ask for the deletion of every object of a kind; returns how many have not gone yet."""
        collection = path_of(version, plural, namespace)
        items, _ = await self.client.list(collection)
        if any(not body["metadata"].get("deletionTimestamp") for body in items):
            await self.client.delete(collection, propagationPolicy="Background")
        return len((await self.client.list(collection))[0]) if items else 0

    async def _namespaced_kinds(self) -> list[Place]:
        """(API version, plural) of each kind that lives in a namespace, as discovery lists them."""
        groups = await self.client.get("/apis") or {}
        versions = [
            "v1",
            *(g["preferredVersion"]["groupVersion"] for g in groups.get("groups", ())),
        ]
        kinds = []
        for version in versions:
            listed = await self.client.get(f"/apis/{version}" if "/" in version else "/api/v1")
            kinds += [
                (version, resource["name"])
                for resource in (listed or {}).get("resources", ())
                if resource["namespaced"] and {"delete", "list"} <= set(resource["verbs"])
            ]
        return kinds
