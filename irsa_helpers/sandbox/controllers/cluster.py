"""Namespaces, garbage collection and scheduling: the small controllers of a cluster.

Source: Kubernetes documentation, "Namespaces", "Garbage Collection", "Kubernetes Scheduler".
"""

from __future__ import annotations

from irsa_helpers.sandbox.apiclient import (
    ApiClient,
    ApiError,
    Informer,
    Key,
    Object,
    key_of,
    path_of,
)
from irsa_helpers.sandbox.controllers.events import EventRecorder

CA_CONFIG_MAP = "kube-root-ca.crt"
# (API version, plural) of what lives in a namespace and goes with it.
NAMESPACED = (
    ("apps/v1", "deployments"),
    ("apps/v1", "replicasets"),
    ("batch/v1", "jobs"),
    ("v1", "pods"),
    ("v1", "services"),
    ("v1", "serviceaccounts"),
    ("v1", "configmaps"),
    ("v1", "secrets"),
    ("v1", "events"),
    ("rbac.authorization.k8s.io/v1", "roles"),
    ("rbac.authorization.k8s.io/v1", "rolebindings"),
    ("coordination.k8s.io/v1", "leases"),
)

PLURALS = {"Deployment": "deployments", "ReplicaSet": "replicasets", "Job": "jobs", "Pod": "pods"}


class NamespaceController:
    """Gives each namespace its `default` ServiceAccount and CA, and empties one that is to go."""

    def __init__(self, client: ApiClient, namespaces: Informer, ca_pem: str) -> None:
        self._client = client
        self._namespaces = namespaces
        self._ca_pem = ca_pem

    async def reconcile(self, key: Key) -> None:
        """The namespace has what every namespace has, or nothing any more."""
        namespace = self._namespaces.objects.get(key)
        if namespace is None:
            return
        name = key[1]
        if namespace["metadata"].get("deletionTimestamp"):
            await self._empty(name, namespace)
            return
        await self._ensure("serviceaccounts", name, {"metadata": {"name": "default"}})
        config_map = {"metadata": {"name": CA_CONFIG_MAP}, "data": {"ca.crt": self._ca_pem}}
        await self._ensure("configmaps", name, config_map)

    async def _ensure(self, plural: str, namespace: str, body: Object) -> None:
        try:
            await self._client.create(path_of("v1", plural, namespace), body)
        except ApiError as error:
            if error.status not in {403, 404, 409}:
                raise

    async def _empty(self, name: str, namespace: Object) -> None:
        remaining = 0
        for version, plural in NAMESPACED:
            items, _ = await self._client.list(path_of(version, plural, name))
            for body in items:
                path = path_of(version, plural, name, body["metadata"]["name"])
                await self._client.delete(path, propagationPolicy="Background")
            remaining += sum(1 for _ in items) if plural == "pods" else 0
        if remaining:
            # Pods take their grace period to end.
            raise ApiError(409, "Conflict", f"{remaining} Pods of {name} are still ending")
        finalized = namespace | {"spec": {"finalizers": []}}
        finalized["metadata"] = {
            k: v for k, v in namespace["metadata"].items() if k != "resourceVersion"
        }
        await self._client.replace(path_of("v1", "namespaces", "", name, "finalize"), finalized)


class GarbageCollector:
    """Deletes what has lost its owner, and holds an owner until its dependents are gone."""

    def __init__(self, client: ApiClient, informers: dict[tuple[str, str], Informer]) -> None:
        self._client = client
        self._informers = informers

    async def reconcile(self, key: Key) -> None:
        """`key` is (kind index, uid) of an object that changed or went."""
        _, uid = key
        owner = self._find(uid)
        dependents = [
            (place, body)
            for place, informer in self._informers.items()
            for body in informer.objects.values()
            if any(r["uid"] == uid for r in body["metadata"].get("ownerReferences") or ())
        ]
        if owner is None:
            await self._delete([each for each in dependents if await self._is_orphan(each[1], uid)])
            return
        place, body = owner
        finalizers = body["metadata"].get("finalizers") or []
        if not body["metadata"].get("deletionTimestamp"):
            return
        if "orphan" in finalizers:
            for (version, plural), dependent in dependents:
                namespace, name = key_of(dependent)
                references = [
                    r for r in dependent["metadata"]["ownerReferences"] if r["uid"] != uid
                ]
                await self._client.patch(
                    path_of(version, plural, namespace, name),
                    {"metadata": {"ownerReferences": references}},
                )
            await self._release(place, body, "orphan")
        elif "foregroundDeletion" in finalizers:
            await self._delete(dependents)
            if not dependents:
                await self._release(place, body, "foregroundDeletion")

    async def _is_orphan(self, body: Object, uid: str) -> bool:
        """Whether the API server, asked anew, does not know that owner any more."""
        for reference in body["metadata"]["ownerReferences"]:
            plural = PLURALS.get(reference["kind"])
            if plural is None or reference["uid"] != uid:
                continue
            namespace = body["metadata"]["namespace"]
            path = path_of(reference["apiVersion"], plural, namespace, reference["name"])
            found = await self._client.get(path)
            return found is None or found["metadata"]["uid"] != uid
        return False

    def _find(self, uid: str) -> tuple[tuple[str, str], Object] | None:
        for place, informer in self._informers.items():
            for body in informer.objects.values():
                if body["metadata"]["uid"] == uid:
                    return place, body
        return None

    async def _delete(self, dependents: list[tuple[tuple[str, str], Object]]) -> None:
        for (version, plural), body in dependents:
            if body["metadata"].get("deletionTimestamp"):
                continue
            namespace, name = key_of(body)
            await self._client.delete(
                path_of(version, plural, namespace, name), propagationPolicy="Background"
            )

    async def _release(self, place: tuple[str, str], body: Object, finalizer: str) -> None:
        namespace, name = key_of(body)
        left = [each for each in body["metadata"]["finalizers"] if each != finalizer]
        await self._client.patch(
            path_of(*place, namespace, name), {"metadata": {"finalizers": left}}
        )


class Scheduler:
    """Binds each new Pod to the one node there is; nothing is weighed."""

    def __init__(
        self, client: ApiClient, pods: Informer, nodes: Informer, events: EventRecorder
    ) -> None:
        self._client = client
        self._pods = pods
        self._nodes = nodes
        self._events = events

    async def reconcile(self, key: Key) -> None:
        """The Pod has a node."""
        pod = self._pods.objects.get(key)
        if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            return
        if not self._nodes.objects:
            raise ApiError(409, "Conflict", "no node is there yet")
        (_, node), *_ = self._nodes.objects
        namespace, name = key
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        body = {"metadata": {"name": name}, "target": target}
        await self._client.create(path_of("v1", "pods", namespace, name, "binding"), body)
        text = f"Successfully assigned {namespace}/{name} to {node}"
        about = pod | {"apiVersion": "v1", "kind": "Pod"}
        self._events.record(about, "Normal", "Scheduled", text)
