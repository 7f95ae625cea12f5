"""Which service a request is for, and which call it makes.

The service is the one that the signature is scoped to; without a signature its looks must do.
"""

from __future__ import annotations

from irsa_sandbox.aws.callers import signature
from irsa_sandbox.aws.services import registry
from irsa_sandbox.aws.wire import models, operations
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import HttpRequest

FORM = "application/x-www-form-urlencoded"


def service_of(request: HttpRequest) -> str:
    """The name of the service that a request is for, by its signature or else by its looks."""
    return signature.claimed_service(request) or _looked_for(request)


def protocol_of(service: str, request: HttpRequest) -> str:
    """The protocol in which the client of that service expects its answer."""
    if service in registry():
        return models.protocol(service)
    if request.header("content-type").startswith(FORM):
        return "ec2"
    return "json" if request.header("x-amz-target") else "rest-json"


def identify(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    """The call that a request makes. Raises AwsError where it names none."""
    known, protocol = registry().get(service), protocol_of(service, request)
    if known is None:
        text = (
            f"The sandbox does not implement the service {service}. It has "
            f"{', '.join(sorted(registry()))}."
        )
        raise common_error("not-implemented", protocol, text)
    if known.endpoint and region not in models.regions(known.endpoint):
        text = f"Credential should be scoped to a valid region, not '{region}'."
        raise common_error("mismatch", protocol, text)
    read = known.read or operations.READERS[protocol]
    return read(request, service, region, account_id)


def _looked_for(request: HttpRequest) -> str:
    """The service that an unsigned request looks to be for; empty where it looks like none."""
    services = registry().values()
    if target := request.header("x-amz-target").rpartition(".")[0]:
        names = [it.name for it in services if models.target_prefix(it.name) == target]
    elif request.header("content-type").startswith(FORM) or "Action=" in request.query:
        forms = [it for it in services if models.protocol(it.name) == "query"]
        names = [it.name for it in forms if it.unsigned]
    else:
        paths = [it for it in services if it.path and request.path.startswith(it.path)]
        names = [it.name for it in sorted(paths, key=lambda it: -len(it.path))]
    return names[0] if names else ""
