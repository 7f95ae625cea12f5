"""Deployments, ReplicaSets and Jobs.

Source: kubernetes, pkg/apis/apps/validation, pkg/apis/batch/validation.
"""

from __future__ import annotations

import re
from typing import Any

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    at_least_zero,
    forbidden,
    invalid,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.pods import template_causes
from irsa_sandbox.apiserver.validation.selectors import selector_causes
from irsa_sandbox.numbers import whole_number

PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
    "'93%', regex used for validation is '[0-9]+%')"
)
_TEMPLATE = "spec.template"


def deployment(body: Object) -> list[Cause]:
    """What is wrong with a Deployment."""
    spec = body.get("spec") or {}
    found = at_least_zero("spec", spec, "replicas") + _selected_template(spec)
    found += _strategy(spec.get("strategy") or {})
    found += at_least_zero("spec", spec, "minReadySeconds", "revisionHistoryLimit")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        found += at_least_zero("spec", spec, "progressDeadlineSeconds")
        if deadline <= spec.get("minReadySeconds", 0):
            text = "must be greater than minReadySeconds"
            found.append(invalid("spec.progressDeadlineSeconds", deadline, text))
    return found


def replica_set(body: Object) -> list[Cause]:
    """What is wrong with a ReplicaSet."""
    spec = body.get("spec") or {}
    return at_least_zero("spec", spec, "replicas", "minReadySeconds") + _selected_template(spec)


def _selected_template(spec: Object) -> list[Cause]:
    """The selector, and the template that it must select."""
    selector, template = spec.get("selector"), spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    found: list[Cause] = []
    empty = selector is not None and not (
        selector.get("matchLabels") or selector.get("matchExpressions")
    )
    if selector is None:
        found.append(required("spec.selector"))
    else:
        found += selector_causes("spec.selector", selector)
        if empty:
            text = "empty selector is invalid for deployment"
            found.append(invalid("spec.selector", selector, text))
    if not empty and (selector is None or (not found and not selects(selector, labels or {}))):
        text = "`selector` does not match template `labels`"
        found.append(invalid(f"{_TEMPLATE}.metadata.labels", labels, text))
    found += template_causes(_TEMPLATE, template)
    pod = template.get("spec") or {}
    if pod.get("restartPolicy", "Always") in {"OnFailure", "Never"}:
        place = f"{_TEMPLATE}.spec.restartPolicy"
        found.append(unsupported(place, pod["restartPolicy"], ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        text = "activeDeadlineSeconds in ReplicaSet is not Supported"
        found.append(forbidden(f"{_TEMPLATE}.spec.activeDeadlineSeconds", text))
    return found


def _strategy(strategy: Object) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        text = "may not be specified when strategy `type` is 'Recreate'"
        return [forbidden("spec.strategy.rollingUpdate", text)] if rolling is not None else []
    if kind == "RollingUpdate":
        return _rolling("spec.strategy.rollingUpdate", rolling or {})
    given = {"Type": kind, "RollingUpdate": rolling}
    return [unsupported("spec.strategy", given, ("Recreate", "RollingUpdate"))] if kind else []


def _rolling(path: str, rolling: Object) -> list[Cause]:
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    found = amount_causes(f"{path}.maxUnavailable", unavailable) + amount_causes(
        f"{path}.maxSurge", surge
    )
    if _number(unavailable) == 0 and _number(surge) == 0:
        text = "may not be 0 when `maxSurge` is 0"
        found.append(invalid(f"{path}.maxUnavailable", unavailable, text))
    if isinstance(unavailable, str) and (_number(unavailable) or 0) > 100:
        text = "must not be greater than 100%"
        found.append(invalid(f"{path}.maxUnavailable", unavailable, text))
    return found


def amount_causes(path: str, amount: Any) -> list[Cause]:
    """What is wrong with a number, or a share in percent."""
    if isinstance(amount, str) and not re.fullmatch(r"[0-9]+%", amount):
        return [invalid(path, amount, PERCENT)]
    if isinstance(amount, int) and amount < 0:
        return [invalid(path, amount, "must be greater than or equal to 0")]
    return []


def _number(amount: Any) -> int | None:
    text = str(amount).rstrip("%")
    return whole_number(text)


def is_zero(amount: Any) -> bool:
    """Whether it is none: 0, or 0%."""
    return _number(amount) == 0


def job(body: Object) -> list[Cause]:
    """What is wrong with a Job."""
    return job_spec("spec", body.get("spec") or {})


def job_spec(path: str, spec: Object) -> list[Cause]:
    """What is wrong with the spec of a Job, which may stand in a CronJob."""
    found = at_least_zero(
        path,
        spec,
        *("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit"),
        "ttlSecondsAfterFinished",
    )
    modes = ("NonIndexed", "Indexed")
    if spec.get("completionMode", modes[0]) not in modes:
        found.append(unsupported(f"{path}.completionMode", spec["completionMode"], modes))
    template = spec.get("template") or {}
    found += template_causes(f"{path}.template", template)
    policy = (template.get("spec") or {}).get("restartPolicy", "Always")
    place = f"{path}.template.spec.restartPolicy"
    if policy == "Always":
        found.append(required(place, 'valid values: "OnFailure", "Never"'))
    return found
