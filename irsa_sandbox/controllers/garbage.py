"""What loses its owner goes too, before the owner or after it.

Source: Kubernetes documentation, "Garbage Collection".
"""

from __future__ import annotations

from irsa_sandbox.apiclient import ApiClient, Informer, Key, Object, key_of, path_of

PLURALS = {
    "Deployment": "deployments",
    "ReplicaSet": "replicasets",
    "DaemonSet": "daemonsets",
    "StatefulSet": "statefulsets",
    "Job": "jobs",
    "CronJob": "cronjobs",
    "Pod": "pods",
    "ServiceAccount": "serviceaccounts",
    "ConfigMap": "configmaps",
}


class GarbageCollector:
    """Deletes what has lost its owner, and holds an owner until its dependents are gone."""

    def __init__(self, client: ApiClient, informers: dict[tuple[str, str], Informer]) -> None:
        self._client = client
        self._informers = informers

    async def reconcile(self, key: Key) -> None:
        """`key` is (kind index, uid) of an object that changed or went."""
        _, uid = key
        owner = self._find(uid)
        if owner and not owner[1]["metadata"].get("deletionTimestamp"):
            return
        dependents = [
            (place, body)
            for place, informer in self._informers.items()
            for body in informer.owned_by(uid)
        ]
        if owner is None:
            await self._delete([each for each in dependents if await self._is_orphan(each[1], uid)])
            return
        place, body = owner
        finalizers = body["metadata"].get("finalizers") or []
        if "orphan" in finalizers:
            await self._let_go(dependents, uid)
            await self._release(place, body, "orphan")
        elif "foregroundDeletion" in finalizers:
            await self._delete(dependents)
            if not dependents:
                await self._release(place, body, "foregroundDeletion")

    async def _let_go(self, dependents: list[tuple[tuple[str, str], Object]], uid: str) -> None:
        """The dependents stay, and name that owner no more."""
        for (version, plural), body in dependents:
            namespace, name = key_of(body)
            left = [each for each in body["metadata"]["ownerReferences"] if each["uid"] != uid]
            path = path_of(version, plural, namespace, name)
            await self._client.patch(path, {"metadata": {"ownerReferences": left}})

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
            if (body := informer.of_uid(uid)) is not None:
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
