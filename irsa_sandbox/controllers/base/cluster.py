"""The cluster as its controllers see it: they all share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from irsa_sandbox.apiclient import ApiClient, Informer, Key, Object, key_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.kinds import Kind


@dataclass(frozen=True, eq=False)
class Cluster:
    """The API, a watched copy of the objects of each kind, the time, and how tokens are made.

    What a controller writes here is counted at once: the watch may bring it only after the next
    reconciliation.
    """

    client: ApiClient
    clock: Clock
    ca_pem: str
    sign: Callable[[Object], str]
    informers: Mapping[Kind, Informer]

    def __getitem__(self, kind: Kind) -> Informer:
        return self.informers[kind]

    def living(self, kind: Kind, key: Key) -> Object | None:
        """The object, with its type, which a list leaves out; None where it is gone or going."""
        body = self[kind].objects.get(key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        return body | {"apiVersion": kind.api_version, "kind": kind.kind}

    async def create(self, kind: Kind, body: Object) -> Object:
        """The object as it was made."""
        made = await self.client.create(kind.path(body["metadata"]["namespace"]), body)
        self[kind].note(made)
        return made

    async def patch(self, kind: Kind, body: Object, change: Object, part: str = "") -> Object:
        """The object as it was changed."""
        changed = await self.client.patch(kind.path(*key_of(body), part), change)
        self._note(kind, changed)
        return changed

    async def delete(self, kind: Kind, body: Object) -> None:
        """The object is gone, or on its way out."""
        left = await self.client.delete(kind.path(*key_of(body)))
        if left and left["metadata"].get("deletionTimestamp"):
            self._note(kind, left)

    def _note(self, kind: Kind, body: Object) -> None:
        # What the watch has told to be gone meanwhile stays gone.
        if key_of(body) in self[kind].objects:
            self[kind].note(body)
