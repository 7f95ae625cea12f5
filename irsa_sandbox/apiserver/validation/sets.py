"""DaemonSets, StatefulSets and the ControllerRevisions that keep their templates.

Source: kubernetes, pkg/apis/apps/validation.
"""

from __future__ import annotations

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiserver import formats
from irsa_sandbox.apiserver.status import Cause
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    at_least_zero,
    forbidden,
    invalid,
    invalid_each,
    required,
    unsupported,
)
from irsa_sandbox.apiserver.validation.claims import claim_spec
from irsa_sandbox.apiserver.validation.pods import template_causes
from irsa_sandbox.apiserver.validation.selectors import selector_causes
from irsa_sandbox.apiserver.validation.workloads import amount_causes, is_zero

_TEMPLATE, _STRATEGY = "spec.template", "spec.updateStrategy"
_UNMATCHED = "`selector` does not match template `labels`"
_STRATEGIES = ("RollingUpdate", "OnDelete")
_STRATEGY_WORDS = "must be 'RollingUpdate' or 'OnDelete'"


def daemon_set(body: Object) -> list[Cause]:
    """What is wrong with a DaemonSet."""
    spec = body.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    found = selector_causes("spec.selector", selector or {})
    if selector is None or (not found and not selects(selector, labels or {})):
        found.append(invalid(f"{_TEMPLATE}.metadata.labels", labels, _UNMATCHED))
    found += _not_empty(selector, "daemonset")
    found += template_causes(_TEMPLATE, template) + _for_ever(template, "DaemonSet")
    found += at_least_zero("spec", spec, "minReadySeconds")
    found += _daemon_strategy(spec.get("updateStrategy") or {})
    return found + at_least_zero("spec", spec, "revisionHistoryLimit")


def _daemon_strategy(strategy: Object) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [unsupported(_STRATEGY, strategy, _STRATEGIES)]
    path, rolling = f"{_STRATEGY}.rollingUpdate", rolling or {}
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    found = amount_causes(f"{path}.maxUnavailable", unavailable)
    found += amount_causes(f"{path}.maxSurge", surge)
    if is_zero(unavailable) and is_zero(surge):
        found.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    elif not is_zero(unavailable) and not is_zero(surge):
        text = "may not be set when maxUnavailable is non-zero"
        found.append(invalid(f"{path}.maxSurge", surge, text))
    return found


def stateful_set(body: Object) -> list[Cause]:
    """What is wrong with a StatefulSet."""
    spec = body.get("spec") or {}
    found: list[Cause] = []
    policy = spec.get("podManagementPolicy")
    if policy not in {"OrderedReady", "Parallel"}:
        text = "must be 'OrderedReady' or 'Parallel'"
        found.append(invalid("spec.podManagementPolicy", policy, text))
    found += _stateful_strategy(spec.get("updateStrategy") or {}) + _retention(spec)
    found += at_least_zero("spec", spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    found += at_least_zero("spec.ordinals", spec.get("ordinals") or {}, "start")
    selector, template = spec.get("selector"), spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    wrong = selector_causes("spec.selector", selector or {})
    found += [required("spec.selector")] if selector is None else wrong
    found += _not_empty(selector, "statefulset")
    if selector and not wrong and not selects(selector, labels or {}):
        found.append(invalid(f"{_TEMPLATE}.metadata.labels", labels, _UNMATCHED))
    claims = spec.get("volumeClaimTemplates") or []
    found += template_causes(_TEMPLATE, _with_claims(template, claims))
    found += _for_ever(template, "StatefulSet")
    return found + _claims(claims)


def _stateful_strategy(strategy: Object) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete" and rolling is not None:
        text = "only allowed for updateStrategy 'RollingUpdate'"
        return [invalid(f"{_STRATEGY}.rollingUpdate", rolling, text)]
    if kind not in _STRATEGIES:
        return [invalid(_STRATEGY, strategy, _STRATEGY_WORDS)]
    path = f"{_STRATEGY}.rollingUpdate"
    found = at_least_zero(path, rolling or {}, "partition")
    unavailable = (rolling or {}).get("maxUnavailable")
    if unavailable is not None:
        found += amount_causes(f"{path}.maxUnavailable", unavailable)
        if is_zero(unavailable):
            found.append(invalid(f"{path}.maxUnavailable", unavailable, "cannot be 0"))
    return found


def _retention(spec: Object) -> list[Cause]:
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    path = "spec.persistentVolumeClaimRetentionPolicy"
    return [
        unsupported(f"{path}.{name}", policy[name], ("Delete", "Retain"))
        for name in ("whenDeleted", "whenScaled")
        if policy.get(name, "Retain") not in {"Delete", "Retain"}
    ]


def _claims(claims: list[Object]) -> list[Cause]:
    found: list[Cause] = []
    for index, claim in enumerate(claims):
        place = f"spec.volumeClaimTemplates[{index}]"
        name = (claim.get("metadata") or {}).get("name", "")
        found += invalid_each(f"{place}.metadata.name", name, formats.dns_label(name))
        found += claim_spec(f"{place}.spec", claim.get("spec") or {})
    return found


def _with_claims(template: Object, claims: list[Object]) -> Object:
    """The template with a volume for each claim: containers may mount them by name."""
    spec = template.get("spec") or {}
    names = [(each.get("metadata") or {}).get("name", "") for each in claims]
    volumes = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}}
        for name in names
        if not formats.dns_label(name)
    ]
    own = [each for each in spec.get("volumes") or () if each.get("name") not in names]
    return template | {"spec": spec | {"volumes": [*own, *volumes]}}


def controller_revision(body: Object) -> list[Cause]:
    """What is wrong with a ControllerRevision."""
    found = [] if body.get("data") is not None else [required("data", "data is mandatory")]
    return found + at_least_zero("", {"revision": body.get("revision", 0)}, "revision")


def _not_empty(selector: Object | None, kind: str) -> list[Cause]:
    if selector is None or selector.get("matchLabels") or selector.get("matchExpressions"):
        return []
    return [invalid("spec.selector", selector, f"empty selector is invalid for {kind}")]


def _for_ever(template: Object, kind: str) -> list[Cause]:
    """The Pods of these kinds are always started again, and have no end."""
    spec, found = template.get("spec") or {}, []
    if spec.get("restartPolicy", "Always") in {"OnFailure", "Never"}:
        place = f"{_TEMPLATE}.spec.restartPolicy"
        found.append(unsupported(place, spec["restartPolicy"], ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        text = f"activeDeadlineSeconds in {kind} is not Supported"
        found.append(forbidden(f"{_TEMPLATE}.spec.activeDeadlineSeconds", text))
    return found
