"""The AWS services, each with all that is said of it in one place: a file, or a folder, of its own.

Whatever stands in this folder and has a `SERVICE` is a service of the sandbox.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from irsa_sandbox.aws.services.record import Service


@cache
def registry() -> Mapping[str, Service]:
    """The services by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    services = [module.SERVICE for module in modules if hasattr(module, "SERVICE")]
    return {service.name: service for service in services}
