"""Jobs, and the CronJobs that make them.

Source: kubernetes, pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import available_timezones

from irsa_sandbox.apiserver.ground.ages import duration
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, Column, Row, field, template
from irsa_sandbox.apiserver.kinds.kind import IN_ALL, STATUS, Field, Kind, fill
from irsa_sandbox.apiserver.kinds.pods.spec import fill_template
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import at_least_zero, invalid, required, unsupported
from irsa_sandbox.apiserver.validation.metadata import annotation_causes, label_causes
from irsa_sandbox.apiserver.validation.pods import template_causes
from irsa_sandbox.values import cron

# A Job's name is that of its CronJob, a hyphen and ten digits: 63 in all.
LONGEST_NAME = 52
_NO_TZ = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
_NO_LOCAL = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
_TEMPLATE = "spec.jobTemplate"
_POLICIES = ("Allow", "Forbid", "Replace")
# What a Job's row calls its state: the first of these that is True.
_STATES = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")


def _fill_job(body: Object) -> None:
    spec = body["spec"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        fill(spec, completions=1)
    fill(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    fill(spec, podReplacementPolicy="TerminatingOrFailed", manualSelector=False)
    fill_template(spec)


def _select_own_pods(job: Object, uid: str) -> None:
    """A Job that does not choose its Pods itself knows them by its uid.

    Source: kubernetes, pkg/registry/batch/job: generateSelector.
    """
    spec = job["spec"]
    if spec.get("manualSelector"):
        return
    prefix, name = "batch.kubernetes.io/", job["metadata"].get("name", "")
    labels = spec["template"]["metadata"].setdefault("labels", {})
    for key, value in (("controller-uid", uid), ("job-name", name)):
        labels |= {f"{prefix}{key}": value, key: value}
    spec["selector"] = {"matchLabels": {f"{prefix}controller-uid": uid}}


def _fill_cron_job(body: Object) -> None:
    spec = body["spec"]
    fill(spec, concurrencyPolicy="Allow", suspend=False)
    fill(spec, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    made = spec["jobTemplate"] = spec.get("jobTemplate") or {}
    fill(made, metadata={})
    made["spec"] = made.get("spec") or {}
    fill_template(made["spec"])


def _job_causes(path: str, spec: Object) -> list[Cause]:
    """What is wrong with the spec of a Job, which may stand in a CronJob."""
    causes = at_least_zero(
        path,
        spec,
        *("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit"),
        "ttlSecondsAfterFinished",
    )
    modes = ("NonIndexed", "Indexed")
    if spec.get("completionMode", modes[0]) not in modes:
        causes.append(unsupported(f"{path}.completionMode", spec["completionMode"], modes))
    pod_template = spec.get("template") or {}
    causes += template_causes(f"{path}.template", pod_template)
    policy = (pod_template.get("spec") or {}).get("restartPolicy", "Always")
    if policy == "Always":
        place = f"{path}.template.spec.restartPolicy"
        causes.append(required(place, 'valid values: "OnFailure", "Never"'))
    return causes


def _cron_job_causes(body: Object) -> list[Cause]:
    spec, name = body.get("spec") or {}, body["metadata"].get("name", "")
    causes = _schedule_causes(spec) + _zone_causes(spec.get("timeZone"))
    causes += at_least_zero("spec", spec, "startingDeadlineSeconds")
    if (policy := spec.get("concurrencyPolicy")) not in _POLICIES:
        causes.append(unsupported("spec.concurrencyPolicy", policy, _POLICIES))
    made = spec.get("jobTemplate") or {}
    metadata = made.get("metadata") or {}
    causes += label_causes(f"{_TEMPLATE}.labels", metadata.get("labels") or {})
    causes += annotation_causes(f"{_TEMPLATE}.annotations", metadata.get("annotations") or {})
    causes += _job_causes(f"{_TEMPLATE}.spec", made.get("spec") or {})
    causes += at_least_zero("spec", spec, "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    if len(name) > LONGEST_NAME:
        text = f"must be no more than {LONGEST_NAME} characters"
        causes.append(invalid("metadata.name", name, text))
    return causes


def _schedule_causes(spec: Object) -> list[Cause]:
    schedule = spec.get("schedule", "")
    if not schedule:
        return [required("spec.schedule")]
    if "TZ" in schedule:
        return [invalid("spec.schedule", schedule, _NO_TZ)]
    try:
        cron.parse(schedule)
    except ValueError as error:
        return [invalid("spec.schedule", schedule, str(error))]
    return []


def _zone_causes(zone: str | None) -> list[Cause]:
    if zone is None:
        return []
    if zone == "":
        text = "timeZone must be nil or non-empty string"
    elif zone.lower() == "local":
        text = _NO_LOCAL
    elif zone not in available_timezones():
        text = f"unknown time zone {zone}"
    else:
        return []
    return [invalid("spec.timeZone", zone, text)]


def _state(row: Row) -> str:
    if row.metadata.get("deletionTimestamp"):
        return "Terminating"
    true = [c["type"] for c in row.status.get("conditions") or () if c.get("status") == "True"]
    return next((name for name in _STATES if name in true), "Running")


def _completions(row: Row) -> str:
    wanted, parallel = row.spec.get("completions"), row.spec.get("parallelism") or 0
    if wanted is None:
        wanted = f"1 of {parallel}" if parallel > 1 else 1
    return f"{row.status.get('succeeded', 0)}/{wanted}"


def _duration(row: Row) -> str:
    started, finished = row.status.get("startTime"), row.status.get("completionTime")
    until = datetime.fromisoformat(finished) if finished else row.now
    return duration(started, until) if started else ""


def _last_schedule(row: Row) -> str:
    last = row.status.get("lastScheduleTime")
    return row.since(last) if last else "<none>"


def _suspend(row: Row) -> str:
    return str(row.spec.get("suspend", "<unset>"))


def _active(row: Row) -> int:
    return len(row.status.get("active") or ())


JOB = Kind(
    *("batch", "v1", "jobs", "Job"),
    categories=IN_ALL,
    subresources=(STATUS,),
    columns=(
        NAME,
        Column("Status", "Status of the job.", _state),
        Column("Completions", "@api.batch.v1.JobStatus.succeeded", _completions),
        Column("Duration", "Time required to complete the job.", _duration),
        AGE,
        *template("batch.v1.JobSpec"),
    ),
    selectable=(Field("status.successful", "status.succeeded"),),
    unselectable='field label "{}" not supported for batchv1.Job',
    has_spec=True,
    counts_generation=True,
    first_status=lambda _: {},
    defaults=_fill_job,
    on_create=_select_own_pods,
    validate=lambda body: _job_causes("spec", body.get("spec") or {}),
    immutable=("spec.completions", "spec.selector", "spec.template", "spec.completionMode"),
    zeroes={"JobStatus": ("active", "succeeded", "failed")},
    skeleton={"spec": {"template": {"metadata": {}, "spec": {}}}},
)
CRON_JOB = Kind(
    *("batch", "v1", "cronjobs", "CronJob"),
    short_names=("cj",),
    categories=IN_ALL,
    subresources=(STATUS,),
    columns=(
        NAME,
        field("Schedule", "batch.v1.CronJobSpec.schedule"),
        field("Timezone", "batch.v1.CronJobSpec.timeZone", "<none>"),
        Column("Suspend", "@api.batch.v1.CronJobSpec.suspend", _suspend, type="boolean"),
        Column("Active", "@api.batch.v1.CronJobStatus.active", _active, type="integer"),
        Column("Last Schedule", "@api.batch.v1.CronJobStatus.lastScheduleTime", _last_schedule),
        AGE,
        *template("batch.v1.JobSpec", lambda row: row.spec["jobTemplate"]["spec"]),
    ),
    has_spec=True,
    counts_generation=True,
    first_status=lambda _: {},
    defaults=_fill_cron_job,
    validate=_cron_job_causes,
)
