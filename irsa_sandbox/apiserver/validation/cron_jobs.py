"""CronJobs.

Source: kubernetes, pkg/apis/batch/validation: validateCronJobSpec.
"""

from __future__ import annotations

from zoneinfo import available_timezones

from irsa_sandbox import cron
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    at_least_zero,
    invalid,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.metadata import annotation_causes, label_causes
from irsa_sandbox.apiserver.validation.workloads import job_spec

# A Job's name is that of its CronJob, a hyphen and ten digits: 63 in all.
LONGEST_NAME = 52
_NO_TZ = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
_TEMPLATE = "spec.jobTemplate"


def cron_job(body: Object) -> list[Cause]:
    """What is wrong with a CronJob."""
    spec, name = body.get("spec") or {}, body["metadata"].get("name", "")
    found: list[Cause] = _schedule(spec)
    found += at_least_zero("spec", spec, "startingDeadlineSeconds")
    policy = spec.get("concurrencyPolicy")
    if policy not in {"Allow", "Forbid", "Replace"}:
        allowed = ("Allow", "Forbid", "Replace")
        found.append(unsupported("spec.concurrencyPolicy", policy, allowed))
    template = spec.get("jobTemplate") or {}
    metadata = template.get("metadata") or {}
    found += label_causes(f"{_TEMPLATE}.labels", metadata.get("labels") or {})
    found += annotation_causes(f"{_TEMPLATE}.annotations", metadata.get("annotations") or {})
    found += job_spec(f"{_TEMPLATE}.spec", template.get("spec") or {})
    found += at_least_zero("spec", spec, "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    if len(name) > LONGEST_NAME:
        text = f"must be no more than {LONGEST_NAME} characters"
        found.append(invalid("metadata.name", name, text))
    return found


def _schedule(spec: Object) -> list[Cause]:
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    found: list[Cause] = []
    if not schedule:
        found.append(required("spec.schedule"))
    elif "TZ" in schedule:
        found.append(invalid("spec.schedule", schedule, _NO_TZ))
    else:
        try:
            cron.parse(schedule)
        except ValueError as error:
            found.append(invalid("spec.schedule", schedule, str(error)))
    if zone == "":
        found.append(invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string"))
    elif zone is not None and zone.lower() == "local":
        text = (
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        )
        found.append(invalid("spec.timeZone", zone, text))
    elif zone is not None and zone not in available_timezones():
        found.append(invalid("spec.timeZone", zone, f"unknown time zone {zone}"))
    return found
