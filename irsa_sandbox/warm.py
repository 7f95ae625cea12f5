"""What a start of the sandbox reads from files, read ahead: forks of this process share it."""

from __future__ import annotations

import importlib

from irsa_helpers import descriptions
from irsa_sandbox.apiserver import schemas
from irsa_sandbox.aws.records import moto_setup
from irsa_sandbox.aws.wire import models

# What is imported only once something runs.
LATER = ("anyio._backends._asyncio", "cryptography.hazmat.backends.openssl", "_strptime")


def warm() -> None:
    """The models of AWS's services and the schemas of Kubernetes' kinds are in memory."""
    descriptions.share()
    for module in LATER:
        importlib.import_module(module)
    for service in moto_setup.SERVICES:
        importlib.import_module(f"moto.{service}.responses")
    for service in (*moto_setup.SERVICES, "sts"):
        models.service_model(service)
        models.regions(service)
    schemas.definitions()
