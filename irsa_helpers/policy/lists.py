"""What a policy may write as one thing or as a list: statements, actions, principals, values.

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def listed(value: Any) -> list[Any]:
    """The values of an element, whether one stands there or a list of them."""
    return list(value) if isinstance(value, list | tuple) else [value]


def statements(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy; none where it has no Statement."""
    return listed(policy.get("Statement", []))
