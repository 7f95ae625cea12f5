"""What the kernels of a room read from files, read ahead: forks of this process share it."""

from __future__ import annotations

from irsa_helpers.ground import descriptions

SERVICES = ("sts", "iam", "s3", "eks", "dynamodb", "secretsmanager")


def clients() -> None:
    """What boto3 loads for the course's services is in memory; no credentials are looked for."""
    import boto3.session

    descriptions.share()
    session = boto3.session.Session(
        aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1"
    )
    for service in SERVICES:
        session.client(service)
