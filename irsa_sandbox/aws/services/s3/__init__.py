"""S3.

Source: S3 API, botocore s3/2006-03-01.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from urllib.parse import quote

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.decisions.need import Rules
from irsa_sandbox.aws.services.record import Around, Call, Effect, Entry, Service
from irsa_sandbox.aws.services.s3 import bucket_policies, deletions, encryption, needs
from irsa_sandbox.aws.wire import models
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest
from irsa_sandbox.aws.wire.operations import kept_headers, kept_query, with_parameters

_BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
# Headers of a request that moto reads beside those in the model of the operation.
_HEADERS = frozenset(
    {"content-length", "content-type", "content-md5", "content-encoding", "x-amz-content-sha256"}
    | {"x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-algorithm"}
    | {f"x-amz-checksum-{name}" for name in ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")}
)


def _read(request: HttpRequest, service: str, region: str, account_id: str) -> Invocation:
    """The call that a request makes. Raises AwsError where it names none."""
    routed = models.route(service, request.method, request.path, request.query, request.named)
    if routed is None:
        raise AwsError(
            "MethodNotAllowed", 405, "The specified method is not allowed against this resource."
        )
    operation, labels = routed
    bucket = labels.get("Bucket", "")
    if bucket and not _BUCKET_NAME.fullmatch(bucket):
        raise AwsError("InvalidBucketName", 400, "The specified bucket is not valid.")
    query, headers = models.rest_parts(service, operation)
    bare = Invocation(
        service,
        operation,
        region,
        account_id,
        request.method,
        _path(bucket, labels.get("Key", "")),
        kept_query(request.query, query),
        kept_headers(request.headers, headers | _HEADERS),
        request.body,
    )
    return with_parameters(bare, labels)


def _path(bucket: str, key: str) -> str:
    """The path of a bucket or an object, percent-encoded once."""
    path = "/" + quote(bucket, safe="") if bucket else "/"
    return f"{path}/{quote(key, safe='/~')}" if key else path


async def _read_object(call: Call) -> Answer:
    """S3 does not say that an object is missing to whoever may not list the bucket."""
    answer = await call.answer()
    need = needs.bucket_need("ListBucket", call.invocation.parameters["Bucket"])
    if answer.status == 404 and (error := call.refuse(need)):
        raise error
    return answer


def _prepare(now: Callable[[], datetime]) -> None:
    """Random bytes from where all of moto's come; bucket policies are left to us.

    moto's own reading of them knows one operator and denies what it cannot read.
    """
    from moto.iam.access_control import PermissionResult
    from moto.moto_api._internal import mock_random
    from moto.s3 import models as moto_models

    vars(moto_models)["os"] = SimpleNamespace(urandom=mock_random.randbytes)
    neutral = PermissionResult.NEUTRAL
    moto_models.FakeBucket.get_permission = lambda *_: neutral  # type: ignore[method-assign]


def _date(invocation: Invocation, around: Around) -> None:
    """A bucket is as old as the sandbox says; moto keeps it on a clock of its own."""
    from moto.s3.models import s3_backends

    bucket = s3_backends[invocation.account_id]["aws"].buckets[invocation.parameters["Bucket"]]
    bucket.creation_date = around.now()


def _dispatch(invocation: Invocation) -> str:
    return "key_dispatch" if "Key" in invocation.parameters else "bucket_dispatch"


def _no_such_upload(invocation: Invocation, error: Exception) -> AwsError | None:
    if not (isinstance(error, KeyError) and "UploadId" in invocation.parameters):
        return None
    text = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may "
        "have been aborted or completed."
    )
    return AwsError("NoSuchUpload", 404, text)


class _Journal:
    """Reads journal entries in order: a bucket with versions keeps all that was written."""

    def __init__(self) -> None:
        self._versioned: set[str] = set()

    def __call__(self, entry: Entry) -> Effect:
        bucket, _, key = entry["path"].removeprefix("/").partition("/")
        headers = {name for name, _ in entry["headers"]}
        if entry["operation"] == "PutBucketVersioning" or any("object-lock" in h for h in headers):
            self._versioned.add(bucket)
        plain = entry["operation"] in {"PutObject", "DeleteObject"}
        if not plain or bucket in self._versioned:
            return Effect("s3", None)
        conditional = any(name.startswith("if-") for name in headers) or bool(entry["query"])
        return Effect("s3", (bucket, key), not conditional)


SERVICE = Service(
    "s3",
    endpoint="s3",
    moto="moto.s3.responses:S3Response",
    dispatch=_dispatch,
    prepare=_prepare,
    failure=_no_such_upload,
    rules=Rules(needs.of, bucket_policies.of),
    checks={
        "PutBucketPolicy": bucket_policies.check,
        "GetObject": encryption.check_read,
        **dict.fromkeys(("PutObject", "CreateMultipartUpload", "CopyObject"), encryption.check),
    },
    amends={"CreateBucket": _date},
    answers={
        "GetObject": _read_object,
        "HeadObject": _read_object,
        deletions.OPERATION: deletions.answer,
    },
    read=_read,
    path="/",
    unsigned=lambda request: request.path != "/",
    uploads=frozenset({"PutObject", "UploadPart"}),
    journal=_Journal,
)
