"""DaemonSets.

Source: kubernetes, pkg/registry/apps/daemonset, pkg/apis/apps/validation.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.kinds.columns import (
    AGE,
    NAME,
    Column,
    Row,
    count,
    selector_line,
    template,
)
from irsa_sandbox.apiserver.kinds.kind import IN_ALL, STATUS, Kind, fill, fill_rolling
from irsa_sandbox.apiserver.kinds.pods.spec import fill_template
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import at_least_zero, invalid, required, unsupported
from irsa_sandbox.apiserver.validation.selectors import selector_causes
from irsa_sandbox.apiserver.validation.workloads import (
    amount_causes,
    empty_causes,
    endless_causes,
    is_zero,
    selected_causes,
)

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_STRATEGY, _STATUS = "spec.updateStrategy", "apps.v1.DaemonSetStatus"
_FIRST_COUNTS = (
    *("currentNumberScheduled", "numberMisscheduled"),
    *("desiredNumberScheduled", "numberReady"),
)


def _fill(body: Object) -> None:
    spec = body["spec"]
    fill(spec, revisionHistoryLimit=10, updateStrategy={})
    surges = (spec["updateStrategy"].get("rollingUpdate") or {}).get("maxSurge")
    fill_rolling(spec["updateStrategy"], maxSurge=0, maxUnavailable=0 if surges else 1)
    fill_template(spec)


def _count_template(before: Object, after: Object) -> None:
    """An annotation says how often the template has changed.

    Source: kubernetes, pkg/apis/apps/v1/conversion.go.
    """
    known = (before["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "0")
    changed = before["spec"].get("template") != after["spec"].get("template")
    _annotate(after, int(known) + changed)


def _annotate(body: Object, generation: int) -> None:
    annotations = body["metadata"].get("annotations") or {}
    body["metadata"]["annotations"] = annotations | {TEMPLATE_GENERATION: str(generation)}


def _causes(body: Object) -> list[Cause]:
    spec = body.get("spec") or {}
    selector = spec.get("selector")
    causes = selector_causes("spec.selector", selector or {}) or selected_causes(spec)
    causes += empty_causes(selector, "daemonset")
    causes += endless_causes(spec.get("template") or {}, "DaemonSet")
    causes += at_least_zero("spec", spec, "minReadySeconds")
    causes += _strategy_causes(spec.get("updateStrategy") or {})
    return causes + at_least_zero("spec", spec, "revisionHistoryLimit")


def _strategy_causes(strategy: Object) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [unsupported(_STRATEGY, strategy, ("RollingUpdate", "OnDelete"))]
    path, rolling = f"{_STRATEGY}.rollingUpdate", rolling or {}
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    causes = amount_causes(f"{path}.maxUnavailable", unavailable)
    causes += amount_causes(f"{path}.maxSurge", surge)
    if is_zero(unavailable) and is_zero(surge):
        causes.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    elif not is_zero(unavailable) and not is_zero(surge):
        text = "may not be set when maxUnavailable is non-zero"
        causes.append(invalid(f"{path}.maxSurge", surge, text))
    return causes


def _node_selector(row: Row) -> str:
    chosen = row.spec["template"]["spec"].get("nodeSelector")
    return selector_line({"matchLabels": chosen})


DAEMON_SET = Kind(
    *("apps", "v1", "daemonsets", "DaemonSet"),
    short_names=("ds",),
    categories=IN_ALL,
    subresources=(STATUS,),
    columns=(
        NAME,
        count("Desired", f"{_STATUS}.desiredNumberScheduled"),
        count("Current", f"{_STATUS}.currentNumberScheduled"),
        count("Ready", f"{_STATUS}.numberReady"),
        count("Up-to-date", f"{_STATUS}.updatedNumberScheduled"),
        count("Available", f"{_STATUS}.numberAvailable"),
        Column("Node Selector", "@api.core.v1.PodSpec.nodeSelector", _node_selector),
        AGE,
        *template("apps.v1.DaemonSetSpec"),
    ),
    has_spec=True,
    counts_generation=True,
    first_status=lambda _: dict.fromkeys(_FIRST_COUNTS, 0),
    defaults=_fill,
    on_create=lambda body, _uid: _annotate(body, 1),
    on_update=_count_template,
    validate=_causes,
    immutable=("spec.selector",),
    zeroes={
        "DaemonSetSpec": ("minReadySeconds",),
        "DaemonSetStatus": (
            *("observedGeneration", "updatedNumberScheduled"),
            *("numberAvailable", "numberUnavailable"),
        ),
    },
)
