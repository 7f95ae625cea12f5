"""One permission that a call needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Need:
    """An action on a resource; `shown` is how the service names the resource when it refuses.

    An empty `shown` means that the refusal names no resource.
    """

    action: str
    resource: str
    shown: str = ""
    context: Mapping[str, str | list[str]] = field(default_factory=dict)
    bucket: str = ""
    secret_arn: str = ""
