"""S3: what moto keeps on a clock of its own."""

from __future__ import annotations

from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.wire.invocations import Invocation


def install(records: Records) -> None:
    """Let a bucket be as old as the sandbox says."""

    def date(invocation: Invocation) -> None:
        from moto.s3.models import s3_backends

        bucket = s3_backends[invocation.account_id]["aws"].buckets[invocation.parameters["Bucket"]]
        bucket.creation_date = records.now()

    records.amendments["s3", "CreateBucket"] = date
