"""What the API server fills in where a request says nothing.

Source: kubernetes, pkg/apis/*/v1/defaults.go; the values are those a real API server fills in.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.storage import Object

# Kinds of which every object has a spec, an empty one where none is given.
WITH_SPEC = {
    *("Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob"),
    *("NetworkPolicy", "Service", "Node", "Lease", "PersistentVolumeClaim"),
}
# What a new object's status says before a controller has seen it.
FIRST_STATUS: dict[str, Object] = {
    "ReplicaSet": {"replicas": 0},
    "DaemonSet": dict.fromkeys(
        (
            *("currentNumberScheduled", "numberMisscheduled"),
            *("desiredNumberScheduled", "numberReady"),
        ),
        0,
    ),
    "StatefulSet": {"replicas": 0, "availableReplicas": 0},
    "PersistentVolumeClaim": {"phase": "Pending"},
    "Service": {"loadBalancer": {}},
}
_RBAC = "rbac.authorization.k8s.io"
_NODE_INFO = (
    *("machineID", "systemUUID", "bootID", "kernelVersion", "osImage"),
    *("containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion", "operatingSystem"),
    "architecture",
)


def apply_defaults(resource: Resource, body: Object) -> None:
    """Fill in what the API server fills in, in place."""
    if resource.kind in WITH_SPEC:
        body["spec"] = body.get("spec") or {}
    if fill := FILL.get(resource.kind):
        fill(body)


def _fill(fields: Object, **values: Any) -> None:
    for name, value in values.items():
        fields.setdefault(name, value)


def _pod(body: Object) -> None:
    _pod_spec(body["spec"])
    _fill(body["spec"], enableServiceLinks=True)
    for container in (
        *(body["spec"].get("initContainers") or ()),
        *(body["spec"].get("containers") or ()),
    ):
        _requests(container["resources"])
    body.setdefault("status", {"phase": "Pending", "qosClass": _quality(body["spec"])})


def _requests(resources: Object) -> None:
    """A limit without a request is one too. Source: API reference, ResourceRequirements."""
    for name, amount in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, amount)


def _workload(body: Object) -> None:
    template = body["spec"]["template"] = body["spec"].get("template") or {}
    _fill(template, metadata={})
    template["spec"] = template.get("spec") or {}
    _pod_spec(template["spec"])


def _replica_set(body: Object) -> None:
    _fill(body["spec"], replicas=1)
    _workload(body)


def _deployment(body: Object) -> None:
    spec = body["spec"]
    _fill(spec, replicas=1, strategy={}, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec["strategy"]
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy, rollingUpdate={})
        _fill(strategy["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    _workload(body)


def _daemon_set(body: Object) -> None:
    spec = body["spec"]
    _fill(spec, revisionHistoryLimit=10, updateStrategy={})
    strategy = spec["updateStrategy"]
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy, rollingUpdate={})
        rolling = strategy["rollingUpdate"]
        _fill(rolling, maxSurge=0, maxUnavailable=0 if rolling.get("maxSurge") else 1)
    _workload(body)


def _stateful_set(body: Object) -> None:
    spec = body["spec"]
    _fill(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    _fill(spec, updateStrategy={}, persistentVolumeClaimRetentionPolicy={})
    strategy = spec["updateStrategy"]
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy, rollingUpdate={})
        _fill(strategy["rollingUpdate"], partition=0)
    _fill(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    for claim in spec.get("volumeClaimTemplates") or ():
        claim |= {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        claim["spec"] = claim.get("spec") or {}
        claim["status"] = dict(FIRST_STATUS["PersistentVolumeClaim"])
        _claim(claim)
    _workload(body)


def _claim(body: Object) -> None:
    _fill(body["spec"], volumeMode="Filesystem")


def _cron_job(body: Object) -> None:
    spec = body["spec"]
    _fill(spec, concurrencyPolicy="Allow", suspend=False)
    _fill(spec, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    made = spec["jobTemplate"] = spec.get("jobTemplate") or {}
    _fill(made, metadata={})
    made["spec"] = made.get("spec") or {}
    _workload(made)


def _job(body: Object) -> None:
    spec = body["spec"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        _fill(spec, completions=1)
    _fill(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _fill(spec, podReplacementPolicy="TerminatingOrFailed", manualSelector=False)
    _workload(body)


def select_own_pods(job: Object, uid: str) -> None:
    """A Job that does not choose its Pods itself knows them by its uid, in place.

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


def label_namespace(body: Object) -> None:
    """A Namespace carries its name as a label too, in place."""
    labels = body["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", body["metadata"].get("name", ""))


def _namespace(body: Object) -> None:
    label_namespace(body)
    body["spec"] = {"finalizers": ["kubernetes"]}
    body["status"] = {"phase": "Active"}


def _secret(body: Object) -> None:
    _fill(body, type="Opaque")
    # What is written as text is kept as the rest is.
    for key, text in (body.pop("stringData", None) or {}).items():
        body.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _service(body: Object) -> None:
    spec = body["spec"]
    _fill(spec, sessionAffinity="None", type="ClusterIP")
    if spec["type"] != "ExternalName":
        _fill(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        _fill(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _fill(spec, allocateLoadBalancerNodePorts=True)
    for port in spec.get("ports") or ():
        _fill(port, protocol="TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)


def _network_policy(body: Object) -> None:
    spec = body["spec"]
    _fill(spec, podSelector={})
    _fill(spec, policyTypes=["Ingress", "Egress"] if "egress" in spec else ["Ingress"])
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            _fill(port, protocol="TCP")


def _mutating_webhooks(body: Object) -> None:
    for webhook in body.get("webhooks") or ():
        _fill(webhook, reinvocationPolicy="Never")
    _webhooks(body)


def _webhooks(body: Object) -> None:
    for webhook in body.get("webhooks") or ():
        _fill(webhook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        _fill(webhook, namespaceSelector={}, objectSelector={})
        if service := (webhook.get("clientConfig") or {}).get("service"):
            _fill(service, port=443)
        for rule in webhook.get("rules") or ():
            _fill(rule, scope="*")


def _binding(body: Object) -> None:
    reference = body.get("roleRef") or {}
    reference["apiGroup"] = reference.get("apiGroup") or _RBAC
    body["roleRef"] = reference
    namespace = body["metadata"].get("namespace")
    for subject in body.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            _fill(subject, apiGroup=_RBAC)
        elif subject.get("kind") == "ServiceAccount" and namespace:
            _fill(subject, namespace=namespace)


def _role(body: Object) -> None:
    _fill(body, rules=None)


def _node(body: Object) -> None:
    status = body["status"] = body.get("status") or {}
    _fill(status, daemonEndpoints={"kubeletEndpoint": {"Port": 0}})
    _fill(status, nodeInfo=dict.fromkeys(_NODE_INFO, ""))


def admit_node(body: Object) -> None:
    """A Node that does not say that it is ready is kept free, in place.

    Source: Kubernetes documentation, "Taint nodes by condition".
    """
    conditions = body["status"].get("conditions") or ()
    if not any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions):
        taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
        taints = body["spec"].setdefault("taints", [])
        if taint not in taints:
            taints.append(taint)


FILL: dict[str, Callable[[Object], None]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "DaemonSet": _daemon_set,
    "StatefulSet": _stateful_set,
    "PersistentVolumeClaim": _claim,
    "Job": _job,
    "CronJob": _cron_job,
    "Namespace": _namespace,
    "Node": _node,
    "Secret": _secret,
    "Service": _service,
    "NetworkPolicy": _network_policy,
    "MutatingWebhookConfiguration": _mutating_webhooks,
    "ValidatingWebhookConfiguration": _webhooks,
    "Role": _role,
    "ClusterRole": _role,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
}


def _pod_spec(spec: Object) -> None:
    _fill(spec, restartPolicy="Always", terminationGracePeriodSeconds=30, dnsPolicy="ClusterFirst")
    _fill(spec, securityContext={}, schedulerName="default-scheduler")
    # The older name of the same field is kept equal.
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        _container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        if set(volume) == {"name"}:
            volume["emptyDir"] = {}
        for kind in ("projected", "configMap", "secret", "downwardAPI"):
            if isinstance(volume.get(kind), dict):
                _volume(volume[kind])
        if isinstance(volume.get("hostPath"), dict):
            _fill(volume["hostPath"], type="")


def _volume(source: Object) -> None:
    _fill(source, defaultMode=420)
    for item in source.get("items") or ():
        if isinstance(item.get("fieldRef"), dict):
            _fill(item["fieldRef"], apiVersion="v1")
    for each in source.get("sources") or ():
        if isinstance(token := each.get("serviceAccountToken"), dict):
            _fill(token, expirationSeconds=3600)
        for item in (each.get("downwardAPI") or {}).get("items") or ():
            if isinstance(item.get("fieldRef"), dict):
                _fill(item["fieldRef"], apiVersion="v1")


def _container(container: Object, *, host_network: bool) -> None:
    _fill(container, resources={}, terminationMessagePath="/dev/termination-log")
    _fill(container, terminationMessagePolicy="File")
    _fill(container, imagePullPolicy=_pull_policy(container.get("image", "")))
    for port in container.get("ports") or ():
        _fill(port, protocol="TCP")
        if host_network:
            _fill(port, hostPort=port.get("containerPort", 0))
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(reference, dict):
            _fill(reference, apiVersion="v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            probe = container[name]
            _fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1)
            _fill(probe, failureThreshold=3)
            _handler(probe)
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _handler(hook)


def _handler(handler: Object) -> None:
    if isinstance(handler.get("httpGet"), dict):
        _fill(handler["httpGet"], path="/", scheme="HTTP")


def _pull_policy(image: str) -> str:
    last = image.rpartition("/")[2]
    latest = "@" not in last and (":" not in last or last.endswith(":latest"))
    return "Always" if latest else "IfNotPresent"


def admit_pod(spec: Object) -> None:
    """What admission adds to a Pod for priorities and taints, in place.

    Source: Kubernetes documentation, "Pod Priority and Preemption", "Taints and Tolerations".
    """
    _fill(spec, preemptionPolicy="PreemptLowerPriority", priority=0, tolerations=[])
    tolerations = spec["tolerations"]
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(each.get("key") in {None, key} for each in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def _quality(spec: Object) -> str:
    """Source: Kubernetes documentation, "Pod Quality of Service Classes"."""
    each = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(one.get("requests") or one.get("limits") for one in each):
        return "BestEffort"
    full = all({"cpu", "memory"} <= (one.get("limits") or {}).keys() for one in each)
    equal = all(one.get("requests", one.get("limits")) == one.get("limits") for one in each)
    return "Guaranteed" if full and equal else "Burstable"
