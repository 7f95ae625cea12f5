"""What the kernels of a room read from files, read ahead: forks of this process share it."""

from __future__ import annotations

from irsa_helpers.ground import descriptions

SERVICES = ("sts", "iam", "s3", "eks", "dynamodb", "secretsmanager")


NOBODY = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
REGION = "us-east-1"


def clients() -> None:
    """What boto3 loads for the course's services is in memory; no credentials are looked for."""
    import boto3.session

    descriptions.share()
    session = boto3.session.Session(**NOBODY, region_name=REGION)
    for service in SERVICES:
        session.client(service)
    session.resource("dynamodb")


def aws() -> None:
    """What the AWS CLI loads is in memory: it has descriptions of its own beside botocore's."""
    from awscli import clidriver

    session = clidriver.create_clidriver().session
    for service in SERVICES:
        session.create_client(service, region_name=REGION, **NOBODY)
