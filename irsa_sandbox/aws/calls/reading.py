"""How much of a body is read: the more, the more is known about who sends it.

A signature over the body can only be verified with the body, and S3's uploads are long. So a caller
is recognised, and an upload authorised, by the head of the request, before the body is read.
"""

from __future__ import annotations

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.callers import signature
from irsa_sandbox.aws.callers.callers import ANONYMOUS, Caller, Callers
from irsa_sandbox.aws.decisions.authorize import Authorizer
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import operations
from irsa_sandbox.aws.wire.messages import HttpRequest

SMALL_BYTES = 64 * 2**10  # read from anybody
# Ours, by how long reading them takes. (DynamoDB takes 16 MB; what IAM takes is far below.)
LONGEST = {"query": 256 * 2**10, "json": 2**20, "rest-json": 2**20}
XML_BYTES = 2 * 2**20  # S3's longest, 10,000 parts of an upload, is about one
UPLOAD_BYTES = 64 * 2**20  # ours: objects are kept in memory
UPLOADS = frozenset({"PutObject", "UploadPart"})


class Reading:
    """Decides by a request's head how long its body may be."""

    def __init__(self, settings: AwsSettings, callers: Callers, authorizer: Authorizer) -> None:
        self._settings = settings
        self._callers = callers
        self._authorizer = authorizer

    def most_bytes(self, head: HttpRequest, service: str, announced: int | None) -> int:
        """The most bytes to read, of which `announced` are said to come (None: not said).

        Raises AwsError for a caller that nobody knows, or that may not upload to that place.
        """
        if announced is not None and announced <= SMALL_BYTES:
            return SMALL_BYTES
        if not signature.is_signed(head):
            return self._s3_bytes(ANONYMOUS, head) if service == "s3" else SMALL_BYTES
        protocol = operations.protocol_of(service, head)
        caller = self._callers.recognise(head, protocol)
        return self._s3_bytes(caller, head) if service == "s3" else LONGEST.get(protocol, 0)

    def _s3_bytes(self, caller: Caller, head: HttpRequest) -> int:
        region, account_id = self._settings.region, caller.account_id or self._settings.account_id
        if operations.s3_operation(head) not in UPLOADS:
            return SMALL_BYTES if caller.is_anonymous else XML_BYTES
        invocation = operations.identify(head, "s3", region, account_id)
        self._authorizer.check_early(caller, invocation, head.client)
        return UPLOAD_BYTES


def too_large(service: str) -> AwsError:
    """The refusal of a body that is longer than it may be."""
    if service == "s3":
        text = "Your proposed upload exceeds the maximum allowed size"
        return AwsError("EntityTooLarge", 400, text)
    return AwsError("RequestEntityTooLargeException", 413, "The request body is too large.")
