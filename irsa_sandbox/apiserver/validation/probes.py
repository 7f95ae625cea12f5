"""Probes and lifecycle hooks of a container.

Source: kubernetes, pkg/apis/core/validation: validateProbe, validateHandler.
"""

from __future__ import annotations

from typing import Any

from irsa_sandbox.apiserver.ground import formats
from irsa_sandbox.apiserver.ground.status import Cause
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.validation.causes import (
    at_least_zero,
    forbidden,
    invalid,
    invalid_each,
    required,
    unsupported,
)

_NUMBERS = (
    *("initialDelaySeconds", "timeoutSeconds", "periodSeconds"),
    *("successThreshold", "failureThreshold"),
)
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def probe_causes(path: str, probe: Object, name: str) -> list[Cause]:
    """What is wrong with a probe; `name` is its field."""
    causes = _handler_causes(path, probe) + at_least_zero(path, probe, *_NUMBERS)
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        causes.append(
            invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")
        )
    threshold = probe.get("successThreshold", 1)
    if name == "readinessProbe" and grace is not None:
        text = "must not be set for readinessProbes"
        causes.append(invalid(f"{path}.terminationGracePeriodSeconds", grace, text))
    elif name != "readinessProbe" and threshold != 1:
        causes.append(invalid(f"{path}.successThreshold", threshold, "must be 1"))
    return causes


def lifecycle_causes(path: str, lifecycle: Object) -> list[Cause]:
    """What is wrong with the hooks of a container."""
    return [
        cause
        for name in ("postStart", "preStop")
        if lifecycle.get(name) is not None
        for cause in _handler_causes(f"{path}.{name}", lifecycle[name])
    ]


def _handler_causes(path: str, handler: Object) -> list[Cause]:
    causes: list[Cause] = []
    given = [name for name in _HANDLERS if handler.get(name) is not None]
    if not given:
        return [required(path, "must specify a handler type")]
    first, *others = given
    action, place = handler[first], f"{path}.{first}"
    if first == "exec" and not action.get("command"):
        causes.append(required(f"{place}.command"))
    elif first == "httpGet":
        causes += _http_causes(place, action)
    elif first in {"tcpSocket", "grpc"}:
        causes += port_or_name(f"{place}.port", action.get("port", 0))
    text = "may not specify more than 1 handler type"
    return causes + [forbidden(f"{path}.{name}", text) for name in others]


def _http_causes(path: str, action: Object) -> list[Cause]:
    causes = [] if action.get("path") else [required(f"{path}.path")]
    causes += port_or_name(f"{path}.port", action.get("port", 0))
    if action.get("scheme") not in {"HTTP", "HTTPS"}:
        causes.append(unsupported(f"{path}.scheme", action.get("scheme"), ("HTTP", "HTTPS")))
    return causes


def port_or_name(path: str, port: Any) -> list[Cause]:
    """What is wrong with a port that is given by number or by name."""
    faults = formats.port_name(port) if isinstance(port, str) else formats.port_number(port)
    return invalid_each(path, port, faults)
