"""What a start of the sandbox reads from files, read ahead: forks of this process share it."""

from __future__ import annotations

import importlib

from irsa_helpers.ground import descriptions
from irsa_sandbox.apiserver import schemas
from irsa_sandbox.aws.services import iam, registry
from irsa_sandbox.aws.wire import models

# What is imported only once something runs.
LATER = ("anyio._backends._asyncio", "cryptography.hazmat.backends.openssl", "_strptime")


def warm() -> None:
    """AWS's models and managed policies and the schemas of Kubernetes' kinds are in memory."""
    descriptions.share()
    for module in LATER:
        importlib.import_module(module)
    for service in registry().values():
        models.service_model(service.name)
        if service.endpoint:
            models.regions(service.endpoint)
        if service.moto:
            service.load()
    iam.policies_of_aws()
    schemas.definitions()
