"""What every controller is: it says what wakes it, and brings one object at a time in step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from irsa_sandbox.apiclient import Informer, Key, Object, key_of
from irsa_sandbox.clock import Clock
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.events import EventRecorder
from irsa_sandbox.controllers.base.kinds import Kind
from irsa_sandbox.controllers.base.loop import LONGEST_DELAY_SECONDS, WorkQueue
from irsa_sandbox.controllers.base.owners import controller_of, same_status

# The longest delay of keys that fail while they only wait for others.
WAITING_SECONDS = 2.0


class Worker(ABC):
    """A queue of keys that changes in the cluster fill."""

    name: ClassVar[str]
    watches: ClassVar[tuple[Kind, ...]] = ()
    component: ClassVar[str] = ""  # in whose name it writes Events
    longest_delay: ClassVar[float] = LONGEST_DELAY_SECONDS  # of a key that fails

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.client, self.clock = cluster, cluster.client, cluster.clock
        self.events = EventRecorder(cluster.client, cluster.clock, self.component or self.name)
        self.queue = WorkQueue(self.name, self.reconcile, self.longest_delay)

    def sees(self, kind: Kind) -> bool:
        """Whether changes of that kind may wake it."""
        return kind in self.watches

    @abstractmethod
    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """The keys to be looked at since that object, of a kind that it sees, changed or went."""

    @abstractmethod
    async def reconcile(self, key: Key) -> None:
        """Bring what the key stands for in step; an exception brings the key again, later."""

    def clock_of(self, body: Object) -> Clock:
        """The clock that holds in the object's namespace."""
        return self.clock.of(body["metadata"]["namespace"])

    def later(self, key: Key, seconds: float) -> None:
        """Look at the key again after so many of the sandbox's seconds."""
        self.queue.add_later(key, self.clock, seconds)


class Controller(Worker):
    """Keeps what each living object of a kind asks for; wakes when that or what it owns changes."""

    kind: ClassVar[Kind]
    owns: ClassVar[tuple[Kind, ...]] = ()

    @property
    def collection(self) -> Informer:
        """The objects of its kind."""
        return self.cluster[self.kind]

    def sees(self, kind: Kind) -> bool:
        """Whether changes of that kind may wake it."""
        return kind in (self.kind, *self.owns, *self.watches)

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """The object itself, or the one that controls it."""
        if kind is self.kind:
            return [key_of(body)]
        owner = controller_of(body) if kind in self.owns else None
        if owner is None or owner["kind"] != self.kind.kind:
            return []
        return [(body["metadata"]["namespace"], owner["name"])]

    async def reconcile(self, key: Key) -> None:
        """Nothing is to be done for an object that is gone, or on its way out."""
        body = self.cluster.living(self.kind, key)
        if body is not None:
            await self.sync(body)

    @abstractmethod
    async def sync(self, body: Object) -> None:
        """One step towards what the object asks for."""

    async def report(self, body: Object, status: Object) -> None:
        """The object's status is that one."""
        if not same_status(status, body.get("status")):
            await self.cluster.patch(self.kind, body, {"status": status}, "status")
