"""Deployment -> ReplicaSets: one for each Pod template, rolled over step by step.

Source: Kubernetes documentation, "Deployments".
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from irsa_sandbox.apiclient import Object, key_of
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import DEPLOYMENTS, REPLICA_SETS
from irsa_sandbox.controllers.base.owners import claim, owner_reference
from irsa_sandbox.controllers.workloads.deployment_status import (
    counted,
    is_complete,
    planned,
    seconds_to_deadline,
    share,
    status_of,
)

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
# The same letters as Kubernetes' rand.SafeEncodeString.
_SAFE = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Object) -> str:
    """Ten letters that follow from what a Pod template says; empty members say nothing."""
    digest = hashlib.sha256(json.dumps(_said(template), sort_keys=True).encode()).digest()
    return "".join(_SAFE[byte % len(_SAFE)] for byte in digest[:10])


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: _said(member) for name, member in value.items() if name != HASH}
        return {name: member for name, member in members.items() if member not in (None, {}, [])}
    return [_said(item) for item in value] if isinstance(value, list) else value


class DeploymentController(Controller):
    """Makes ReplicaSets, moves replicas from the old ones to the new one, keeps the status."""

    name, component = "deployments", "deployment-controller"
    kind, owns = DEPLOYMENTS, (REPLICA_SETS,)

    async def sync(self, deployment: Object) -> None:
        """One step towards the wanted state; the next change of a ReplicaSet brings the next."""
        owned = await claim(self.cluster, REPLICA_SETS, deployment)
        wanted = template_hash(deployment["spec"]["template"])
        current = next((r for r in owned if template_hash(r["spec"]["template"]) == wanted), None)
        if not deployment["spec"].get("paused"):
            if current is None:
                current = await self._make(deployment, wanted, owned)
                owned.append(current)
            else:
                await self._renumber(deployment, current, owned)
            await self._roll(deployment, current, [r for r in owned if r is not current])
        elif len(active := _scaled_up(owned)) == 1:
            await self._scale(deployment, active[0], deployment["spec"]["replicas"])
        status = await self._report(deployment, current, owned)
        if deployment["spec"].get("paused") or is_complete(deployment, status):
            await self._forget_old(deployment, current, owned)

    async def _make(self, deployment: Object, name_hash: str, owned: list[Object]) -> Object:
        namespace, name = key_of(deployment)
        revision = 1 + max(map(_revision, owned), default=0)
        template = copy.deepcopy(deployment["spec"]["template"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[HASH] = name_hash
        selector = copy.deepcopy(deployment["spec"]["selector"])
        selector["matchLabels"] = (selector.get("matchLabels") or {}) | {HASH: name_hash}
        at_once = 0 if owned else deployment["spec"]["replicas"]
        body = {
            "metadata": {
                "name": f"{name}-{name_hash}",
                "namespace": namespace,
                "labels": dict(labels),
                "annotations": _carried(deployment)
                | _sizes(deployment)
                | {REVISION: str(revision)},
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": at_once,
                "minReadySeconds": deployment["spec"].get("minReadySeconds", 0),
                "selector": selector,
                "template": template,
            },
        }
        made = await self.cluster.create(REPLICA_SETS, body)
        await self._set_revision(deployment, revision)
        if at_once:
            self._tell(deployment, made, "up", 0, at_once)
        return made

    async def _renumber(self, deployment: Object, current: Object, owned: list[Object]) -> None:
        """A template that was used before and is again becomes the newest revision."""
        await self._follow(deployment, current)
        newest = max(map(_revision, owned))
        if _revision(current) == newest:
            return await self._set_revision(deployment, newest)
        annotations = {REVISION: str(newest + 1), HISTORY: _history(current)}
        await self.cluster.patch(REPLICA_SETS, current, {"metadata": {"annotations": annotations}})
        return await self._set_revision(deployment, newest + 1)

    async def _follow(self, deployment: Object, current: Object) -> None:
        """`minReadySeconds` and annotations may change without a new template: it gets them too.

        `kubernetes.io/change-cause` is such an annotation; a rollout's history shows it.
        """
        change: Object = {}
        wanted = deployment["spec"].get("minReadySeconds", 0)
        if current["spec"].get("minReadySeconds", 0) != wanted:
            change["spec"] = {"minReadySeconds": wanted}
        annotations = current["metadata"].get("annotations") or {}
        if not _carried(deployment).items() <= annotations.items():
            change["metadata"] = {"annotations": _carried(deployment)}
        if change:
            await self.cluster.patch(REPLICA_SETS, current, change)

    async def _set_revision(self, deployment: Object, revision: int) -> None:
        annotations = deployment["metadata"].get("annotations") or {}
        if annotations.get(REVISION) == str(revision):
            return
        change = {"metadata": {"annotations": {REVISION: str(revision)}}}
        await self.cluster.patch(DEPLOYMENTS, deployment, change, "status")

    async def _roll(self, deployment: Object, current: Object, old: list[Object]) -> None:
        """Up by what maxSurge allows, down by what maxUnavailable allows."""
        wanted = deployment["spec"]["replicas"]
        old = _scaled_up(old)
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            for replica_set in old:
                await self._scale(deployment, replica_set, 0)
            if not counted("replicas", old):
                await self._scale(deployment, current, wanted)
            return
        rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
        surge = share(rolling.get("maxSurge", "25%"), wanted, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), wanted, up=False)
        if not surge and not unavailable:
            unavailable = 1
        have = current["spec"]["replicas"]
        room = max(0, wanted + surge - planned([current, *old]))
        target = min(wanted, have + room) if old else wanted
        await self._scale(deployment, current, target)
        may_go = counted("availableReplicas", [current, *old]) - (wanted - unavailable)
        for replica_set in sorted(old, key=_revision):
            replicas = replica_set["spec"]["replicas"]
            unready = max(0, replicas - counted("availableReplicas", [replica_set]))
            down = min(replicas, unready + max(0, may_go))
            if down > 0:
                may_go -= max(0, down - unready)
                await self._scale(deployment, replica_set, replicas - down)

    async def _scale(self, deployment: Object, replica_set: Object, replicas: int) -> None:
        before = replica_set["spec"]["replicas"]
        if before == replicas:
            return
        metadata = {"annotations": _sizes(deployment)}
        patch = {"metadata": metadata, "spec": {"replicas": replicas}}
        changed = await self.cluster.patch(REPLICA_SETS, replica_set, patch)
        replica_set["spec"] = changed["spec"]
        direction = "up" if replicas > before else "down"
        self._tell(deployment, replica_set, direction, before, replicas)

    def _tell(
        self, deployment: Object, replica_set: Object, direction: str, before: int, after: int
    ) -> None:
        name = replica_set["metadata"]["name"]
        text = f"Scaled {direction} replica set {name} from {before} to {after}"
        self.events.record(deployment, "Normal", "ScalingReplicaSet", text)

    async def _forget_old(
        self, deployment: Object, current: Object | None, owned: list[Object]
    ) -> None:
        """Only the last `revisionHistoryLimit` empty ReplicaSets are kept for a rollback."""
        empty = sorted(
            (
                r
                for r in owned
                if r is not current and not planned([r]) and not counted("replicas", [r])
            ),
            key=_revision,
        )
        spare = max(0, len(empty) - deployment["spec"]["revisionHistoryLimit"])
        for replica_set in empty[:spare]:
            await self.client.delete(REPLICA_SETS.path(*key_of(replica_set)))

    async def _report(
        self, deployment: Object, current: Object | None, owned: list[Object]
    ) -> Object:
        """The status, which the Deployment has from now on."""
        now = self.clock_of(deployment).now()
        status = status_of(deployment, current, owned, now)
        seconds = seconds_to_deadline(deployment, status, now)
        if seconds is not None:
            self.later(key_of(deployment), max(seconds, 0.1))
        await self.report(deployment, status)
        return status


def _scaled_up(sets: list[Object]) -> list[Object]:
    """The ReplicaSets that should have Pods."""
    return [replica_set for replica_set in sets if planned([replica_set])]


def _sizes(deployment: Object) -> dict[str, str]:
    """How many Pods a ReplicaSet's Deployment wants, and may have while it rolls."""
    wanted, strategy = deployment["spec"]["replicas"], deployment["spec"]["strategy"]
    rolling = strategy.get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge", 0), wanted, up=True) if wanted else 0
    return {DESIRED: str(wanted), MOST: str(wanted + surge)}


def _revision(replica_set: Object) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def _history(replica_set: Object) -> str:
    """The revisions that a ReplicaSet has been, with the one that it is now."""
    before = (replica_set["metadata"].get("annotations") or {}).get(HISTORY, "")
    return ",".join(filter(None, (before, str(_revision(replica_set)))))


def _carried(deployment: Object) -> dict[str, str]:
    """The annotations that a ReplicaSet takes over from its Deployment."""
    left_out = {REVISION, HISTORY, DESIRED, MOST, LAST_APPLIED}
    annotations = deployment["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name not in left_out}
