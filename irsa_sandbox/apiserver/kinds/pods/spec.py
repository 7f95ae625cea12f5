"""What the API server fills in of a Pod's spec, in a Pod and in the template of one.

Source: kubernetes, pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.kinds.kind import fill
from irsa_sandbox.apiserver.store.storage import Object

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def fill_template(spec: Object) -> None:
    """Fill in the template of a workload's spec, in place."""
    template = spec["template"] = spec.get("template") or {}
    fill(template, metadata={})
    template["spec"] = template.get("spec") or {}
    fill_spec(template["spec"])


def all_containers(spec: Object) -> list[Object]:
    """The init containers and the others."""
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def fill_spec(spec: Object) -> None:
    """Fill in what a Pod's spec does not say, in place."""
    fill(spec, restartPolicy="Always", terminationGracePeriodSeconds=30, dnsPolicy="ClusterFirst")
    fill(spec, securityContext={}, schedulerName="default-scheduler")
    # The older name of the same field is kept equal.
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in all_containers(spec):
        _container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        _volume(volume)


def _volume(volume: Object) -> None:
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}
    for kind in ("projected", "configMap", "secret", "downwardAPI"):
        if isinstance(volume.get(kind), dict):
            _files(volume[kind])
    if isinstance(volume.get("hostPath"), dict):
        fill(volume["hostPath"], type="")


def _files(source: Object) -> None:
    fill(source, defaultMode=420)
    for item in source.get("items") or ():
        _reference(item)
    for projection in source.get("sources") or ():
        if isinstance(token := projection.get("serviceAccountToken"), dict):
            fill(token, expirationSeconds=3600)
        for item in (projection.get("downwardAPI") or {}).get("items") or ():
            _reference(item)


def _reference(item: Object) -> None:
    if isinstance(item.get("fieldRef"), dict):
        fill(item["fieldRef"], apiVersion="v1")


def _container(container: Object, *, host_network: bool) -> None:
    fill(container, resources={}, terminationMessagePath="/dev/termination-log")
    fill(container, terminationMessagePolicy="File")
    fill(container, imagePullPolicy=_pull_policy(container.get("image", "")))
    for port in container.get("ports") or ():
        fill(port, protocol="TCP")
        if host_network:
            fill(port, hostPort=port.get("containerPort", 0))
    for variable in container.get("env") or ():
        _reference(variable.get("valueFrom") or {})
    for probe in (container[name] for name in _PROBES if isinstance(container.get(name), dict)):
        fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
        _handler(probe)
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _handler(hook)


def _handler(handler: Object) -> None:
    if isinstance(handler.get("httpGet"), dict):
        fill(handler["httpGet"], path="/", scheme="HTTP")


def _pull_policy(image: str) -> str:
    last = image.rpartition("/")[2]
    latest = "@" not in last and (":" not in last or last.endswith(":latest"))
    return "Always" if latest else "IfNotPresent"
