"""The calls of the table of refusals, each wrong in one point."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from irsa_helpers.ground.arns import issuer_host_path, provider_arn
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire.invocations import json_headers
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest
from irsa_sandbox.issuer import SigningKeys

if TYPE_CHECKING:
    from irsa_sandbox.aws.app import Aws

SUBJECT = "system:serviceaccount:default:enginrect-sa"
ROLE = "enginrect-irsa-role"
BUCKET = "enginrect-data"
HOST = "127.0.0.1"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
Ask = Callable[["Asker"], Awaitable[Answer]]


@dataclass(frozen=True)
class Case:
    """A call in words, and how it is made."""

    name: str
    ask: Ask


class Asker:
    """Makes calls of an endpoint, good ones and bad ones."""

    def __init__(self, aws: Aws, settings: AwsSettings, keys: SigningKeys) -> None:
        self.aws = aws
        self.settings = settings
        self.keys = keys
        self.session: dict[str, str] = {}

    @property
    def admin(self) -> dict[str, str]:
        """The admin's key."""
        return {
            "AccessKeyId": self.settings.admin_access_key_id,
            "SecretAccessKey": self.settings.admin_secret_access_key,
        }

    def role_arn(self, name: str = ROLE) -> str:
        """The ARN of a role of the account."""
        return f"arn:aws:iam::{self.settings.account_id}:role/{name}"

    def token(self, **changes: Any) -> str:
        """A good token of the issuer, changed; None takes a claim away."""
        now = int(self.settings.clock.time())
        claims = {
            "iss": self.settings.issuer_url,
            "sub": SUBJECT,
            "aud": ["sts.amazonaws.com"],
            "exp": now + 3_600,
            "nbf": now,
            "iat": now,
        } | changes
        return self.keys.sign({name: value for name, value in claims.items() if value is not None})

    async def web_identity(self, **changes: Any) -> Answer:
        """AssumeRoleWithWebIdentity with parameters changed; None takes one away."""
        fields = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": self.role_arn(),
            "RoleSessionName": "pod",
            "WebIdentityToken": self.token(),
        } | changes
        kept = {name: value for name, value in fields.items() if value is not None}
        headers = (("host", HOST), *FORM.items())
        body = urlencode(kept).encode()
        return await self.aws.respond(HttpRequest.of("POST", "/", "", headers, body))

    async def query(
        self,
        service: str,
        action: str,
        *,
        caller: dict[str, str] | None = None,
        **fields: Any,
    ) -> Answer:
        """A signed call of STS or IAM."""
        body = urlencode({"Action": action, "Version": "2010-05-08", **fields}).encode()
        request = signed(caller or self.admin, service, "us-east-1", headers=FORM, body=body)
        return await self.aws.respond(request)

    async def json(
        self, service: str, action: str, *, caller: dict[str, str] | None = None, **members: Any
    ) -> Answer:
        """A signed call of DynamoDB or Secrets Manager."""
        headers = dict(json_headers(service, action))
        body = json.dumps(members).encode()
        region = self.settings.region
        return await self.aws.respond(
            signed(caller or self.admin, service, region, headers=headers, body=body)
        )

    async def rest(
        self,
        service: str,
        method: str,
        path: str,
        *,
        caller: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """A signed call of S3 or EKS."""
        region = self.settings.region
        return await self.aws.respond(
            signed(caller or self.admin, service, region, method=method, path=path, body=body)
        )


def signed(
    credentials: dict[str, str],
    service: str,
    region: str,
    *,
    method: str = "POST",
    path: str = "/",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> HttpRequest:
    """A request with a SigV4 signature in its header, as botocore makes it."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as Holder

    url = f"http://{HOST}{path}"
    request = AWSRequest(method, url, headers={"host": HOST, **(headers or {})}, data=body)
    holder = Holder(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken")
    )
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(holder, service, region).add_auth(request)
    named = tuple((name.lower(), str(value)) for name, value in request.headers.items())
    pure, _, query = path.partition("?")
    return HttpRequest.of(method, pure, query, named, body)


def trust_policy(asker: Asker, **changes: Any) -> str:
    """The course's trust policy, its statement changed."""
    prefix = issuer_host_path(asker.settings.issuer_url)
    statement = {
        "Effect": "Allow",
        "Principal": {
            "Federated": provider_arn(asker.settings.issuer_url, asker.settings.account_id)
        },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{prefix}:sub": SUBJECT, f"{prefix}:aud": "sts.amazonaws.com"}
        },
    } | changes
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def prepare(asker: Asker) -> None:
    """The provider, the role without permissions, its session, a bucket and an expired session."""
    url = asker.settings.issuer_url
    client: dict[str, Any] = {"ClientIDList.member.1": "sts.amazonaws.com"}
    await asker.query("iam", "CreateOpenIDConnectProvider", Url=url, **client)
    await asker.query(
        "iam",
        "CreateOpenIDConnectProvider",
        Url="https://unreachable.example.com",
        **client,
    )
    await asker.query(
        "iam", "CreateRole", RoleName=ROLE, AssumeRolePolicyDocument=trust_policy(asker)
    )
    location = (
        "<CreateBucketConfiguration><LocationConstraint>"
        f"{asker.settings.region}</LocationConstraint></CreateBucketConfiguration>"
    )
    await asker.rest("s3", "PUT", f"/{BUCKET}", body=location.encode())
    asker.session = credentials_in(await asker.web_identity())


def credentials_in(answer: Answer) -> dict[str, str]:
    """The credentials in an answer of STS."""
    from xml.etree.ElementTree import fromstring

    credentials: dict[str, str] = {}
    for element in fromstring(answer.body).iter():
        name = element.tag.rpartition("}")[2]
        if name in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
            credentials[name] = element.text or ""
    return credentials
