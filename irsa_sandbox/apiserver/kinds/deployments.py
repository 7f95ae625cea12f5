"""Deployments, and the ReplicaSets that they roll over.

Source: kubernetes, pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import AGE, NAME, READY, count, field, template
from irsa_sandbox.apiserver.kinds.kind import IN_ALL, SCALE, STATUS, Kind, fill, fill_rolling
from irsa_sandbox.apiserver.kinds.pods.spec import fill_template
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    at_least_zero,
    forbidden,
    invalid,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.selectors import selector_causes
from irsa_sandbox.apiserver.validation.workloads import (
    amount_causes,
    empty_causes,
    endless_causes,
    is_zero,
    number_of,
    selected_causes,
)

_REPLICAS = ("updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
_TEMPLATE: Object = {"template": {"metadata": {}, "spec": {}}}


def _fill_deployment(body: Object) -> None:
    spec = body["spec"]
    fill(spec, replicas=1, strategy={}, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    fill_rolling(spec["strategy"], maxUnavailable="25%", maxSurge="25%")
    fill_template(spec)


def _fill_replica_set(body: Object) -> None:
    fill(body["spec"], replicas=1)
    fill_template(body["spec"])


def _deployment_causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    causes = at_least_zero("spec", spec, "replicas") + _template_causes(spec)
    causes += _strategy_causes(spec.get("strategy") or {})
    causes += at_least_zero("spec", spec, "minReadySeconds", "revisionHistoryLimit")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        causes += at_least_zero("spec", spec, "progressDeadlineSeconds")
        if deadline <= spec.get("minReadySeconds", 0):
            text = "must be greater than minReadySeconds"
            causes.append(invalid("spec.progressDeadlineSeconds", deadline, text))
    return causes


def _replica_set_causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    return at_least_zero("spec", spec, "replicas", "minReadySeconds") + _template_causes(spec)


def _template_causes(spec: Object) -> list[Cause]:
    """The selector, and the template that it must select."""
    selector = spec.get("selector")
    if selector is None:
        causes = [required("spec.selector"), *selected_causes(spec)]
    else:
        wrong = selector_causes("spec.selector", selector)
        empty = empty_causes(selector, "deployment")
        causes = [*wrong, *empty] or selected_causes(spec)
    return causes + endless_causes(spec.get("template") or {}, "ReplicaSet")


def _strategy_causes(strategy: Object) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden("spec.strategy.rollingUpdate", text)] if rolling is not None else []
    if kind == "RollingUpdate":
        return _rolling_causes("spec.strategy.rollingUpdate", rolling or {})
    given = {"Type": kind, "RollingUpdate": rolling}
    return [unsupported("spec.strategy", given, ("Recreate", "RollingUpdate"))] if kind else []


def _rolling_causes(path: str, rolling: Object) -> list[Cause]:
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    causes = amount_causes(f"{path}.maxUnavailable", unavailable)
    causes += amount_causes(f"{path}.maxSurge", surge)
    if is_zero(unavailable) and is_zero(surge):
        text = "may not be 0 when `maxSurge` is 0"
        causes.append(invalid(f"{path}.maxUnavailable", unavailable, text))
    if isinstance(unavailable, str) and (number_of(unavailable) or 0) > 100:
        text = "must not be greater than 100%"
        causes.append(invalid(f"{path}.maxUnavailable", unavailable, text))
    return causes


DEPLOYMENT = Kind(
    *("apps", "v1", "deployments", "Deployment"),
    short_names=("deploy",),
    categories=IN_ALL,
    subresources=(STATUS, SCALE),
    columns=(
        NAME,
        READY,
        field("Up-to-date", "apps.v1.DeploymentStatus.updatedReplicas", 0),
        field("Available", "apps.v1.DeploymentStatus.availableReplicas", 0),
        AGE,
        *template("apps.v1.DeploymentSpec"),
    ),
    has_spec=True,
    counts_generation=True,
    first_status=lambda _: {},
    defaults=_fill_deployment,
    validate=_deployment_causes,
    immutable=("spec.selector",),
    zeroes={
        "DeploymentSpec": ("minReadySeconds", "paused"),
        "DeploymentStatus": ("replicas", "observedGeneration", *_REPLICAS),
    },
    skeleton={"spec": {**_TEMPLATE, "strategy": {}}},
)
REPLICA_SET = Kind(
    *("apps", "v1", "replicasets", "ReplicaSet"),
    short_names=("rs",),
    categories=IN_ALL,
    subresources=(STATUS, SCALE),
    columns=(
        NAME,
        count("Desired", "apps.v1.ReplicaSetSpec.replicas", 1),
        count("Current", "apps.v1.ReplicaSetStatus.replicas"),
        count("Ready", "apps.v1.ReplicaSetStatus.readyReplicas"),
        AGE,
        *template("apps.v1.ReplicaSetSpec"),
    ),
    has_spec=True,
    counts_generation=True,
    first_status=lambda _: {"replicas": 0},
    defaults=_fill_replica_set,
    validate=_replica_set_causes,
    immutable=("spec.selector",),
    zeroes={
        "ReplicaSetSpec": ("minReadySeconds",),
        "ReplicaSetStatus": ("fullyLabeledReplicas", "observedGeneration", *_REPLICAS),
    },
    skeleton={"spec": _TEMPLATE},
)
