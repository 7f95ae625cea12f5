"""What loses its owner goes too, before the owner or after it.

Source: Kubernetes documentation, "Garbage Collection".
"""

from __future__ import annotations

from collections.abc import Iterable

from irsa_sandbox.apiclient import Key, Object, key_of
from irsa_sandbox.controllers.base.controller import Worker
from irsa_sandbox.controllers.base.kinds import KINDS, Kind

OWNED = tuple(kind for kind in KINDS if kind.has_owners)
BY_NAME = {(kind.api_version, kind.kind): kind for kind in OWNED}
Dependents = list[tuple[Kind, Object]]


class GarbageCollector(Worker):
    """Deletes what has lost its owner, and holds an owner until its dependents are gone."""

    name, watches = "garbage", KINDS

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """An object, and its owners; each by its uid."""
        metadata = body["metadata"]
        yield "", metadata["uid"]
        for reference in metadata.get("ownerReferences") or ():
            yield "", reference["uid"]

    async def reconcile(self, key: Key) -> None:
        """`key` is the uid of an object that changed or went, in no namespace."""
        _, uid = key
        owner = self._find(uid)
        if owner and not owner[1]["metadata"].get("deletionTimestamp"):
            return
        dependents = [(kind, body) for kind in OWNED for body in self.cluster[kind].owned_by(uid)]
        if owner is None:
            await self._delete(
                [(kind, body) for kind, body in dependents if await self._is_orphan(body, uid)]
            )
            return
        kind, body = owner
        finalizers = body["metadata"].get("finalizers") or []
        if "orphan" in finalizers:
            await self._let_go(dependents, uid)
            await self._release(kind, body, "orphan")
        elif "foregroundDeletion" in finalizers:
            await self._delete(dependents)
            if not dependents:
                await self._release(kind, body, "foregroundDeletion")

    async def _let_go(self, dependents: Dependents, uid: str) -> None:
        """The dependents stay, and name that owner no more."""
        for kind, body in dependents:
            left = [
                reference
                for reference in body["metadata"]["ownerReferences"]
                if reference["uid"] != uid
            ]
            await self.cluster.patch(kind, body, {"metadata": {"ownerReferences": left}})

    async def _is_orphan(self, body: Object, uid: str) -> bool:
        """Whether the API server, asked anew, does not know that owner any more."""
        for reference in body["metadata"]["ownerReferences"]:
            kind = BY_NAME.get((reference["apiVersion"], reference["kind"]))
            if kind is None or reference["uid"] != uid:
                continue
            owner = await self.client.get(kind.path(key_of(body)[0], reference["name"]))
            return owner is None or owner["metadata"]["uid"] != uid
        return False

    def _find(self, uid: str) -> tuple[Kind, Object] | None:
        for kind in OWNED:
            if (body := self.cluster[kind].of_uid(uid)) is not None:
                return kind, body
        return None

    async def _delete(self, dependents: Dependents) -> None:
        for kind, body in dependents:
            if not body["metadata"].get("deletionTimestamp"):
                path = kind.path(*key_of(body))
                await self.client.delete(path, propagationPolicy="Background")

    async def _release(self, kind: Kind, body: Object, finalizer: str) -> None:
        left = [name for name in body["metadata"]["finalizers"] if name != finalizer]
        await self.client.patch(kind.path(*key_of(body)), {"metadata": {"finalizers": left}})
