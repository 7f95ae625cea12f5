"""CronJob -> Jobs: one whenever its schedule says so.

Source: Kubernetes documentation, "CronJob"; kubernetes, pkg/controller/cronjob.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime, tzinfo
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiclient import ApiError, Key, Object, key_of
from irsa_sandbox.controllers.base.controller import Controller
from irsa_sandbox.controllers.base.kinds import CRON_JOBS, JOBS
from irsa_sandbox.controllers.base.owners import controlled_by, owner_reference
from irsa_sandbox.controllers.workloads.jobs import ended_as
from irsa_sandbox.values import cron

SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
MANY_MISSED = 100
ALREADY_ACTIVE = (
    "Not starting job because prior execution is running and concurrency policy is Forbid"
)


class CronJobController(Controller):
    """Starts Jobs on time, follows those that run, and deletes what the history need not keep."""

    name, component = "cronjobs", "cronjob-controller"
    kind, owns = CRON_JOBS, (JOBS,)

    async def sync(self, owner: Object) -> None:
        """What is due has been started; the next time is waited for."""
        jobs = [job for job in self.cluster[JOBS].objects.values() if controlled_by(job, owner)]
        status = self._followed(owner, jobs)
        await self._forget_old(owner, jobs)
        if not owner["spec"].get("suspend"):
            await self._start_due(owner, jobs, status)
        await self.report(owner, status)

    def _followed(self, owner: Object, jobs: list[Object]) -> Object:
        """The status after Jobs have ended, gone, or been made by somebody else."""
        status = copy.deepcopy(owner.get("status") or {})
        active = {reference["uid"]: reference for reference in status.get("active") or ()}
        by_uid = {job["metadata"]["uid"]: job for job in jobs}
        for uid, reference in list(active.items()):
            if uid not in by_uid:
                text = f"Active job went missing: {reference['name']}"
                self.events.record(owner, "Normal", "MissingJob", text)
                del active[uid]
        for uid, job in by_uid.items():
            name, end = job["metadata"]["name"], ended_as(job)
            if end is None and uid not in active:
                text = f"Saw a job that the controller did not create or forgot: {name}"
                self.events.record(owner, "Warning", "UnexpectedJob", text)
            elif end is not None and active.pop(uid, None):
                text = f"Saw completed job: {name}, condition: {end}"
                self.events.record(owner, "Normal", "SawCompletedJob", text)
            finished = job.get("status", {}).get("completionTime", "")
            if end == "Complete" and finished > status.get("lastSuccessfulTime", ""):
                status["lastSuccessfulTime"] = finished
        status["active"] = list(active.values()) or None
        return status

    async def _forget_old(self, owner: Object, jobs: list[Object]) -> None:
        """Of the Jobs that ended well, and of the others, so many are kept as the spec says."""
        ended = sorted(
            (job for job in jobs if ended_as(job)),
            key=lambda job: str(job.get("status", {}).get("startTime", "")),
        )
        for end, limit in (
            ("Complete", "successfulJobsHistoryLimit"),
            ("Failed", "failedJobsHistoryLimit"),
        ):
            alike = [job for job in ended if ended_as(job) == end]
            kept = owner["spec"].get(limit)
            if kept is not None:
                for job in alike[: max(0, len(alike) - kept)]:
                    await self._delete(owner, key_of(job))

    async def _start_due(self, owner: Object, jobs: list[Object], status: Object) -> None:
        spec, now = owner["spec"], self.clock_of(owner).now()
        zone = _zone(spec)
        schedule = cron.parse(spec["schedule"])
        if following := schedule.after(now, zone):
            self.later(key_of(owner), max(0.05, (following - now).total_seconds() + 0.05))
        since = self._since(owner)
        due = schedule.latest(since, now, zone)
        if due is None or stamp(due) == status.get("lastScheduleTime"):
            return
        self._warn_of_missed(owner, schedule, since, now, zone)
        deadline = spec.get("startingDeadlineSeconds")
        if deadline is not None and (now - due).total_seconds() > deadline:
            text = f"Missed scheduled time to start a job: {format_datetime(due)}"
            self.events.record(owner, "Warning", "MissSchedule", text)
            return
        active = list(status["active"] or ())
        if active and spec["concurrencyPolicy"] == "Forbid":
            self.events.record(owner, "Normal", "JobAlreadyActive", ALREADY_ACTIVE)
            return
        if spec["concurrencyPolicy"] == "Replace":
            for reference in active:
                await self._delete(owner, (reference["namespace"], reference["name"]))
            active = []
        made = await self._make(owner, due, zone)
        status["active"] = [*active, _reference(made)]
        status["lastScheduleTime"] = stamp(due)

    def _since(self, owner: Object) -> datetime:
        """The moment up to which every run that was due has been dealt with."""
        last = (owner.get("status") or {}).get("lastScheduleTime")
        since = datetime.fromisoformat(last or owner["metadata"]["creationTimestamp"])
        deadline = owner["spec"].get("startingDeadlineSeconds")
        if deadline is None:
            return since
        now = self.clock_of(owner).time()
        earliest = datetime.fromtimestamp(now - deadline, UTC)
        return max(since, earliest)

    def _warn_of_missed(
        self, owner: Object, schedule: cron.Schedule, since: datetime, now: datetime, zone: tzinfo
    ) -> None:
        first = schedule.after(since, zone)
        second = schedule.after(first, zone) if first else None
        if first is None or second is None or schedule.every:
            return
        missed = int((now - first) / (second - first)) + 1
        if missed > MANY_MISSED:
            text = (
                f"too many missed start times: {missed}. Set or decrease "
                ".spec.startingDeadlineSeconds or check clock skew"
            )
            self.events.record(owner, "Warning", "TooManyMissedTimes", text)

    async def _make(self, owner: Object, due: datetime, zone: tzinfo) -> Object:
        namespace, name = key_of(owner)
        template = copy.deepcopy(owner["spec"]["jobTemplate"])
        metadata = template.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        stamp = due.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
        metadata |= {
            # The minute is part of the name: the same run is never started twice.
            "name": f"{name}-{int(due.timestamp()) // 60}",
            "namespace": namespace,
            "annotations": annotations | {SCHEDULED_AT: stamp},
            "ownerReferences": [owner_reference(owner)],
        }
        try:
            made = await self.cluster.create(JOBS, {"metadata": metadata, "spec": template["spec"]})
        except ApiError as error:
            if error.reason == "AlreadyExists":
                job = await self.client.get(JOBS.path(namespace, metadata["name"]))
                if job and controlled_by(job, owner):
                    return job
            text = f"Error creating job: {error.message}"
            self.events.record(owner, "Warning", "FailedCreate", text)
            raise
        self.events.record(owner, "Normal", "SuccessfulCreate", f"Created job {metadata['name']}")
        return made

    async def _delete(self, owner: Object, key: Key) -> None:
        await self.client.delete(JOBS.path(*key), propagationPolicy="Background")
        self.cluster[JOBS].objects.pop(key, None)
        self.events.record(owner, "Normal", "SuccessfulDelete", f"Deleted job {key[1]}")


def _zone(spec: Object) -> tzinfo:
    """The time zone of the schedule; the API server has checked that there is such a one."""
    return ZoneInfo(spec["timeZone"]) if spec.get("timeZone") else UTC


def _reference(job: Object) -> Object:
    metadata = job["metadata"]
    names = {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion")}
    return {"kind": "Job", "apiVersion": "batch/v1"} | names
