"""CronJobs: Jobs on time, seen through the API of a running sandbox whose time is moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from kubernetes.client import BatchV1Api

from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.typed import core_v1
from tests.watching import until, until_none

AN_HOUR = 3600.0


class CronJobs:
    """The CronJob `tick` of a namespace: once an hour, half an hour before and after the test.

    Every minute would not do: one may begin while a test runs.
    """

    def __init__(self, world: SandboxWorld, namespace: str) -> None:
        self.world, self.namespace = world, namespace
        self.batch, self.core = BatchV1Api(world.kubernetes), core_v1(world)
        self.now: datetime = self.core.read_namespace(namespace).metadata.creation_timestamp
        self.hourly = f"{(self.now + timedelta(minutes=30)).minute} * * * *"

    def make(self, script: str = "true", **spec: Any) -> Any:
        container = {"name": "c", "image": "busybox", "command": ["sh", "-c", script]}
        pod = {"restartPolicy": "Never", "containers": [container]}
        job = {"spec": {"backoffLimit": 0, "template": {"spec": pod}}}
        whole = {"schedule": self.hourly, "jobTemplate": job} | spec
        body = {"metadata": {"name": "tick"}, "spec": whole}
        return self.batch.create_namespaced_cron_job(self.namespace, body)

    def later(self, seconds: float = AN_HOUR) -> None:
        self.world.advance_clock(seconds)

    def until_told(self, reason: str) -> Any:
        def told(_: str, event: Any) -> bool:
            about = event.involved_object.kind == "CronJob"
            return bool(about and event.reason == reason)

        return until(self.core.list_namespaced_event, self.namespace, told)

    def until_status(self, **wanted: Any) -> Any:
        def reached(_: str, each: Any) -> bool:
            return all(bool(getattr(each.status, name)) == value for name, value in wanted.items())

        return until(self.batch.list_namespaced_cron_job, self.namespace, reached)

    def jobs(self) -> list[Any]:
        return list(self.batch.list_namespaced_job(self.namespace).items)

    def until_ended(self, last: str) -> str:
        """The name of the first Job after `last` that has completed."""

        def ended(_: str, job: Any) -> bool:
            return bool(job.metadata.name > last and job.status and job.status.completion_time)

        found = until(self.batch.list_namespaced_job, self.namespace, ended)
        return str(found.metadata.name)


@pytest.fixture
def cron_jobs(world: SandboxWorld, namespace: str) -> CronJobs:
    return CronJobs(world, namespace)


def test_a_job_is_started_when_its_time_has_come(cron_jobs: CronJobs) -> None:
    made = cron_jobs.make()
    cron_jobs.later()
    cron_jobs.until_told("SawCompletedJob")
    found = cron_jobs.until_status(last_schedule_time=True, last_successful_time=True, active=False)
    [job] = cron_jobs.jobs()
    minute = int(found.status.last_schedule_time.timestamp()) // 60
    assert job.metadata.name == f"tick-{minute}"
    [owner] = job.metadata.owner_references
    assert (owner.kind, owner.uid, owner.controller) == ("CronJob", made.metadata.uid, True)
    stamp = job.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert stamp == found.status.last_schedule_time.strftime("%Y-%m-%dT%H:%M:%SZ")
    created = cron_jobs.until_told("SuccessfulCreate")
    assert created.message == f"Created job {job.metadata.name}"
    assert created.source.component == "cronjob-controller"


def test_of_all_that_were_missed_the_last_is_started(cron_jobs: CronJobs) -> None:
    hours = [(cron_jobs.now + timedelta(hours=ahead)).hour for ahead in (1, 2)]
    cron_jobs.make(schedule=f"* {hours[0]},{hours[1]} * * *")
    passed = timedelta(minutes=cron_jobs.now.minute - 10)
    cron_jobs.later((timedelta(hours=3) - passed).total_seconds())
    said = cron_jobs.until_told("TooManyMissedTimes").message
    assert said.startswith("too many missed start times: 1")
    cron_jobs.until_told("SawCompletedJob")
    assert len(cron_jobs.jobs()) == 1


def test_what_is_too_late_is_not_started(cron_jobs: CronJobs) -> None:
    cron_jobs.make(startingDeadlineSeconds=100)
    cron_jobs.later()
    cron_jobs.batch.patch_namespaced_cron_job(
        "tick", cron_jobs.namespace, {"metadata": {"annotations": {"looked": "at"}}}
    )
    assert cron_jobs.jobs() == []


def test_the_history_is_kept_short(cron_jobs: CronJobs) -> None:
    cron_jobs.make(successfulJobsHistoryLimit=1)
    last = ""
    for _ in range(3):
        cron_jobs.later()
        last = cron_jobs.until_ended(last)
    cron_jobs.until_told("SuccessfulDelete")
    cron_jobs.until_status(active=False)
    assert [job.metadata.name for job in cron_jobs.jobs()] == [last]


@pytest.mark.parametrize(
    ("policy", "reason", "left"),
    [("Forbid", "JobAlreadyActive", 1), ("Replace", "SuccessfulDelete", 1), ("Allow", "", 2)],
)
def test_a_run_that_is_not_over_yet(
    cron_jobs: CronJobs, policy: str, reason: str, left: int
) -> None:
    cron_jobs.make("sleep 600", concurrencyPolicy=policy)
    cron_jobs.later()
    first = cron_jobs.until_status(active=True).status.active[0].name
    cron_jobs.later()
    if reason:
        cron_jobs.until_told(reason)
    found = until(
        cron_jobs.batch.list_namespaced_cron_job,
        cron_jobs.namespace,
        lambda _, each: (
            len(each.status.active or ()) == left
            and ((policy == "Replace") != (first in {a.name for a in each.status.active}))
        ),
    )
    assert len(found.status.active) == left


def test_nothing_is_started_while_it_is_suspended(cron_jobs: CronJobs) -> None:
    cron_jobs.make(suspend=True)
    cron_jobs.later()
    cron_jobs.batch.patch_namespaced_cron_job(
        "tick", cron_jobs.namespace, {"metadata": {"annotations": {"looked": "at"}}}
    )
    assert cron_jobs.jobs() == []
    cron_jobs.batch.patch_namespaced_cron_job(
        "tick", cron_jobs.namespace, {"spec": {"suspend": False}}
    )
    cron_jobs.until_told("SuccessfulCreate")


def test_a_job_that_somebody_else_made_of_it_is_noticed(cron_jobs: CronJobs) -> None:
    made = cron_jobs.make("sleep 600", schedule="@yearly")
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "tick", "controller": True}
    references = [owner | {"uid": made.metadata.uid}]
    spec = made.spec.job_template.spec
    metadata = {"name": "by-hand", "ownerReferences": references}
    cron_jobs.batch.create_namespaced_job(cron_jobs.namespace, {"metadata": metadata, "spec": spec})
    told = cron_jobs.until_told("UnexpectedJob")
    assert told.message.endswith("did not create or forgot: by-hand")


def test_jobs_go_with_it(cron_jobs: CronJobs) -> None:
    cron_jobs.make("sleep 600")
    cron_jobs.later()
    cron_jobs.until_status(active=True)
    cron_jobs.batch.delete_namespaced_cron_job("tick", cron_jobs.namespace)
    until_none(cron_jobs.batch.list_namespaced_job, cron_jobs.namespace)
