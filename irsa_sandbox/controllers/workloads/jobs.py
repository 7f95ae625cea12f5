"""Job -> Pods: run until enough of them have succeeded. Source: Kubernetes, "Jobs"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiclient import Object, key_of
from irsa_sandbox.controllers.base.cluster import Cluster
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import JOBS, PODS
from irsa_sandbox.controllers.base.owners import controlled_by, is_active, is_ready
from irsa_sandbox.controllers.base.pods import create_pod, delete_pod, pod_from

UID_LABEL = "batch.kubernetes.io/controller-uid"
NAME_LABEL = "batch.kubernetes.io/job-name"
# The labels as they were before they had a prefix; still set.
OLD_LABELS = {UID_LABEL: "controller-uid", NAME_LABEL: "job-name"}
# A real controller starts at 10 s and goes to 6 minutes; a learner should not have to wait.
FIRST_BACKOFF_SECONDS = 1
LONGEST_BACKOFF_SECONDS = 36
NOT_IMPLEMENTED = ("podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "managedBy")


@dataclass(frozen=True)
class Tally:
    """How a Job stands."""

    active: list[Object]
    succeeded: int
    failed: int
    restarts: int

    @classmethod
    def of(cls, job: Object, pods: list[Object]) -> Tally:
        """Count the Job's Pods; what has been counted before stays counted."""
        status = job.get("status") or {}
        phases = [pod.get("status", {}).get("phase") for pod in pods]
        active = [pod for pod in pods if is_active(pod)]
        return cls(
            active=active,
            succeeded=max(status.get("succeeded") or 0, phases.count("Succeeded")),
            failed=max(status.get("failed") or 0, phases.count("Failed")),
            restarts=sum(
                container.get("restartCount", 0)
                for pod in active
                for container in pod.get("status", {}).get("containerStatuses") or ()
            ),
        )


class JobController(Controller):
    """Makes Pods, counts how they end, and says when the Job is complete or has failed."""

    name, component = "jobs", "job-controller"
    kind, owns = JOBS, (PODS,)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._failed_at: dict[str, tuple[int, float]] = {}

    async def sync(self, job: Object) -> None:
        """One step towards the Job's end; each change of one of its Pods brings the next."""
        if ended_as(job):
            await self._clean_up(job)
            return
        if lacking := _not_implemented(job["spec"]):
            text = f"NotImplemented: the sandbox runs no Jobs with {lacking}"
            self.events.record(job, "Warning", "NotImplemented", text)
            return
        if UID_LABEL not in (job["spec"].get("selector", {}).get("matchLabels") or {}):
            job = await self._identify(job)
        pods = self.cluster[PODS].objects.values()
        tally = Tally.of(job, [pod for pod in pods if controlled_by(pod, job)])
        if failure := self._failure(job, tally):
            await self._end(job, tally, "Failed", *failure)
        elif _complete(job["spec"], tally):
            text = "Reached expected number of succeeded pods"
            await self._end(job, tally, "Complete", "CompletionsReached", text)
        else:
            await self._proceed(job, tally)

    async def _identify(self, job: Object) -> Object:
        """The selector and labels by which a Job knows its Pods, where the API set none."""
        wanted = {UID_LABEL: job["metadata"]["uid"]}
        labels = wanted | {NAME_LABEL: job["metadata"]["name"]}
        labels |= {old: labels[new] for new, old in OLD_LABELS.items()}
        change = {
            "selector": {"matchLabels": wanted},
            "template": {"metadata": {"labels": labels}},
        }
        own = job["metadata"].get("labels")
        changed = await self.cluster.patch(
            JOBS, job, {"metadata": {"labels": own or labels}, "spec": change}
        )
        return job | {"metadata": changed["metadata"], "spec": changed["spec"]}

    def _failure(self, job: Object, tally: Tally) -> tuple[str, str] | None:
        """(reason, message) where the Job has failed for good."""
        limit = job["spec"].get("backoffLimit", 6)
        if tally.failed > limit or (tally.restarts and tally.restarts >= limit):
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        seconds = job["spec"].get("activeDeadlineSeconds")
        started = (job.get("status") or {}).get("startTime")
        if seconds is not None and started:
            left = datetime.fromisoformat(started).timestamp() + seconds
            left -= self.clock_of(job).time()
            if left <= 0:
                return "DeadlineExceeded", "Job was active longer than specified deadline"
            self.later(key_of(job), left)
        return None

    async def _proceed(self, job: Object, tally: Tally) -> None:
        """As many active Pods as the Job wants now."""
        wanted = _wanted_active(job["spec"], tally)
        delay = self._delay(job, tally)
        if wanted < len(tally.active):
            await self._delete(job, tally.active[wanted:])
        elif wanted > len(tally.active) and delay > 0:
            self.later(key_of(job), delay)
        else:
            for _ in range(wanted - len(tally.active)):
                await self._make(job)
        await self._report(job, tally, self._suspended(job))

    def _delay(self, job: Object, tally: Tally) -> float:
        """Seconds until the next Pod may follow a failed one; each failure doubles them."""
        uid: str = job["metadata"]["uid"]
        now = self.clock_of(job).time()
        if not tally.failed:
            return 0.0
        count, at = self._failed_at.get(uid, (0, now))
        if count != tally.failed:
            at = now
            self._failed_at[uid] = (tally.failed, at)
        doubled = FIRST_BACKOFF_SECONDS * 2.0 ** (tally.failed - 1)
        return at + min(doubled, LONGEST_BACKOFF_SECONDS) - now

    async def _make(self, job: Object) -> None:
        prefix = f"{job['metadata']['name']}-"
        pod = pod_from(job["spec"]["template"], job, generateName=prefix)
        if failure := await create_pod(self, job, pod):
            raise failure

    async def _delete(self, job: Object, pods: list[Object]) -> None:
        for pod in pods:
            await delete_pod(self, job, pod)

    async def _end(self, job: Object, tally: Tally, kind: str, reason: str, text: str) -> None:
        await self._delete(job, tally.active)
        ending = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[kind]
        conditions = [self._condition(job, sort, reason, text) for sort in (ending, kind)]
        await self._report(job, tally, conditions, done=kind == "Complete")
        self._failed_at.pop(job["metadata"]["uid"], None)
        if kind == "Complete":
            self.events.record(job, "Normal", "Completed", "Job completed")
        else:
            self.events.record(job, "Warning", reason, text)

    async def _report(
        self, job: Object, tally: Tally, conditions: list[Object], *, done: bool = False
    ) -> None:
        before = job.get("status") or {}
        over = any(condition["type"] in {"Complete", "Failed"} for condition in conditions)
        active = [] if over else tally.active
        held = any(c["type"] == "Suspended" and c["status"] == "True" for c in conditions)
        status: Object = {
            "startTime": None if held else before.get("startTime") or self._now(job),
            "active": len(active) or None,
            "ready": sum(map(is_ready, active)),
            "succeeded": tally.succeeded or None,
            "failed": tally.failed or None,
            "terminating": 0,
            "uncountedTerminatedPods": {},
            "conditions": conditions or None,
            "completionTime": self._now(job) if done else None,
        }
        await self.report(job, status)

    def _suspended(self, job: Object) -> list[Object]:
        """The Suspended condition, where the Job is or was held."""
        held = bool(job["spec"].get("suspend"))
        old = next((c for c in _conditions(job) if c["type"] == "Suspended"), None)
        if not held and old is None:
            return []
        if old and old["status"] == str(held):
            return [old]
        reason = "JobSuspended" if held else "JobResumed"
        text = f"Job {'suspended' if held else 'resumed'}"
        self.events.record(job, "Normal", reason.removeprefix("Job"), text)
        return [self._condition(job, "Suspended", reason, text, status=str(held))]

    def _condition(
        self, job: Object, kind: str, reason: str, text: str, *, status: str = "True"
    ) -> Object:
        now = self._now(job)
        return {
            "type": kind,
            "status": status,
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": text,
        }

    async def _clean_up(self, job: Object) -> None:
        """A Job with `ttlSecondsAfterFinished` goes when these have passed."""
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return
        ended = next(c for c in _conditions(job) if c["type"] in {"Complete", "Failed"})
        since = datetime.fromisoformat(ended["lastTransitionTime"]).timestamp()
        if (left := since + seconds - self.clock_of(job).time()) > 0:
            self.later(key_of(job), left)
            return
        await self.client.delete(JOBS.path(*key_of(job)), propagationPolicy="Foreground")

    def _now(self, job: Object) -> str:
        return stamp(self.clock_of(job).now())


def _conditions(job: Object) -> list[Object]:
    conditions: list[Object] = (job.get("status") or {}).get("conditions") or []
    return conditions


def ended_as(job: Object) -> str | None:
    """How the Job has ended: Complete or Failed; None for one that has not."""
    true = [condition["type"] for condition in _conditions(job) if condition["status"] == "True"]
    return next((kind for kind in true if kind in {"Complete", "Failed"}), None)


def _complete(spec: Object, tally: Tally) -> bool:
    wanted = spec.get("completions")
    if wanted is None:
        return tally.succeeded > 0 and not tally.active
    return bool(tally.succeeded >= wanted)


def _wanted_active(spec: Object, tally: Tally) -> int:
    if spec.get("suspend"):
        return 0
    parallelism, completions = spec.get("parallelism", 1), spec.get("completions")
    if completions is None:
        return len(tally.active) if tally.succeeded else int(parallelism)
    return int(min(parallelism, completions - tally.succeeded))


def _not_implemented(spec: dict[str, Any]) -> str:
    """What the Job wants and the sandbox has not."""
    lacking = [name for name in NOT_IMPLEMENTED if name in spec]
    if spec.get("completionMode") == "Indexed":
        lacking.append("completionMode Indexed")
    return ", ".join(lacking)
