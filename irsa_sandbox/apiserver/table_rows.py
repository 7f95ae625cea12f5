"""The cells of each kind's row in a Table.

Source: kubernetes, pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from irsa_sandbox.apiserver.ages import age, duration
from irsa_sandbox.apiserver.pod_summary import PodSummary
from irsa_sandbox.apiserver.storage import Object

Cells = Callable[[Object, datetime], list[Any]]


def pod(body: Object, now: datetime) -> list[Any]:
    """The cells of a Pod. Source: kubernetes, pkg/printers/internalversion: printPod."""
    spec, status = body["spec"], body.get("status", {})
    seen = PodSummary(body)
    restarts = str(seen.restarts)
    if seen.restarts and seen.last_restart:
        restarts += f" ({duration(seen.last_restart, now)} ago)"
    gates = spec.get("readinessGates") or ()
    passed = {c["type"] for c in status.get("conditions") or () if c["status"] == "True"}
    ready_gates = sum(each["conditionType"] in passed for each in gates)
    return [
        body["metadata"]["name"],
        f"{seen.ready}/{seen.total}",
        seen.reason,
        restarts,
        age(body, now),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        f"{ready_gates}/{len(gates)}" if gates else "<none>",
    ]


def containers(body: Object) -> list[Any]:
    """The cells of a template's containers, and of its selector."""
    containers = body["spec"]["template"]["spec"]["containers"]
    return [
        ",".join(each["name"] for each in containers),
        ",".join(each.get("image", "") for each in containers),
        selector(body["spec"].get("selector")),
    ]


def selector(found: Object | None) -> str:
    """A LabelSelector in a line. Source: apimachinery, FormatLabelSelector."""
    labels = [f"{key}={value}" for key, value in ((found or {}).get("matchLabels") or {}).items()]
    for each in (found or {}).get("matchExpressions") or ():
        listed = f"({','.join(sorted(each.get('values') or ()))})"
        key, operator = each["key"], each["operator"]
        form = {"Exists": key, "DoesNotExist": f"!{key}"}
        labels.append(form.get(operator, f"{key} {operator.lower()} {listed}"))
    return ",".join(sorted(labels)) or "<none>"


def deployment(body: Object, now: datetime) -> list[Any]:
    spec, status = body["spec"], body.get("status", {})
    return [
        body["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(body, now),
        *containers(body),
    ]


def replica_set(body: Object, now: datetime) -> list[Any]:
    status = body.get("status", {})
    return [
        body["metadata"]["name"],
        body["spec"].get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(body, now),
        *containers(body),
    ]


def daemon_set(body: Object, now: datetime) -> list[Any]:
    status, chosen = body.get("status", {}), body["spec"]["template"]["spec"].get("nodeSelector")
    counts = (
        *("desiredNumberScheduled", "currentNumberScheduled", "numberReady"),
        *("updatedNumberScheduled", "numberAvailable"),
    )
    return [
        body["metadata"]["name"],
        *(status.get(each, 0) for each in counts),
        selector({"matchLabels": chosen}),
        age(body, now),
        *containers(body),
    ]


def stateful_set(body: Object, now: datetime) -> list[Any]:
    ready = body.get("status", {}).get("readyReplicas", 0)
    return [
        body["metadata"]["name"],
        f"{ready}/{body['spec'].get('replicas', 1)}",
        age(body, now),
        *containers(body)[:2],
    ]


def controller_revision(body: Object, now: datetime) -> list[Any]:
    owners = body["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    name = "<none>"
    if owner:
        group = owner["apiVersion"].rpartition("/")[0]
        name = f"{owner['kind'].lower()}.{group}/{owner['name']}"
    return [body["metadata"]["name"], name, body["revision"], age(body, now)]


def cron_job(body: Object, now: datetime) -> list[Any]:
    spec, status = body["spec"], body.get("status", {})
    last = status.get("lastScheduleTime")
    return [
        body["metadata"]["name"],
        spec["schedule"],
        spec.get("timeZone") or "<none>",
        str(spec.get("suspend", "<unset>")),
        len(status.get("active") or ()),
        duration(last, now) if last else "<none>",
        age(body, now),
        *containers(spec["jobTemplate"]),
    ]


_ACCESS = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def claim(body: Object, now: datetime) -> list[Any]:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    ending = body["metadata"].get("deletionTimestamp")
    volume = spec.get("volumeName", "")
    given = status if volume else {}
    return [
        body["metadata"]["name"],
        "Terminating" if ending else status.get("phase", ""),
        volume,
        (given.get("capacity") or {}).get("storage", ""),
        ",".join(_ACCESS[each] for each in given.get("accessModes") or ()),
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        age(body, now),
        spec.get("volumeMode") or "<unset>",
    ]


def event(body: Object, now: datetime) -> list[Any]:
    involved, source = body.get("involvedObject") or {}, body.get("source") or {}
    first = body.get("firstTimestamp") or body.get("eventTime")
    last = body.get("lastTimestamp") or first
    component = source.get("component") or body.get("reportingComponent")
    return [
        duration(last, now),
        body.get("type", ""),
        body.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        ", ".join(filter(None, (component, source.get("host")))),
        body.get("message", "").strip(),
        duration(first, now),
        body.get("count", 0),
        body["metadata"]["name"],
    ]


def job(body: Object, now: datetime) -> list[Any]:
    spec, status = body["spec"], body.get("status", {})
    true = [c["type"] for c in status.get("conditions") or () if c.get("status") == "True"]
    order = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
    state = next((name for name in order if name in true), "Running")
    if body["metadata"].get("deletionTimestamp"):
        state = "Terminating"
    finished = status.get("completionTime")
    until = datetime.fromisoformat(finished) if finished else now
    return [
        body["metadata"]["name"],
        state,
        f"{status.get('succeeded', 0)}/{_completions(spec)}",
        duration(status.get("startTime"), until) if status.get("startTime") else "",
        age(body, now),
        *containers(body),
    ]


def _completions(spec: Object) -> str:
    wanted, parallel = spec.get("completions"), spec.get("parallelism") or 0
    if wanted is not None:
        return str(wanted)
    return f"1 of {parallel}" if parallel > 1 else "1"


def service(body: Object, now: datetime) -> list[Any]:
    spec = body.get("spec") or {}
    pairs = (spec.get("selector") or {}).items()
    return [
        body["metadata"]["name"],
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or "<none>",
        _external(body),
        ",".join(_port(each) for each in spec.get("ports") or ()) or "<none>",
        age(body, now),
        ",".join(f"{key}={value}" for key, value in sorted(pairs)) or "<none>",
    ]


def _port(port: Object) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


def _external(body: Object) -> str:
    """The addresses of a Service from outside; a load balancer is waited for."""
    spec = body.get("spec") or {}
    found = list(spec.get("externalIPs") or ())
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName") or "<none>")
    if spec.get("type") == "LoadBalancer":
        ingress = ((body.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        found = [each.get("ip") or each.get("hostname") for each in ingress] + found
        return ",".join(found) or "<pending>"
    return ",".join(found) or "<none>"


def role(body: Object, _now: datetime) -> list[Any]:
    return [body["metadata"]["name"], body["metadata"].get("creationTimestamp")]


def role_of(body: Object) -> str:
    return f"{body['roleRef']['kind']}/{body['roleRef']['name']}"


def subjects(body: Object) -> list[str]:
    """The users, the groups and the ServiceAccounts of a binding."""
    found: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for each in body.get("subjects") or ():
        account = each["kind"] == "ServiceAccount"
        name = f"{each.get('namespace', '')}/{each['name']}" if account else each["name"]
        found.get(each["kind"], []).append(name)
    return [", ".join(names) for names in found.values()]


def binding(body: Object, now: datetime) -> list[Any]:
    return [body["metadata"]["name"], role_of(body), age(body, now), *subjects(body)]


def roles(node: Object) -> str:
    """The roles that a Node's labels name."""
    prefix, found = "node-role.kubernetes.io/", set()
    for key, value in (node["metadata"].get("labels") or {}).items():
        if key.startswith(prefix) and key != prefix:
            found.add(key.removeprefix(prefix))
        elif key == "kubernetes.io/role" and value:
            found.add(value)
    return ",".join(sorted(found)) or "<none>"


def node(body: Object, now: datetime) -> list[Any]:
    status = body.get("status", {})
    conditions = status.get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    state = "Ready" if ready else ("NotReady" if conditions else "Unknown")
    if body.get("spec", {}).get("unschedulable"):
        state += ",SchedulingDisabled"
    info = status.get("nodeInfo", {})
    addresses = {each["type"]: each["address"] for each in status.get("addresses", ())}
    return [
        body["metadata"]["name"],
        state,
        roles(body),
        age(body, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def named(*middle: Callable[[Object], Any]) -> Cells:
    """A row of name, some values, and age."""
    return lambda body, now: [
        body["metadata"]["name"],
        *(each(body) for each in middle),
        age(body, now),
    ]
