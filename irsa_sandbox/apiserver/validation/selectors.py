"""LabelSelectors in objects.

Source: apimachinery, pkg/apis/meta/v1/validation.
"""

from __future__ import annotations

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import forbidden, invalid, invalid_each, required
from irsa_sandbox.apiserver.validation.metadata import label_causes


def selector_causes(path: str, selector: Object) -> list[Cause]:
    """What is wrong with a LabelSelector."""
    causes = label_causes(f"{path}.matchLabels", selector.get("matchLabels") or {})
    for index, requirement in enumerate(selector.get("matchExpressions") or ()):
        place, operator = f"{path}.matchExpressions[{index}]", requirement.get("operator", "")
        values, key = requirement.get("values") or [], requirement.get("key", "")
        if operator in {"In", "NotIn"}:
            if not values:
                text = "must be specified when `operator` is 'In' or 'NotIn'"
                causes.append(required(f"{place}.values", text))
        elif operator in {"Exists", "DoesNotExist"}:
            if values:
                text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                causes.append(forbidden(f"{place}.values", text))
        else:
            causes.append(invalid(f"{place}.operator", operator, "not a valid selector operator"))
        causes += invalid_each(f"{place}.key", key, formats.qualified_name(key))
        for at, value in enumerate(values):
            causes += invalid_each(f"{place}.values[{at}]", value, formats.label_value(value))
    return causes
