"""The table of refusals: each with the code, the status and the words of the real service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_endpoint import forget_records

from irsa_sandbox.aws.refusals import Refusal, markdown, rows

WEB = "AssumeRoleWithWebIdentity: "
KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)
NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
INVALID_TOKEN = "The security token included in the request is invalid."
SESSION = "User: arn:aws:sts::111122223333:assumed-role/enginrect-irsa-role/pod is not authorized"

# name -> code, HTTP status, how the message begins
EXPECTED = {
    f"{WEB}a session name with a slash": (
        "ValidationError",
        400,
        "1 validation error detected: Value 'a/b' at 'roleSessionName' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
    ),
    f"{WEB}a duration under 15 minutes": (
        "ValidationError",
        400,
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy "
        "constraint: Member must have value greater than or equal to 900",
    ),
    f"{WEB}a duration over the role's maximum": (
        "ValidationError",
        400,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    f"{WEB}a role's name in place of its ARN": ("ValidationError", 400, "Request ARN is invalid"),
    f"{WEB}an issuer without a provider": (
        "InvalidIdentityToken",
        400,
        "No OpenIDConnect provider found in your account for https://oidc.example.com/id/OTHER",
    ),
    f"{WEB}keys that cannot be fetched": ("InvalidIdentityToken", 400, KEY),
    f"{WEB}a forged signature": ("InvalidIdentityToken", 400, KEY),
    f"{WEB}an audience that the provider does not list": (
        "InvalidIdentityToken",
        400,
        "Incorrect token audience",
    ),
    f"{WEB}an expired token": (
        "ExpiredTokenException",
        400,
        "Token expired: current date/time ",
    ),
    f"{WEB}a token over five days old": ("ExpiredTokenException", 400, "Token too old: 441398"),
    f"{WEB}a role that does not exist": ("AccessDenied", 403, NOT_AUTHORIZED),
    f"{WEB}another ServiceAccount": ("AccessDenied", 403, NOT_AUTHORIZED),
    f"{WEB}another audience": ("AccessDenied", 403, NOT_AUTHORIZED),
    f"{WEB}a star under StringEquals": ("AccessDenied", 403, NOT_AUTHORIZED),
    f"{WEB}the wrong action": ("AccessDenied", 403, NOT_AUTHORIZED),
    f"{WEB}a session policy that is no JSON": ("MalformedPolicyDocument", 400, ""),
    f"{WEB}session policies that are too large together": (
        "PackedPolicyTooLarge",
        400,
        "Packed policy consumes ",
    ),
    "AssumeRole: over an hour from a role's session": (
        "ValidationError",
        400,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining",
    ),
    "AssumeRole: by a role that is not trusted": (
        "AccessDenied",
        403,
        f"{SESSION} to perform: sts:AssumeRole on resource: "
        "arn:aws:iam::111122223333:role/enginrect-node-role",
    ),
    "STS: no signature": ("MissingAuthenticationToken", 403, "Request is missing"),
    "S3: no signature": ("AccessDenied", 403, "Access Denied"),
    "STS: an unknown access key": ("InvalidClientTokenId", 403, INVALID_TOKEN),
    "S3: an unknown access key": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided"),
    "DynamoDB: an unknown access key": ("UnrecognizedClientException", 400, INVALID_TOKEN),
    "EKS: an unknown access key": ("UnrecognizedClientException", 403, INVALID_TOKEN),
    "STS: a wrong secret": ("SignatureDoesNotMatch", 403, "The request signature we calculated"),
    "S3: a wrong secret": ("SignatureDoesNotMatch", 403, "The request signature we calculated"),
    "STS: a session that is over": ("ExpiredToken", 403, "The security token included in the"),
    "S3: a session that is over": ("ExpiredToken", 400, "The provided token has expired."),
    "DynamoDB: a session that is over": ("ExpiredTokenException", 400, "The security token"),
    "EKS: a session that is over": ("ExpiredTokenException", 403, "The security token"),
    "S3: no permission": (
        "AccessDenied",
        403,
        f'{SESSION} to perform: s3:ListBucket on resource: "arn:aws:s3:::enginrect-data" because '
        "no identity-based policy allows the s3:ListBucket action",
    ),
    "DynamoDB: no permission": (
        "AccessDeniedException",
        400,
        f"{SESSION} to perform: dynamodb:GetItem on resource: "
        "arn:aws:dynamodb:ap-northeast-2:111122223333:table/t because no identity-based policy "
        "allows the dynamodb:GetItem action",
    ),
    "Secrets Manager: no permission": (
        "AccessDeniedException",
        400,
        f"{SESSION} to perform: secretsmanager:GetSecretValue on resource: db because no "
        "identity-based policy allows the secretsmanager:GetSecretValue action",
    ),
    "KMS: no permission": (
        "AccessDeniedException",
        400,
        f"{SESSION} to perform: kms:DescribeKey on resource: arn:aws:kms:ap-northeast-2:"
        "111122223333:key/0123abcd-0000-4000-8000-000000000000 because no identity-based policy "
        "allows the kms:DescribeKey action",
    ),
    "SQS: no permission": (
        "AccessDenied",
        403,
        f"{SESSION} to perform: sqs:receivemessage on resource: arn:aws:sqs:ap-northeast-2:"
        "111122223333:orders because no identity-based policy allows the sqs:receivemessage action",
    ),
    "CreateOpenIDConnectProvider: the provider exists": ("EntityAlreadyExists", 409, "Provider"),
    "CreateRole: https:// in a condition key": (
        "MalformedPolicyDocument",
        400,
        "Condition can contain only one colon",
    ),
    "CreateRole: a trust policy over 2,048 characters": (
        "LimitExceeded",
        409,
        "Cannot exceed quota for ACLSizePerRole: 2048",
    ),
}


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, Refusal]]:
    """The table by the input's name."""
    forget_records()
    yield {row.input: row for row in rows()}
    forget_records()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_refusal_is_that_of_the_real_service(table: dict[str, Refusal], name: str) -> None:
    row = table[name]
    code, status, message = EXPECTED[name]
    assert (row.code, row.http_status) == (code, status)
    assert row.message.startswith(message)


def test_no_refusal_is_a_server_error(table: dict[str, Refusal]) -> None:
    assert len(table) >= 60
    assert {row.http_status // 100 for row in table.values()} == {4}


def test_what_aws_keeps_to_itself_is_explained_beside_the_wire(table: dict[str, Refusal]) -> None:
    row = table[f"{WEB}another ServiceAccount"]
    assert "system:serviceaccount:default:other" in row.explanation
    assert "serviceaccount" not in row.message


def test_the_table_can_be_read_as_markdown(table: dict[str, Refusal]) -> None:
    lines = markdown(list(table.values())).splitlines()
    assert len(lines) == len(table) + 2
    assert all(line.startswith("| ") or line.startswith("|-") for line in lines)
