"""DaemonSets, StatefulSets and CronJobs with the real kubectl, and with a role through IRSA."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml

from irsa_helpers import oidc, roles
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds.sandbox import SandboxWorld

SETS = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: busybox, command: [sleep, "600"]}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: c, image: busybox, command: [sleep, "600"]}]
"""
# One of everything that a Pod can say: kubectl sends it in protobuf to make a Job of it.
RICH = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: rich}
spec:
  schedule: "0 3 * * mon-fri"
  timeZone: Asia/Seoul
  jobTemplate:
    metadata: {labels: {a: b}, annotations: {c: d}}
    spec:
      backoffLimit: 2
      ttlSecondsAfterFinished: 100
      activeDeadlineSeconds: 50
      suspend: true
      template:
        metadata: {labels: {app: rich}}
        spec:
          restartPolicy: OnFailure
          securityContext:
            runAsUser: 1000
            runAsGroup: 3000
            fsGroup: 2000
            runAsNonRoot: true
            supplementalGroups: [5, 6]
            seccompProfile: {type: RuntimeDefault}
          tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
          nodeSelector: {kubernetes.io/os: linux}
          imagePullSecrets: [{name: pull}]
          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                - matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux]}]
          initContainers: [{name: i, image: busybox, command: ["true"]}]
          containers:
          - name: c
            image: amazon/aws-cli
            command: [sh, -c]
            args: [aws sts get-caller-identity]
            workingDir: /tmp
            env:
            - {name: PLAIN, value: b}
            - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "1"}}}
            - {name: SECRET, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}
            - {name: MAP, valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}}
            envFrom:
            - configMapRef: {name: m, optional: true}
            - {prefix: X_, secretRef: {name: s, optional: true}}
            resources: {limits: {cpu: 100m, memory: 1Gi}, requests: {cpu: 50m}}
            ports: [{name: http, containerPort: 80}]
            securityContext:
              capabilities: {drop: [ALL], add: [NET_ADMIN]}
              allowPrivilegeEscalation: false
              readOnlyRootFilesystem: true
            livenessProbe: {exec: {command: ["true"]}, initialDelaySeconds: 5, periodSeconds: 3}
            readinessProbe: {httpGet: {path: /x, port: http, httpHeaders: [{name: h, value: v}]}}
            startupProbe: {tcpSocket: {port: 80}, failureThreshold: 9}
            lifecycle: {preStop: {exec: {command: ["true"]}}, postStart: {httpGet: {port: 80}}}
            volumeMounts:
            - {name: empty, mountPath: /e}
            - {name: projected, mountPath: /p, readOnly: true, subPath: q}
          volumes:
          - {name: empty, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
          - {name: secret, secret: {secretName: s, items: [{key: a, path: b, mode: 256}]}}
          - {name: map, configMap: {name: m, defaultMode: 256, optional: true}}
          - name: down
            downwardAPI:
              items:
              - {path: l, fieldRef: {fieldPath: metadata.labels}}
              - {path: c, resourceFieldRef: {containerName: c, resource: limits.cpu, divisor: 1m}}
          - {name: host, hostPath: {path: /var/log, type: Directory}}
          - {name: claim, persistentVolumeClaim: {claimName: data}}
          - name: projected
            projected:
              sources:
              - serviceAccountToken:
                  {audience: sts.amazonaws.com, path: t, expirationSeconds: 900}
              - configMap: {name: m, optional: true}
              - secret: {name: s, optional: true}
              - downwardAPI: {items: [{path: l, fieldRef: {fieldPath: metadata.labels}}]}
"""


@pytest.fixture
def sets(kubectl: Any) -> Any:
    """kubectl, where a DaemonSet and a StatefulSet are rolled out."""
    made = kubectl("apply", "-f", "-", input=SETS).stdout
    assert made == "daemonset.apps/agent created\nstatefulset.apps/web created\n"
    for name in ("daemonset/agent", "statefulset/web"):
        kubectl("rollout", "status", name, "--timeout=30s")
    return kubectl


def cells(text: str) -> list[list[str]]:
    """The cells of a table; what stands in one cell is two spaces from the next."""
    return [[c.strip() for c in line.split("  ") if c.strip()] for line in text.splitlines()]


def test_their_tables_have_the_real_columns(sets: Any) -> None:
    heads = {
        kind: cells(sets("get", kind, "-o", "wide").stdout)[0]
        for kind in ("daemonsets", "statefulsets", "controllerrevisions")
    }
    template = ["CONTAINERS", "IMAGES"]
    assert heads["daemonsets"] == [
        *("NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR"),
        *("AGE", *template, "SELECTOR"),
    ]
    assert heads["statefulsets"] == ["NAME", "READY", "AGE", *template]
    assert heads["controllerrevisions"] == ["NAME", "CONTROLLER", "REVISION", "AGE"]
    row = cells(sets("get", "ds", "--no-headers").stdout)[0]
    assert row[:7] == ["agent", "1", "1", "1", "1", "1", "<none>"]
    assert cells(sets("get", "sts", "--no-headers").stdout)[0][:2] == ["web", "1/1"]
    revisions = cells(sets("get", "controllerrevisions", "--no-headers").stdout)
    assert [row[1:3] for row in revisions] == [
        ["daemonset.apps/agent", "1"],
        ["statefulset.apps/web", "1"],
    ]


@pytest.mark.parametrize("target", ["daemonset/agent", "statefulset/web"])
def test_a_rollout_has_a_history_and_is_undone(sets: Any, target: str) -> None:
    sets("annotate", target, "kubernetes.io/change-cause=the first")
    sets("set", "env", target, "MODE=new")
    sets("annotate", target, "--overwrite", "kubernetes.io/change-cause=a variable")
    sets("rollout", "status", target, "--timeout=30s")
    history = cells(sets("rollout", "history", target).stdout)
    assert history[1:4] == [["REVISION", "CHANGE-CAUSE"], ["1", "the first"], ["2", "a variable"]]
    sets("rollout", "undo", target)
    sets("rollout", "status", target, "--timeout=30s")
    numbers = [row[0] for row in cells(sets("rollout", "history", target).stdout)[2:] if row]
    assert numbers == ["2", "3"]
    env = ("-o", "jsonpath={.spec.template.spec.containers[0].env}")
    assert sets("get", target, *env).stdout == ""
    old = sets("rollout", "history", target, "--revision=2").stdout
    assert "MODE:\tnew" in old
    assert sets("rollout", "restart", target).stdout.endswith(" restarted\n")
    sets("rollout", "status", target, "--timeout=30s")


def test_a_stateful_set_is_scaled_and_a_daemon_set_is_not(sets: Any) -> None:
    assert sets("scale", "sts", "web", "--replicas=2").stdout == "statefulset.apps/web scaled\n"
    sets("wait", "sts/web", "--for=jsonpath={.status.readyReplicas}=2", "--timeout=20s")
    assert "web-1" in sets("get", "pods", "-o", "name").stdout
    refused = sets("scale", "ds", "agent", "--replicas=2", check=False)
    assert "the server could not find the requested resource" in refused.stderr


SHIPPER = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: shipper}
spec:
  selector: {matchLabels: {app: shipper}}
  template:
    metadata: {labels: {app: shipper}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers:
      - name: c
        image: busybox
        command: [sh, -c, "echo $NAME >> /host/log/names; exec sleep 600"]
        env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]
        volumeMounts: [{name: log, mountPath: /host/log}]
      volumes: [{name: log, hostPath: {path: /var/log/containers, type: Directory}}]
"""


def test_a_log_shipper_sees_the_nodes_files(kubectl: Any, namespace: str) -> None:
    kubectl("apply", "-f", "-", input=SHIPPER)
    kubectl("rollout", "status", "ds/shipper", "--timeout=20s")
    read = ("exec", "ds/shipper", "--", "cat", "/host/log/names")
    assert namespace in kubectl(*read).stdout.split()
    kubectl("rollout", "restart", "ds/shipper")
    kubectl("rollout", "status", "ds/shipper", "--timeout=20s")
    assert kubectl(*read).stdout.split().count(namespace) == 2, "the files outlive a Pod"


def test_they_are_described(sets: Any) -> None:
    agent = sets("describe", "ds", "agent").stdout
    assert "Desired Number of Nodes Scheduled: 1" in agent
    assert "Pods Status:  1 Running / 0 Waiting" in agent
    assert "daemonset-controller  Created pod: agent-" in agent
    web = sets("describe", "sts", "web").stdout
    assert "Replicas:               1 desired | 1 total" in web
    assert "create Pod web-0 in StatefulSet web successful" in web


def test_orphans_are_adopted_again(sets: Any) -> None:
    before = sets("get", "pods", "-o", "name").stdout
    sets("delete", "sts/web", "ds/agent", "--cascade=orphan")
    sets("apply", "-f", "-", input=SETS)
    for name in ("daemonset/agent", "statefulset/web"):
        sets("rollout", "status", name, "--timeout=30s")
    assert sets("get", "pods", "-o", "name").stdout == before


def test_a_cron_job_is_made_shown_and_refused(kubectl: Any) -> None:
    image = ("--image=busybox", "--schedule=*/5 * * * *")
    kubectl("create", "cronjob", "tick", *image, "--", "date")
    head, row = cells(kubectl("get", "cj", "-o", "wide").stdout)
    assert head == [
        *("NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"),
        *("CONTAINERS", "IMAGES", "SELECTOR"),
    ]
    assert row[:6] == ["tick", "*/5 * * * *", "<none>", "False", "0", "<none>"]
    assert row[7:] == ["tick", "busybox", "<none>"]
    refused = kubectl("create", "cronjob", "x", image[0], "--schedule=often", check=False)
    assert refused.stderr == (
        'error: failed to create cronjob: CronJob.batch "x" is invalid: spec.schedule: Invalid '
        'value: "often": expected exactly 5 fields, found 1: [often]\n'
    )
    assert "Concurrency Policy:            Allow" in kubectl("describe", "cj", "tick").stdout


def test_a_job_made_of_a_cron_job_is_all_that_it_says(kubectl: Any) -> None:
    kubectl("apply", "-f", "-", input=RICH)
    kubectl("create", "job", "now", "--from=cronjob/rich")
    job = json.loads(kubectl("get", "job", "now", "-o", "json").stdout)
    wanted = json.loads(kubectl("get", "cj", "rich", "-o", "json").stdout)["spec"]["jobTemplate"]
    assert job["spec"]["template"]["spec"] == wanted["spec"]["template"]["spec"]
    mentioned = yaml.safe_load(RICH)["spec"]["jobTemplate"]["spec"].keys() - {"template"}
    assert {n: job["spec"][n] for n in mentioned} == {n: wanted["spec"][n] for n in mentioned}
    metadata = job["metadata"]
    assert metadata["labels"] == {"a": "b"}
    assert metadata["annotations"] == {"c": "d", "cronjob.kubernetes.io/instantiate": "manual"}
    assert metadata["ownerReferences"][0]["kind"] == "CronJob"


BACKUP = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "@hourly"
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: backup
          restartPolicy: Never
          containers:
          - {name: c, image: amazon/aws-cli, args: [sts, get-caller-identity]}
"""


def test_a_cron_jobs_pod_has_its_service_accounts_role(
    world: SandboxWorld, namespace: str, kubectl: Any
) -> None:
    oidc.ensure_provider(world)
    role = f"{namespace}-backup"
    trust = build_trust_policy(oidc.provider_arn(world), namespace, "backup")
    roles.ensure_role(world, role, trust)
    arn = roles.role_arn(world, role)
    ensure_service_account(world, "backup", namespace=namespace, role_arn=arn)
    kubectl("apply", "-f", "-", input=BACKUP)
    world.advance_clock(3600)
    end = time.monotonic() + 20
    while not (job := kubectl("get", "jobs", "-o", "name").stdout.strip()):
        assert time.monotonic() < end, "no Job was started"
        time.sleep(0.1)
    kubectl("wait", job, "--for=condition=Complete", "--timeout=30s")
    pod = kubectl("get", "pods", "-o", "name").stdout.strip()
    assert f":assumed-role/{role}/" in kubectl("logs", pod).stdout
    assert "AWS_ROLE_ARN" in kubectl("get", pod, "-o", "yaml").stdout
    roles.ensure_no_role(world, role)
