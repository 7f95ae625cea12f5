"""How much of a body is read: the more, the more is known about who sends it.

A signature over the body can only be verified with the body, and S3's uploads are long. So a caller
is recognised, and an upload authorised, by the head of the request, before the body is read.
"""

from __future__ import annotations

from irsa_sandbox.aws.callers import signature
from irsa_sandbox.aws.callers.callers import ANONYMOUS, Caller
from irsa_sandbox.aws.calls import asked
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.services import registry
from irsa_sandbox.aws.wire import models
from irsa_sandbox.aws.wire.messages import HttpRequest

SMALL_BYTES = 64 * 2**10  # read from anybody
# Ours, by how long reading them takes. (DynamoDB takes 16 MB; what IAM takes is far below; S3's
# longest, 10,000 parts of an upload, is about one.)
LONGEST = {
    "query": 256 * 2**10,
    **dict.fromkeys(("json", "json-query", "rest-json"), 2**20),
    "rest-xml": 2 * 2**20,
}
UPLOAD_BYTES = 64 * 2**20  # ours: objects are kept in memory


def most_bytes(desk: Desk, head: HttpRequest, service: str, announced: int | None) -> int:
    """The most bytes to read, of which `announced` are said to come (None: not said).

    Raises AwsError for a caller that nobody knows, or that may not upload to that place.
    """
    if announced is not None and announced <= SMALL_BYTES:
        return SMALL_BYTES
    protocol = asked.protocol_of(service, head)
    caller = ANONYMOUS
    if signature.is_signed(head):
        caller = desk.callers.recognise(head, protocol)
    if _is_upload(head, service):
        return _upload_bytes(desk, caller, head, service)
    return SMALL_BYTES if caller.is_anonymous else LONGEST.get(protocol, 0)


def _is_upload(head: HttpRequest, name: str) -> bool:
    service = registry().get(name)
    if service is None or not service.uploads:
        return False
    routed = models.route(name, head.method, head.path, head.query, head.named)
    return routed is not None and routed[0] in service.uploads


def _upload_bytes(desk: Desk, caller: Caller, head: HttpRequest, service: str) -> int:
    settings = desk.settings
    account_id = caller.account_id or settings.account_id
    invocation = asked.identify(head, service, settings.region, account_id)
    desk.authorizer.check_early(caller, invocation, head.client)
    return UPLOAD_BYTES
