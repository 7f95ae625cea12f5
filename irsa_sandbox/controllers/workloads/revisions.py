"""ControllerRevisions: the templates that a DaemonSet or a StatefulSet has had.

Source: Kubernetes documentation, "DaemonSet: perform a rollback"; kubernetes,
pkg/controller/history.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from irsa_sandbox.apiclient import Object, key_of
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.kinds import CONTROLLER_REVISIONS
from irsa_sandbox.controllers.base.owners import claim, owner_reference
from irsa_sandbox.controllers.workloads.deployments import template_hash

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(eq=False)
class Revisions:
    """The history of the templates of some owners; `hash_label` tells a revision's hash."""

    cluster: Cluster
    hash_label: str

    async def of(self, owner: Object) -> list[Object]:
        """The owner's revisions, the oldest first and that of its present template last."""
        revisions = await claim(self.cluster, CONTROLLER_REVISIONS, owner)
        revisions.sort(key=lambda revision: int(revision["revision"]))
        wanted = template_hash(owner["spec"]["template"])
        present = next((r for r in revisions if template_hash(template_of(r)) == wanted), None)
        others = [revision for revision in revisions if revision is not present]
        newest = max((int(revision["revision"]) for revision in others), default=0)
        if present is None:
            present = await self._make(owner, wanted, newest + 1)
        else:
            present = await self._follow(owner, present, newest)
        return [*others, present]

    async def _make(self, owner: Object, digest: str, number: int) -> Object:
        namespace, name = key_of(owner)
        template = copy.deepcopy(owner["spec"]["template"])
        labels = (template.get("metadata") or {}).get("labels") or {}
        body = {
            "metadata": {
                "name": f"{name}-{digest}",
                "namespace": namespace,
                "labels": labels | {self.hash_label: digest},
                "annotations": _annotations(owner),
                "ownerReferences": [owner_reference(owner)],
            },
            # A strategic merge patch of the owner: kubectl sends it as it is to roll back.
            "data": {"spec": {"template": template | {"$patch": "replace"}}},
            "revision": number,
        }
        return await self.cluster.create(CONTROLLER_REVISIONS, body)

    async def _follow(self, owner: Object, present: Object, newest: int) -> Object:
        """A template that was used before and is again becomes the newest revision."""
        change: Object = {}
        if present["revision"] <= newest:
            change["revision"] = newest + 1
        wanted = _annotations(owner)
        if not wanted.items() <= (present["metadata"].get("annotations") or {}).items():
            change["metadata"] = {"annotations": wanted}
        if not change:
            return present
        return await self.cluster.patch(CONTROLLER_REVISIONS, present, change)

    async def forget_old(self, owner: Object, revisions: list[Object], used: set[str]) -> None:
        """Only the last `revisionHistoryLimit` are kept beside those that Pods still have."""
        spare = [
            revision for revision in revisions[:-1] if revision["metadata"]["name"] not in used
        ]
        for revision in spare[: max(0, len(spare) - owner["spec"]["revisionHistoryLimit"])]:
            await self.cluster.client.delete(CONTROLLER_REVISIONS.path(*key_of(revision)))


def template_of(revision: Object) -> Object:
    """The Pod template that a revision keeps."""
    template: Object = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != "$patch"}


def _annotations(owner: Object) -> dict[str, str]:
    """`kubernetes.io/change-cause` is one of them; a rollout's history shows it."""
    annotations = owner["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name != _LAST_APPLIED}
