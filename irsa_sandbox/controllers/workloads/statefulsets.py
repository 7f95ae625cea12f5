"""StatefulSet -> Pods with names of their own, one after the other.

Source: Kubernetes documentation, "StatefulSets"; kubernetes, pkg/controller/statefulset.
"""

from __future__ import annotations

from dataclasses import dataclass

from irsa_sandbox.apiclient import ApiError, Object, key_of
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import CLAIMS, CONTROLLER_REVISIONS, PODS, STATEFUL_SETS
from irsa_sandbox.controllers.base.owners import available_in, claim, is_ended, is_ready, soonest
from irsa_sandbox.controllers.base.pods import label_of
from irsa_sandbox.controllers.workloads.deployment_status import share
from irsa_sandbox.controllers.workloads.revisions import Revisions
from irsa_sandbox.controllers.workloads.stateful_pods import (
    REVISION,
    claim_names,
    claims_of,
    ordinal_of,
    stateful_pod,
)

Pods = dict[int, Object]


@dataclass(frozen=True)
class History:
    """The revision that Pods have had so far, and the one that they are to get."""

    current: Object
    update: Object

    @classmethod
    def of(cls, owner: Object, revisions: list[Object]) -> History:
        """From the status, which names the current one once there is a status."""
        name = (owner.get("status") or {}).get("currentRevision")
        current = [revision for revision in revisions if revision["metadata"]["name"] == name]
        return cls(current[0] if current else revisions[-1], revisions[-1])

    def names(self) -> set[str]:
        """Both names."""
        return {self.current["metadata"]["name"], self.update["metadata"]["name"]}


class StatefulSetController(Controller):
    """Makes and deletes Pods in their order, rolls a new template out, and keeps the status."""

    name, component = "statefulsets", "statefulset-controller"
    kind, owns = STATEFUL_SETS, (PODS, CONTROLLER_REVISIONS, CLAIMS)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.revisions = Revisions(cluster, "controller.kubernetes.io/hash")

    async def sync(self, owner: Object) -> None:
        """One step towards the wanted Pods; the next change of a Pod brings the next."""
        revisions = await self.revisions.of(owner)
        history = History.of(owner, revisions)
        failure: ApiError | None = None
        try:
            await self._step(owner, history, await self._pods(owner))
        except ApiError as error:
            failure = error
        pods = await self._pods(owner)
        used = history.names() | {label_of(pod, REVISION) for pod in pods.values()}
        await self.revisions.forget_old(owner, revisions, used)
        await self._report(owner, history, pods)
        if failure:
            raise failure

    async def _pods(self, owner: Object) -> Pods:
        """The set's Pods by their number."""

        def is_named(pod: Object) -> bool:
            return ordinal_of(pod, owner) is not None

        pods = await claim(self.cluster, PODS, owner, may_adopt=is_named)
        numbered = ((ordinal_of(pod, owner), pod) for pod in pods)
        return {number: pod for number, pod in numbered if number is not None}

    async def _step(self, owner: Object, history: History, pods: Pods) -> None:
        """Make what is missing, then delete what is too much, then replace what is old."""
        numbers = _numbers(owner)
        if await self._fill(owner, history, pods) and await self._shrink(owner, pods):
            strategy = owner["spec"]["updateStrategy"]
            if strategy["type"] == "RollingUpdate":
                rolling = strategy.get("rollingUpdate") or {}
                allowed = max(1, share(rolling.get("maxUnavailable", 1), len(numbers), up=True))
                least = numbers.start + rolling.get("partition", 0)
                await self._roll(owner, history, pods, range(least, numbers.stop), allowed)

    async def _fill(self, owner: Object, history: History, pods: Pods) -> bool:
        """Every wanted Pod is there; False where the next must wait for one before it."""
        for number in _numbers(owner):
            pod = pods.get(number)
            if pod is None:
                await self._make(owner, _revision_for(owner, history, number), number)
            elif is_ended(pod) and not _is_ending(pod):
                name = "/".join(key_of(pod))
                text = f"StatefulSet {'/'.join(key_of(owner))} is recreating failed Pod {name}"
                self.events.record(owner, "Warning", "RecreatingFailedPod", text)
                await self._delete(owner, pod)
            elif not _is_ending(pod) and self._waits(owner, pod) == 0:
                continue
            if _is_ordered(owner):
                return False
        return True

    async def _shrink(self, owner: Object, pods: Pods) -> bool:
        """No Pod is too much; False where the next must wait for one to be gone."""
        wanted = _numbers(owner)
        surplus = sorted((n for n in pods if n not in wanted), reverse=True)
        unready = [n for n in surplus if not is_ready(pods[n])]
        for number in surplus:
            pod = pods[number]
            if not _is_ending(pod):
                if _is_ordered(owner) and number in unready and number != min(unready):
                    return False
                await self._delete(owner, pod)
                await self._give_up_claims(owner, pod)
            if _is_ordered(owner):
                return False
        return True

    async def _roll(
        self, owner: Object, history: History, pods: Pods, numbers: range, allowed: int
    ) -> None:
        """Pods of an older template go, the last first; so many may be missing at once."""
        missing = 0
        for number in reversed(numbers):
            pod = pods.get(number)
            if pod is None or _is_ending(pod):
                missing += 1
            elif label_of(pod, REVISION) != history.update["metadata"]["name"]:
                missing += 1
                await self._delete(owner, pod)
            else:
                missing += self._waits(owner, pod) > 0
            if missing >= allowed:
                return

    def _waits(self, owner: Object, pod: Object) -> float:
        """Seconds until the Pod counts as available; infinite while it is not ready."""
        now = self.clock_of(owner).time()
        return available_in(pod, owner["spec"].get("minReadySeconds", 0), now)

    async def _make(self, owner: Object, revision: Object, number: int) -> None:
        set_name = owner["metadata"]["name"]
        pod = stateful_pod(owner, revision, number)
        name = pod["metadata"]["name"]
        try:
            await self._claim(owner, name)
            await self.cluster.create(PODS, pod)
        except ApiError as error:
            text = f"create Pod {name} in StatefulSet {set_name} failed error: {error.message}"
            self.events.record(owner, "Warning", "FailedCreate", text)
            raise
        text = f"create Pod {name} in StatefulSet {set_name} successful"
        self.events.record(owner, "Normal", "SuccessfulCreate", text)

    async def _claim(self, owner: Object, pod_name: str) -> None:
        """The Pod's claims are there: new ones, or those of a Pod that had the name before."""
        for body in claims_of(owner, pod_name):
            if key_of(body) in self.cluster[CLAIMS].objects:
                continue
            await self.cluster.create(CLAIMS, body)
            text = f"create Claim {body['metadata']['name']} Pod {pod_name} in StatefulSet "
            done = f"{text}{owner['metadata']['name']} success"
            self.events.record(owner, "Normal", "SuccessfulCreate", done)

    async def _give_up_claims(self, owner: Object, pod: Object) -> None:
        """The claims of a Pod that is scaled away stay, unless the set says otherwise."""
        policy = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        if policy.get("whenScaled") != "Delete":
            return
        namespace, name = key_of(pod)
        for claim_name in claim_names(owner, name).values():
            await self.client.delete(CLAIMS.path(namespace, claim_name))

    async def _delete(self, owner: Object, pod: Object) -> None:
        await self.cluster.delete(PODS, pod)
        name = pod["metadata"]["name"]
        text = f"delete Pod {name} in StatefulSet {owner['metadata']['name']} successful"
        self.events.record(owner, "Normal", "SuccessfulDelete", text)

    async def _report(self, owner: Object, history: History, pods: Pods) -> None:
        waits = [self._waits(owner, pod) for pod in pods.values() if not is_ended(pod)]
        if soon := soonest(waits):
            self.later(key_of(owner), soon)
        live = [label_of(pod, REVISION) for pod in pods.values() if not _is_ending(pod)]
        current, update = (
            revision["metadata"]["name"] for revision in (history.current, history.update)
        )
        ready = sum(map(is_ready, pods.values()))
        updated = live.count(update)
        rolls = owner["spec"]["updateStrategy"]["type"] == "RollingUpdate"
        if rolls and updated == len(pods) == ready:
            current = update
        status: Object = {
            "observedGeneration": owner["metadata"].get("generation", 1),
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": waits.count(0),
            "currentReplicas": live.count(current),
            "updatedReplicas": updated,
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
        }
        await self.report(owner, status)


def _numbers(owner: Object) -> range:
    """The numbers of the wanted Pods."""
    start = (owner["spec"].get("ordinals") or {}).get("start", 0)
    return range(start, start + owner["spec"]["replicas"])


def _is_ordered(owner: Object) -> bool:
    return bool(owner["spec"].get("podManagementPolicy") != "Parallel")


def _is_ending(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _revision_for(owner: Object, history: History, number: int) -> Object:
    """A Pod below the partition gets its old revision again, every other one the new one."""
    strategy = owner["spec"]["updateStrategy"]
    if strategy["type"] != "RollingUpdate":
        return history.update
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    return history.current if number < _numbers(owner).start + partition else history.update
