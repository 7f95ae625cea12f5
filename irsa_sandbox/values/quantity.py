"""Amounts as Kubernetes writes them: `500m` of a processor, `64Mi` of memory.

Source: apimachinery, pkg/api/resource.Quantity.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([KMGTPE]i|[numkMGTPE]))?")
_DECIMAL = {name: Decimal(1000) ** power for power, name in enumerate("num", -3)}
_DECIMAL |= {name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", 1)}
_BINARY = {f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", 1)}
_UNITS = _DECIMAL | _BINARY


def amount(text: str | float) -> Decimal:
    """The number that a quantity stands for. Raises ValueError for what is none."""
    matched = _FORM.fullmatch(str(text))
    if matched is None:
        raise ValueError(f"quantities must match the regular expression of a number: {text!r}")
    return Decimal(matched[1] + (matched[2] or "")) * _UNITS.get(matched[3], Decimal(1))


def in_units(text: str | float, divisor: str | float) -> int:
    """How many of the divisor a quantity is, rounded up."""
    return math.ceil(amount(text) / (amount(divisor) or 1))
