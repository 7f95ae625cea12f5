"""moto made to live in the sandbox: on its clock, its random numbers repeatable, its rules off."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

from irsa_helpers.ground import descriptions
from irsa_sandbox.aws.services import registry


def load(now: Callable[[], datetime]) -> None:
    """moto's services are loaded; `now` is their time, UTC without a time zone."""
    descriptions.share()
    services = [service for service in registry().values() if service.moto]
    for service in services:
        service.load()
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and hasattr(module, "utcnow"):
            vars(module)["utcnow"] = now
    for service in services:
        service.prepare(now)


def open_account(account_id: str) -> None:
    """The account's records are there, with what AWS puts in every one."""
    for service in registry().values():
        service.open_account(account_id)
