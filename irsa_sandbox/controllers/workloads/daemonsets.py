"""DaemonSet -> Pods: one on each node that takes it. Source: Kubernetes, "DaemonSet"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from irsa_sandbox.apiclient import ApiError, Key, Object, key_of
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS, Kind
from irsa_sandbox.controllers.base.owners import available_in, claim, is_ended, is_ready, soonest
from irsa_sandbox.controllers.base.pods import create_pod, delete_pod, label_of, pod_from
from irsa_sandbox.controllers.workloads.daemon_nodes import belongs, bind_to_node, node_of
from irsa_sandbox.controllers.workloads.deployment_status import share
from irsa_sandbox.controllers.workloads.revisions import Revisions

HASH = "controller-revision-hash"
GENERATION = "pod-template-generation"
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
OnNodes = dict[str, list[Object]]


class DaemonSetController(Controller):
    """Makes and deletes Pods node by node, rolls a new template out, and keeps the status."""

    name, component = "daemonsets", "daemonset-controller"
    kind, owns, watches = DAEMON_SETS, (PODS, CONTROLLER_REVISIONS), (NODES,)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.revisions = Revisions(cluster, HASH)
        self.nodes = cluster[NODES]

    def woken_by(self, kind: Kind, body: Object) -> Iterable[Key]:
        """When a node changes, every DaemonSet may want a Pod on it."""
        return list(self.collection.objects) if kind is NODES else super().woken_by(kind, body)

    async def sync(self, owner: Object) -> None:
        """Every node that should have a Pod has one, or an Event says why it cannot."""
        revisions = await self.revisions.of(owner)
        digest = revisions[-1]["metadata"]["labels"][HASH]
        failure = await self._manage(owner, digest, await self._on_nodes(owner))
        if owner["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            failure = await self._roll(owner, digest, await self._on_nodes(owner)) or failure
        on_nodes = await self._on_nodes(owner)
        digests = {label_of(pod, HASH) for pods in on_nodes.values() for pod in pods}
        used = {f"{owner['metadata']['name']}-{digest}" for digest in digests}
        await self.revisions.forget_old(owner, revisions, used)
        await self._report(owner, digest, on_nodes)
        if failure:
            raise failure

    async def _on_nodes(self, owner: Object) -> OnNodes:
        """The DaemonSet's Pods by their node, the oldest of each first."""
        pods_on: OnNodes = defaultdict(list)
        for pod in await claim(self.cluster, PODS, owner):
            pods_on[node_of(pod)].append(pod)
        for pods in pods_on.values():
            pods.sort(key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        return pods_on

    def _belongs(self, owner: Object) -> dict[str, tuple[bool, bool]]:
        """Of each node, whether it should have a Pod, and whether one may stay there."""
        belonging = {}
        for _, name in self.nodes.objects:
            pod = pod_from(owner["spec"]["template"], owner)
            bind_to_node(pod, name)
            belonging[name] = belongs(pod, self.nodes.objects["", name])
        return belonging

    async def _manage(self, owner: Object, digest: str, on_nodes: OnNodes) -> ApiError | None:
        """Make the Pods that are missing, and delete those that should not be there."""
        failure: ApiError | None = None
        for node, (wanted, may_stay) in self._belongs(owner).items():
            pods = on_nodes.get(node, [])
            if wanted and not pods:
                failure = await self._make(owner, digest, node) or failure
            elif not may_stay:
                await self._delete(owner, pods)
            else:
                await self._tidy(owner, digest, node, pods)
        gone = [name for name in on_nodes if name and ("", name) not in self.nodes.objects]
        for name in gone:
            await self._delete(owner, [p for p in on_nodes[name] if not p["spec"].get("nodeName")])
        return failure

    async def _tidy(self, owner: Object, digest: str, node: str, pods: list[Object]) -> None:
        """Pods that have ended go, and all but the oldest of several of one template."""
        live = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        for pod in filter(is_ended, live):
            phase = pod["status"]["phase"]
            text = f"Found {phase.lower()} daemon pod {'/'.join(key_of(pod))} on node {node}, "
            kind = "Warning" if phase == "Failed" else "Normal"
            self.events.record(owner, kind, f"{phase}DaemonPod", f"{text}will try to kill it")
        await self._delete(owner, [pod for pod in live if is_ended(pod)])
        running = [pod for pod in live if not is_ended(pod)]
        if not self._surge(owner):
            await self._delete(owner, running[1:])
            return
        new = [pod for pod in running if label_of(pod, HASH) == digest]
        old = [pod for pod in running if label_of(pod, HASH) != digest]
        await self._delete(owner, [*new[1:], *old[1:]])

    async def _roll(self, owner: Object, digest: str, on_nodes: OnNodes) -> ApiError | None:
        """Old Pods make way: so many at once as may be missing, or with a new one beside them."""
        wanted = [name for name, (run, _) in self._belongs(owner).items() if run]
        surge, failure = self._surge(owner), None
        rolling = owner["spec"]["updateStrategy"].get("rollingUpdate") or {}
        budget = surge or max(1, share(rolling.get("maxUnavailable", 1), len(wanted), up=True))
        ready_to_go: list[tuple[str, Object]] = []
        for node in wanted:
            live = [p for p in on_nodes.get(node, ()) if not p["metadata"].get("deletionTimestamp")]
            new = next((pod for pod in live if label_of(pod, HASH) == digest), None)
            old = next((pod for pod in live if label_of(pod, HASH) != digest), None)
            if old is None:
                budget -= new is None or (not surge and not self._is_available(owner, new))
            elif new is not None:
                if self._is_available(owner, new) or not self._is_available(owner, old):
                    await self._delete(owner, [old])
                else:
                    budget -= 1
            elif not self._is_available(owner, old):
                failure = await self._replace(owner, digest, node, old, surge) or failure
                budget -= not surge
            else:
                ready_to_go.append((node, old))
        for node, old in ready_to_go[: max(0, budget)]:
            failure = await self._replace(owner, digest, node, old, surge) or failure
        return failure

    async def _replace(
        self, owner: Object, digest: str, node: str, old: Object, surge: int
    ) -> ApiError | None:
        if surge:
            return await self._make(owner, digest, node)
        await self._delete(owner, [old])
        return None

    def _surge(self, owner: Object) -> int:
        rolling = owner["spec"]["updateStrategy"].get("rollingUpdate") or {}
        return share(rolling.get("maxSurge", 0), len(self.nodes.objects), up=True)

    def _is_available(self, owner: Object, pod: Object) -> bool:
        now = self.clock_of(owner).time()
        return available_in(pod, owner["spec"].get("minReadySeconds", 0), now) == 0

    async def _make(self, owner: Object, digest: str, node: str) -> ApiError | None:
        prefix = f"{owner['metadata']['name']}-"
        pod = pod_from(owner["spec"]["template"], owner, generateName=prefix)
        annotations = owner["metadata"].get("annotations") or {}
        labels = {HASH: digest, GENERATION: annotations.get(TEMPLATE_GENERATION, "1")}
        pod["metadata"]["labels"] = (pod["metadata"].get("labels") or {}) | labels
        bind_to_node(pod, node)
        return await create_pod(self, owner, pod)

    async def _delete(self, owner: Object, pods: list[Object]) -> None:
        for pod in pods:
            if not pod["metadata"].get("deletionTimestamp"):
                await delete_pod(self, owner, pod)

    async def _report(self, owner: Object, digest: str, on_nodes: OnNodes) -> None:
        places = self._belongs(owner)
        # Of several Pods on a node the oldest counts.
        first = {node: on_nodes[node][0] for node in places if on_nodes.get(node)}
        right = [pod for node, pod in first.items() if places[node][0]]
        least = owner["spec"].get("minReadySeconds", 0)
        now = self.clock_of(owner).time()
        waits = [available_in(pod, least, now) for pod in right]
        if soon := soonest(waits):
            self.later(key_of(owner), soon)
        desired = sum(wanted for wanted, _ in places.values())
        status: Object = {
            "currentNumberScheduled": len(right),
            "numberMisscheduled": len(first) - len(right),
            "desiredNumberScheduled": desired,
            "numberReady": sum(map(is_ready, right)),
            "observedGeneration": owner["metadata"].get("generation", 1),
            "updatedNumberScheduled": sum(label_of(pod, HASH) == digest for pod in right),
            "numberAvailable": waits.count(0),
            "numberUnavailable": desired - waits.count(0),
        }
        await self.report(owner, status)
