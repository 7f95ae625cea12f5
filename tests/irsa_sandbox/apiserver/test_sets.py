"""DaemonSets, StatefulSets, CronJobs and claims: what is filled in, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

APPS = "/apis/apps/v1/namespaces/default"
BATCH = "/apis/batch/v1/namespaces/default/cronjobs"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
LABELS = {"a": "b"}
STATEFUL_UPDATES = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
    "'template', 'updateStrategy', 'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
MERGE = {"Content-Type": "application/merge-patch+json"}


def template(**spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "busybox"}]
    return {"metadata": {"labels": LABELS}, "spec": {"containers": containers} | spec}


def workload(name: str = "x", **spec: Any) -> dict[str, Any]:
    whole = {"selector": {"matchLabels": LABELS}, "template": template()}
    return {"metadata": {"name": name}, "spec": whole | spec}


def cron_job(name: str = "x", **spec: Any) -> dict[str, Any]:
    job = {"spec": {"template": template(restartPolicy="Never")}}
    return {"metadata": {"name": name}, "spec": {"schedule": "@daily", "jobTemplate": job} | spec}


def test_a_daemon_set_is_filled_in(http: Any) -> None:
    made = http("POST", f"{APPS}/daemonsets", workload("ds")).json()
    rolling = {"maxSurge": 0, "maxUnavailable": 1}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert made["spec"]["updateStrategy"] == strategy
    assert made["spec"]["revisionHistoryLimit"] == 10
    zeroes = {"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled"}
    assert made["status"] == dict.fromkeys([*zeroes, "numberReady"], 0)
    count = "deprecated.daemonset.template.generation"
    assert made["metadata"]["annotations"] == {count: "1"}
    change = {"spec": {"template": {"metadata": {"labels": {"c": "d"}}}}}
    after = http("PATCH", f"{APPS}/daemonsets/ds", change, headers=MERGE).json()
    assert after["metadata"]["annotations"] == {count: "2"}
    same = http("PATCH", f"{APPS}/daemonsets/ds", {"spec": {"minReadySeconds": 1}}, headers=MERGE)
    assert same.json()["metadata"]["annotations"] == {count: "2"}


def test_a_stateful_set_is_filled_in(http: Any) -> None:
    resources = {"requests": {"storage": "1024Mi"}}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources},
    }
    body = workload("sts", volumeClaimTemplates=[claim])
    made = http("POST", f"{APPS}/statefulsets", body).json()
    spec = made["spec"]
    assert (spec["replicas"], spec["podManagementPolicy"]) == (1, "OrderedReady")
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    retain = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["persistentVolumeClaimRetentionPolicy"] == retain
    [kept] = spec["volumeClaimTemplates"]
    assert (kept["kind"], kept["status"]) == ("PersistentVolumeClaim", {"phase": "Pending"})
    assert kept["spec"]["volumeMode"] == "Filesystem"
    assert kept["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    assert made["status"] == {"replicas": 0, "availableReplicas": 0}
    scale = http("GET", f"{APPS}/statefulsets/sts/scale").json()
    assert (scale["spec"], scale["status"]["selector"]) == ({"replicas": 1}, "a=b")
    assert http("GET", f"{APPS}/daemonsets/ds/scale").status_code == 404


def test_a_cron_job_is_filled_in(http: Any) -> None:
    spec = http("POST", BATCH, cron_job("cj")).json()["spec"]
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)
    job = spec["jobTemplate"]["spec"]
    # A Job is filled in when it is made, its Pod template here and now.
    assert list(job) == ["template"]
    assert job["template"]["spec"]["dnsPolicy"] == "ClusterFirst"


REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        f"{APPS}/daemonsets",
        workload(selector={"matchLabels": {"other": "one"}}),
        ["spec.template.metadata.labels: Invalid value: ", "`selector` does not match template"],
    ),
    (
        f"{APPS}/daemonsets",
        workload(selector={}),
        ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"],
    ),
    (
        f"{APPS}/daemonsets",
        workload(template=template(restartPolicy="Never")),
        ['restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ),
    (
        f"{APPS}/daemonsets",
        workload(updateStrategy={"rollingUpdate": {"maxUnavailable": 0}}),
        ["maxUnavailable: Required value: cannot be 0 when maxSurge is 0"],
    ),
    (
        f"{APPS}/daemonsets",
        workload(updateStrategy={"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "10%"}}),
        ['maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero'],
    ),
    (
        f"{APPS}/statefulsets",
        workload(podManagementPolicy="Ordered", updateStrategy={"type": "Recreate"}),
        [
            "spec.podManagementPolicy: Invalid value: "
            "\"Ordered\": must be 'OrderedReady' or 'Parallel'",
            "spec.updateStrategy: Invalid value: ",
            "must be 'RollingUpdate' or 'OnDelete'",
        ],
    ),
    (
        f"{APPS}/statefulsets",
        {"metadata": {"name": "x"}, "spec": {"template": template()}},
        ["spec.selector: Required value"],
    ),
    (
        f"{APPS}/statefulsets",
        workload(replicas=-1, volumeClaimTemplates=[{"metadata": {"name": "data"}}]),
        [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.volumeClaimTemplates[0].spec.accessModes: Required value: "
            "at least 1 access mode is required",
            "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
        ],
    ),
    (
        BATCH,
        cron_job(schedule="61 * * * *", concurrencyPolicy="Never", timeZone="Asia/Soul"),
        [
            'spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61',
            'spec.timeZone: Invalid value: "Asia/Soul": unknown time zone Asia/Soul',
            'spec.concurrencyPolicy: Unsupported value: "Never": '
            'supported values: "Allow", "Forbid", "Replace"',
        ],
    ),
    (
        BATCH,
        cron_job(schedule="TZ=UTC 0 0 * * *", successfulJobsHistoryLimit=-1),
        [
            "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
            "spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal",
        ],
    ),
    (BATCH, cron_job(schedule=""), ["spec.schedule: Required value"]),
    (BATCH, cron_job("x" * 53), ["metadata.name: Invalid value: ", "no more than 52 characters"]),
    (
        BATCH,
        cron_job(jobTemplate={"spec": {"template": template()}}),
        [
            "spec.jobTemplate.spec.template.spec.restartPolicy: Required value: "
            'valid values: "OnFailure", "Never"'
        ],
    ),
    (
        CLAIMS,
        {"metadata": {"name": "x"}, "spec": {"accessModes": ["ReadWriteSometimes"]}},
        [
            'spec.accessModes: Unsupported value: "ReadWriteSometimes"',
            "spec.resources[storage]: Required value",
        ],
    ),
]


@pytest.mark.parametrize(("place", "body", "said"), REFUSED)
def test_what_is_wrong_is_refused_in_kubernetes_words(
    http: Any, place: str, body: dict[str, Any], said: list[str]
) -> None:
    refused = http("POST", place, body)
    assert refused.status_code == 422, refused.text
    message = refused.json()["message"]
    at = 0
    for each in said:
        assert each in message[at:], message
        at = message.index(each, at)


@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        ("daemonsets", {"selector": {"matchLabels": {"x": "y"}}}, "field is immutable"),
        ("statefulsets", {"serviceName": "other"}, STATEFUL_UPDATES),
        ("statefulsets", {"podManagementPolicy": "Parallel"}, STATEFUL_UPDATES),
        ("statefulsets", {"volumeClaimTemplates": None, "serviceName": "x"}, STATEFUL_UPDATES),
    ],
)
def test_what_cannot_be_changed(http: Any, place: str, change: dict[str, Any], said: str) -> None:
    http("POST", f"{APPS}/{place}", workload("fixed"))
    refused = http("PATCH", f"{APPS}/{place}/fixed", {"spec": change}, headers=MERGE)
    assert refused.status_code == 422
    assert said in refused.json()["message"]


def test_a_revision_keeps_its_data(http: Any) -> None:
    revisions = f"{APPS}/controllerrevisions"
    body = {"metadata": {"name": "r"}, "data": {"spec": {"a": 1}}, "revision": 1}
    assert http("POST", revisions, body).status_code == 201
    assert http("PATCH", f"{revisions}/r", {"revision": 2}, headers=MERGE).status_code == 200
    refused = http("PATCH", f"{revisions}/r", {"data": {"spec": {"a": 2}}}, headers=MERGE)
    assert "data: Invalid value: " in refused.json()["message"]
    missing = http("POST", revisions, {"metadata": {"name": "s"}, "revision": 1})
    assert "data: Required value: data is mandatory" in missing.json()["message"]
