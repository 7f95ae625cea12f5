"""A workload and its Pods, read when they are first asked for."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import (
    CannotSeeError,
    SkipError,
    Stored,
    once,
    read_kubernetes,
)
from irsa_helpers.doctor.evidence.rollout import has_no_new_pod_yet, lives
from irsa_helpers.doctor.evidence.target import parse_target
from irsa_helpers.policy.selectors import selects

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
# Kinds of which a new template leads to new Pods.
ROLLED_OUT = {"deployment", "statefulset", "daemonset"}
EDITED = {*ROLLED_OUT, "job", "cronjob"}
SETTLE_SECONDS = 1.0
POLL_SECONDS = 0.02
JOB_NAME = "batch.kubernetes.io/job-name"


class WorkloadPods:
    """One workload, ServiceAccount or Pod that was named, and the Pods that are its own."""

    def __init__(self, world: World, target: str, namespace: str) -> None:
        self.world = world
        self.kind, self.name = parse_target(target)
        self.namespace = namespace

    @cached_property
    def workload(self) -> dict[str, Any] | None:
        """The workload, Pod or ServiceAccount that was named.

        Rollouts that have only just begun are waited for, up to SETTLE_SECONDS: until then the Pods
        that are there are those of the template before.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        named = self.read(self.kind.plural, self.name, api=self.kind.api)
        while self._has_just_begun(named) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            named = self.read(self.kind.plural, self.name, api=self.kind.api)
        return named

    def _has_just_begun(self, named: dict[str, Any] | None) -> bool:
        """Whether Pods are still to come of a template; what was read once does not change."""
        begun = any(map(has_no_new_pod_yet, self._rolled_out(named)))
        return begun and not isinstance(self.world, Stored)

    def _rolled_out(self, named: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The workload that was named, if it rolls out, or the ServiceAccount's Deployments.

        None that is not seen.
        """
        if named is None or not self.is_account:
            return [named] if named and self.kind.name in ROLLED_OUT else []
        try:
            listed = self.read("deployments", api="apis/apps/v1")
        except CannotSeeError:
            return []
        return [
            deployment
            for deployment in (listed or {}).get("items", [])
            if _account_of(deployment["spec"]["template"]) == self.name
        ]

    @property
    def is_account(self) -> bool:
        """Whether a ServiceAccount was named, and no workload."""
        return self.kind.name == "serviceaccount"

    @property
    def owner(self) -> str | None:
        """What to edit, as in `deployment/app`: the workload, or the one that keeps its Pod up.

        None where kubectl cannot edit that: a bare Pod, or what a controller of its own keeps up,
        as Argo Rollouts keeps ReplicaSets.
        """
        if self.is_account:
            return None
        keeper = _keeper(self.workload or {})
        if self.kind.name != "pod":
            own = self.kind.name == "replicaset" and keeper is not None
            return None if own else f"{self.kind.name}/{self.name}"
        if keeper is None or keeper[0] != "replicaset":
            return "/".join(keeper) if keeper and keeper[0] in EDITED else None
        return self._of_replica_set(keeper[1])

    def _of_replica_set(self, name: str) -> str | None:
        """The Deployment of a ReplicaSet; by its name, where the ReplicaSet cannot be seen."""
        try:
            replica_set = self.read("replicasets", name, api="apis/apps/v1")
        except CannotSeeError:
            replica_set = None
        if replica_set is None:
            return f"deployment/{name.rpartition('-')[0]}"
        keeper = _keeper(replica_set)
        if keeper is None:
            return f"replicaset/{name}"
        return "/".join(keeper) if keeper[0] in EDITED else None

    @cached_property
    def template(self) -> dict[str, Any] | None:
        """The Pod template as its author wrote it; None for a Pod or a ServiceAccount."""
        spec = (self.workload or {}).get("spec", {})
        template: dict[str, Any] | None = (
            spec.get("jobTemplate", {}).get("spec", spec).get("template")
        )
        return template

    @cached_property
    def pods(self) -> list[dict[str, Any]]:
        """The workload's Pods that live and are not on their way out, the latest first.

        Those of a Job are there to end: what has ended tells as much about its chain.
        """
        if self.kind.name == "pod":
            return [self.workload] if self.workload else []
        return sorted(
            (pod for pod in self._labelled_pods if self.is_mine(pod) and self._counts(pod)),
            key=lambda pod: (self._is_current(pod), str(pod["metadata"]["creationTimestamp"])),
            reverse=True,
        )

    def _counts(self, pod: dict[str, Any]) -> bool:
        ends = self.kind.name in {"job", "cronjob"}
        return "deletionTimestamp" not in pod["metadata"] if ends else lives(pod)

    @cached_property
    def all_pods(self) -> list[dict[str, Any]]:
        """Every Pod of the namespace."""
        return list((self.read("pods") or {}).get("items", []))

    @property
    def _labelled_pods(self) -> list[dict[str, Any]]:
        """The Pods that have one of the labels that the workload selects by; all without any."""
        selector = (self.workload or {}).get("spec", {}).get("selector") or {}
        labels = selector.get("matchLabels") or {} if not self.is_account else {}
        if not labels:
            return self.all_pods
        by_label = once(self.world, ("pods by label", self.namespace), self._by_label)
        return min((by_label.get(label, []) for label in labels.items()), key=len)

    def _by_label(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        by_label: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for pod in self.all_pods:
            for label in (pod["metadata"].get("labels") or {}).items():
                by_label.setdefault(label, []).append(pod)
        return by_label

    def is_mine(self, pod: dict[str, Any]) -> bool:
        """Whether a Pod of the namespace is one of the workload's."""
        if self.is_account:
            return _account_of(pod) == self.name
        if self.workload is None:
            return False
        labels = pod["metadata"].get("labels", {})
        if self.kind.name == "cronjob":
            return bool(labels.get(JOB_NAME, "").rpartition("-")[0] == self.name)
        selector = self.workload["spec"].get("selector")
        return bool(selector) and selects(selector, labels)

    def _is_current(self, pod: dict[str, Any]) -> bool:
        """Whether the Pod was made from the template as it is now."""
        own_hash = pod["metadata"].get("labels", {}).get(HASH)
        if self.is_account:
            newest = self._newest_hashes
            return not newest or own_hash is None or own_hash in newest.values()
        if self.template is None:
            return True
        if self.kind.name == "deployment" and self.workload is not None:
            newest_hash = self._newest_hashes.get(self.workload["metadata"]["uid"])
            if newest_hash is not None:
                return bool(own_hash == newest_hash)
        template, wanted = self.template["spec"], annotations_of(self.template)
        images = {container.get("image") for container in template["containers"]}
        return bool(
            wanted.items() <= annotations_of(pod).items()
            and _account_of(pod) == _account_of(self.template)
            and images <= {container.get("image") for container in pod["spec"]["containers"]}
        )

    @property
    def _newest_hashes(self) -> dict[str, str]:
        """By a Deployment's uid, what tells the Pods of its newest revision; as far as it is seen.

        Source: Kubernetes documentation, "Deployments", "Pod-template-hash label".
        """
        try:
            return once(self.world, ("hashes", self.namespace), self._read_hashes)
        except CannotSeeError:
            return {}

    def _read_hashes(self) -> dict[str, str]:
        listed = self.read("replicasets", api="apis/apps/v1") or {}
        sets = [replica_set["metadata"] for replica_set in listed.get("items", [])]
        sets.sort(key=lambda m: int(m.get("annotations", {}).get(REVISION, 0)))
        return {
            owner["uid"]: str(metadata.get("labels", {}).get(HASH))
            for metadata in sets
            for owner in metadata.get("ownerReferences", [])
        }

    @property
    def live_pods(self) -> list[dict[str, Any]]:
        """The Pods that count, the latest first: those of the template as it is now, if any.

        Those of a template before are on their way out, and a Job's earlier ones are history.
        Raises SkipError where there is none.
        """
        if self.kind.name in {"job", "cronjob"}:
            return [self.pod]
        return self.current_pods or [self.pod]

    @property
    def current_pods(self) -> list[dict[str, Any]]:
        """The Pods that were made from the template as it is now."""
        return [pod for pod in self.pods if self.kind.name == "pod" or self._is_current(pod)]

    @property
    def pod(self) -> dict[str, Any]:
        """The newest Pod. Raises SkipError where none lives."""
        if not self.pods:
            raise SkipError("no Pod to look at")
        return self.pods[0]

    @property
    def pod_spec(self) -> dict[str, Any]:
        """What the author asked for: the template's Pod spec, else the Pod's own."""
        if self.template is not None:
            return dict(self.template["spec"])
        return dict(self.pod["spec"])

    def read(self, plural: str, name: str = "", api: str = "api/v1") -> Any | None:
        """One object of the namespace, or the list of all; None where there is none.

        Raises CannotSeeError, which names the right, where you may not read it.
        """
        path = f"/{api}/namespaces/{self.namespace}/{plural}"
        right = f"{'get' if name else 'list'} {plural}"
        return read_kubernetes(self.world, right, f"{path}/{name}" if name else path)


def annotations_of(thing: dict[str, Any]) -> dict[str, str]:
    """The annotations of an object or of a template."""
    return dict(thing.get("metadata", {}).get("annotations") or {})


def _account_of(template: dict[str, Any]) -> str:
    """The ServiceAccount that a Pod, or a template's Pods, run as."""
    return str(template["spec"].get("serviceAccountName", "default"))


def _keeper(body: dict[str, Any]) -> tuple[str, str] | None:
    """(kind, name) of what keeps an object up; None for nothing."""
    references = body.get("metadata", {}).get("ownerReferences") or []
    return next(
        ((str(reference["kind"]).lower(), str(reference["name"])) for reference in references), None
    )
