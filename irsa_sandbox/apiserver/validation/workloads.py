"""What the kinds that keep Pods running have in common.

Source: kubernetes, pkg/apis/apps/validation.
"""

from __future__ import annotations

import re
from typing import Any

from irsa_helpers.policy.selectors import selects
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import forbidden, invalid, unsupported
from irsa_sandbox.apiserver.validation.pods import template_causes
from irsa_sandbox.values.numbers import whole_number

PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
    "'93%', regex used for validation is '[0-9]+%')"
)
TEMPLATE = "spec.template"


def is_empty(selector: Object | None) -> bool:
    """Whether it is a selector that names nothing."""
    return selector is not None and not (
        selector.get("matchLabels") or selector.get("matchExpressions")
    )


def empty_causes(selector: Object | None, kind: str) -> list[Cause]:
    """The selector must name something."""
    text = f"empty selector is invalid for {kind}"
    return [invalid("spec.selector", selector, text)] if is_empty(selector) else []


def selected_causes(spec: Object) -> list[Cause]:
    """The selector must select the template."""
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    selector = spec.get("selector")
    if selector is not None and selects(selector, labels or {}):
        return []
    text = "`selector` does not match template `labels`"
    return [invalid(f"{TEMPLATE}.metadata.labels", labels, text)]


def endless_causes(template: Object, kind: str) -> list[Cause]:
    """What is wrong with a template whose Pods are always started again, and have no end."""
    causes, spec = template_causes(TEMPLATE, template), template.get("spec") or {}
    if spec.get("restartPolicy", "Always") in {"OnFailure", "Never"}:
        place = f"{TEMPLATE}.spec.restartPolicy"
        causes.append(unsupported(place, spec["restartPolicy"], ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        text = f"activeDeadlineSeconds in {kind} is not Supported"
        causes.append(forbidden(f"{TEMPLATE}.spec.activeDeadlineSeconds", text))
    return causes


def amount_causes(path: str, amount: Any) -> list[Cause]:
    """What is wrong with a number, or a share in percent."""
    if isinstance(amount, str) and not re.fullmatch(r"[0-9]+%", amount):
        return [invalid(path, amount, PERCENT)]
    if isinstance(amount, int) and amount < 0:
        return [invalid(path, amount, "must be greater than or equal to 0")]
    return []


def number_of(amount: Any) -> int | None:
    """The number, or that of its percents; None where it is neither."""
    return whole_number(str(amount).rstrip("%"))


def is_zero(amount: Any) -> bool:
    """Whether it is none: 0, or 0%."""
    return number_of(amount) == 0
