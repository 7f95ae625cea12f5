"""What every namespace has, and how one is emptied before it goes.

Source: Kubernetes documentation, "Namespaces", "Managing Service Accounts".
"""

from __future__ import annotations

import asyncio

from irsa_sandbox.apiclient import ApiClient, ApiError, Informer, Key, Object, path_of

DEFAULT_ACCOUNT = "default"
CA_CONFIG_MAP = "kube-root-ca.crt"
CA_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
    "guaranteed across distributions of Kubernetes clusters."
)
ESSENTIAL = {"serviceaccounts": DEFAULT_ACCOUNT, "configmaps": CA_CONFIG_MAP}


def belongs_to_all(plural: str, body: Object) -> bool:
    """Whether the object is one that every namespace has."""
    return bool(ESSENTIAL.get(plural) == body["metadata"]["name"])


class NamespaceContents:
    """Gives each namespace its `default` ServiceAccount and the cluster's CA."""

    def __init__(
        self,
        client: ApiClient,
        namespaces: Informer,
        accounts: Informer,
        config_maps: Informer,
        ca_pem: str,
    ) -> None:
        self._client = client
        self._namespaces = namespaces
        self._accounts = accounts
        self._config_maps = config_maps
        self._ca_pem = ca_pem

    async def reconcile(self, key: Key) -> None:
        """The namespace has what every namespace has."""
        namespace = self._namespaces.objects.get(key)
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return
        name = key[1]
        if (name, DEFAULT_ACCOUNT) not in self._accounts.objects:
            await self._create("serviceaccounts", name, {"metadata": {"name": DEFAULT_ACCOUNT}})
        await self._ensure_ca(name)

    async def _ensure_ca(self, namespace: str) -> None:
        data = {"ca.crt": self._ca_pem}
        annotations = {"kubernetes.io/description": CA_DESCRIPTION}
        found = self._config_maps.objects.get((namespace, CA_CONFIG_MAP))
        if found is None:
            metadata = {"name": CA_CONFIG_MAP, "annotations": annotations}
            body = {"metadata": metadata, "data": data}
            await self._create("configmaps", namespace, body)
        elif found.get("data") != data:
            path = path_of("v1", "configmaps", namespace, CA_CONFIG_MAP)
            removed = dict.fromkeys(found.get("data") or {})
            await self._client.patch(path, {"data": removed | data})

    async def _create(self, plural: str, namespace: str, body: Object) -> None:
        try:
            await self._client.create(path_of("v1", plural, namespace), body)
        except ApiError as error:
            # It is there already, or the namespace has begun to go.
            if error.status not in {403, 404, 409}:
                raise


Kind = tuple[str, str]  # API version, plural


class NamespaceDeletion:
    """Empties a namespace that is to go, and lets it go."""

    def __init__(self, client: ApiClient, namespaces: Informer) -> None:
        self._client = client
        self._namespaces = namespaces
        self._kinds: list[Kind] = []
        self._left: dict[str, list[Kind]] = {}

    async def reconcile(self, key: Key) -> None:
        """A namespace that was deleted has nothing any more, and is no more itself."""
        namespace = self._namespaces.objects.get(key)
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
        path = path_of("v1", "namespaces", "", name, "finalize")
        try:
            await self._client.replace(path, finalized)
        except ApiError as error:
            if error.status != 404:
                raise

    async def _delete_kinds(self, name: str, kinds: list[Kind]) -> None:
        """Nothing of those kinds is left. Raises ApiError 409 as long as something is."""
        counts = await asyncio.gather(*(self._delete_all(name, *kind) for kind in kinds))
        if sum(counts):
            self._left[name] = [kind for kind, count in zip(kinds, counts, strict=True) if count]
            # Pods take their grace period, and finalizers their time.
            raise ApiError(409, "Conflict", f"{sum(counts)} objects of {name} are still ending")

    async def _delete_all(self, namespace: str, version: str, plural: str) -> int:
        """Ask for the deletion of every object of a kind; returns how many have not gone yet."""
        collection = path_of(version, plural, namespace)
        items, _ = await self._client.list(collection)
        if any(not body["metadata"].get("deletionTimestamp") for body in items):
            await self._client.delete(collection, propagationPolicy="Background")
        return len((await self._client.list(collection))[0]) if items else 0

    async def _namespaced_kinds(self) -> list[Kind]:
        """(API version, plural) of each kind that lives in a namespace, as discovery lists them."""
        groups = await self._client.get("/apis") or {}
        versions = [
            "v1",
            *(g["preferredVersion"]["groupVersion"] for g in groups.get("groups", ())),
        ]
        found = []
        for version in versions:
            listed = await self._client.get(f"/apis/{version}" if "/" in version else "/api/v1")
            found += [
                (version, resource["name"])
                for resource in (listed or {}).get("resources", ())
                if resource["namespaced"] and {"delete", "list"} <= set(resource["verbs"])
            ]
        return found
