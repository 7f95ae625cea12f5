"""The table of refusals: each call wrong in one point, in the order in which AWS looks at it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from irsa_helpers.ground.arns import issuer_host_path
from irsa_sandbox.aws.refusals.asker import (
    BUCKET,
    HOST,
    ROLE,
    Asker,
    Case,
    credentials_in,
    signed,
    trust_policy,
)
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest

HOUR = 3_600
Holder = Callable[[Asker], Awaitable[dict[str, str]]]  # of credentials


def _web(name: str, **changes: Any) -> Case:
    """A web identity call with parameters changed."""
    return Case(f"AssumeRoleWithWebIdentity: {name}", lambda asker: asker.web_identity(**changes))


def _token(name: str, **claims: Any) -> Case:
    """A web identity call whose token's claims are changed."""
    return Case(
        f"AssumeRoleWithWebIdentity: {name}",
        lambda asker: asker.web_identity(WebIdentityToken=asker.token(**claims)),
    )


def _moved(name: str, claim: str, seconds: int) -> Case:
    """A web identity call whose token has a time so many seconds from now."""

    async def ask(asker: Asker) -> Answer:
        moment = int(asker.settings.clock.time()) + seconds
        return await asker.web_identity(WebIdentityToken=asker.token(**{claim: moment}))

    return Case(f"AssumeRoleWithWebIdentity: {name}", ask)


def _trusting(name: str, **statement: Any) -> Case:
    """A web identity call for a role with another trust policy."""

    async def ask(asker: Asker) -> Answer:
        document = trust_policy(asker, **statement)
        await asker.query("iam", "UpdateAssumeRolePolicy", RoleName=ROLE, PolicyDocument=document)
        try:
            return await asker.web_identity()
        finally:
            good = trust_policy(asker)
            await asker.query("iam", "UpdateAssumeRolePolicy", RoleName=ROLE, PolicyDocument=good)

    return Case(f"AssumeRoleWithWebIdentity: {name}", ask)


def _condition(key: str, value: str) -> dict[str, Any]:
    """A Condition block on a key of the table's issuer."""
    host_path = "oidc.eks.ap-northeast-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
    return {"StringEquals": {f"{host_path}:{key}": value}}


def _iam(name: str, action: str, **fields: Any) -> Case:
    """A call of IAM by the admin."""
    return Case(f"{action}: {name}", lambda asker: asker.query("iam", action, **fields))


def _role(name: str, document: str) -> Case:
    """CreateRole with a trust policy that IAM does not take."""
    return _iam(name, "CreateRole", RoleName="another", AssumeRolePolicyDocument=document)


def _statement(**changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/example.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    } | changes
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


async def _unreachable(asker: Asker) -> Answer:
    return await asker.web_identity(
        WebIdentityToken=asker.token(iss="https://unreachable.example.com")
    )


async def _forged(asker: Asker) -> Answer:
    token = asker.token()
    return await asker.web_identity(WebIdentityToken=token[:-8] + "AAAAAAAA")


async def _existing_provider(asker: Asker) -> Answer:
    url = asker.settings.issuer_url
    return await asker.query("iam", "CreateOpenIDConnectProvider", Url=url)


async def _scheme_in_key(asker: Asker) -> Answer:
    key = f"https://{issuer_host_path(asker.settings.issuer_url)}:sub"
    document = _statement(Condition={"StringEquals": {key: "x"}})
    return await asker.query(
        "iam", "CreateRole", RoleName="another", AssumeRolePolicyDocument=document
    )


async def _chained(asker: Asker) -> Answer:
    return await asker.query(
        "sts",
        "AssumeRole",
        caller=asker.session,
        RoleArn=asker.role_arn(),
        RoleSessionName="chained",
        DurationSeconds=2 * HOUR,
    )


async def _role_to_role(asker: Asker) -> Answer:
    fields = {"RoleArn": asker.role_arn("enginrect-node-role"), "RoleSessionName": "pod"}
    return await asker.query("sts", "AssumeRole", caller=asker.session, **fields)


async def _unsigned_sts(asker: Asker) -> Answer:
    headers = (("host", HOST), ("content-type", "application/x-www-form-urlencoded"))
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    return await asker.aws.respond(HttpRequest.of("POST", "/", "", headers, body))


async def _unsigned_s3(asker: Asker) -> Answer:
    return await asker.aws.respond(HttpRequest.of("GET", f"/{BUCKET}", "", (("host", HOST),)))


def _at_four_services(name: str, holder: Holder) -> list[Case]:
    """The same wrong credentials at four services."""

    async def sts(asker: Asker) -> Answer:
        return await asker.query("sts", "GetCallerIdentity", caller=await holder(asker))

    async def s3(asker: Asker) -> Answer:
        return await asker.rest("s3", "GET", "/", caller=await holder(asker))

    async def dynamodb(asker: Asker) -> Answer:
        return await asker.json("dynamodb", "ListTables", caller=await holder(asker))

    async def eks(asker: Asker) -> Answer:
        return await asker.rest("eks", "GET", "/clusters", caller=await holder(asker))

    asks = {"STS": sts, "S3": s3, "DynamoDB": dynamodb, "EKS": eks}
    return [Case(f"{service}: {name}", ask) for service, ask in asks.items()]


def _keys(name: str, **changes: str) -> list[Case]:
    """Credentials that are changed: a session's where its token is."""

    async def holder(asker: Asker) -> dict[str, str]:
        return (asker.session if "SessionToken" in changes else asker.admin) | changes

    return _at_four_services(name, holder)


async def _old(asker: Asker) -> dict[str, str]:
    session = await _fresh(asker)
    asker.settings.clock.advance(HOUR)
    return session


async def _list_bucket(asker: Asker) -> Answer:
    return await asker.rest("s3", "GET", f"/{BUCKET}?list-type=2", caller=await _fresh(asker))


async def _get_item(asker: Asker) -> Answer:
    caller, key = await _fresh(asker), {"id": {"S": "1"}}
    return await asker.json("dynamodb", "GetItem", caller=caller, TableName="t", Key=key)


async def _get_secret(asker: Asker) -> Answer:
    caller = await _fresh(asker)
    return await asker.json("secretsmanager", "GetSecretValue", caller=caller, SecretId="db")


async def _describe_key(asker: Asker) -> Answer:
    caller, key_id = await _fresh(asker), "0123abcd-0000-4000-8000-000000000000"
    return await asker.json("kms", "DescribeKey", caller=caller, KeyId=key_id)


async def _receive(asker: Asker) -> Answer:
    url = f"https://sqs.{asker.settings.region}.amazonaws.com/{asker.settings.account_id}/orders"
    return await asker.json("sqs", "ReceiveMessage", caller=await _fresh(asker), QueueUrl=url)


async def _describe_cluster(asker: Asker) -> Answer:
    path = f"/clusters/{asker.settings.cluster_name}"
    return await asker.rest("eks", "GET", path, caller=await _fresh(asker))


async def _get_role(asker: Asker) -> Answer:
    return await asker.query("iam", "GetRole", caller=await _fresh(asker), RoleName=ROLE)


async def _fresh(asker: Asker) -> dict[str, str]:
    return credentials_in(await asker.web_identity())


async def _other_service(asker: Asker) -> Answer:
    return await asker.aws.respond(signed(asker.admin, "sns", asker.settings.region))


_THUMB = {"ThumbprintList.member.1": "not-hexadecimal-but-of-forty-characters!"}
_MANY_THUMBS = {f"ThumbprintList.member.{n}": f"{n}" * 40 for n in range(1, 7)}
_MANAGED = {
    f"PolicyArns.member.{n}.arn": f"arn:aws:iam::aws:policy/{name}"
    for n, name in enumerate(("AmazonS3ReadOnlyAccess", "AmazonDynamoDBReadOnlyAccess"), 1)
}
_LARGE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": [f"arn:aws:s3:::enginrect-data/{n}" for n in range(57)],
            }
        ],
    }
)
_LONG = "".join(f"system:serviceaccount:default:number-{n}," for n in range(60))

CASES: list[Case] = [
    _web("no role", RoleArn=None),
    _web("a role's name in place of its ARN", RoleArn="enginrect-irsa-role-without-an-arn"),
    _web("a session name with a slash", RoleSessionName="a/b"),
    _web("a session name of one letter", RoleSessionName="a"),
    _web("a duration under 15 minutes", DurationSeconds="899"),
    _web("a duration over 12 hours", DurationSeconds="43201"),
    _web("a duration over the role's maximum", DurationSeconds="7200"),
    _web("a session policy that is no JSON", Policy="{"),
    _web("a session policy over 2,048 characters", Policy=_LARGE + " " * 500),
    _web("session policies that are too large together", Policy=_LARGE, **_MANAGED),
    _web("a path in place of the token", WebIdentityToken="/var/run/secrets/token"),
    _token("a token without `sub`", sub=None),
    _token("an issuer without a provider", iss="https://oidc.example.com/id/OTHER"),
    Case("AssumeRoleWithWebIdentity: keys that cannot be fetched", _unreachable),
    Case("AssumeRoleWithWebIdentity: a forged signature", _forged),
    _token("an audience that the provider does not list", aud=["sts.amazon.com"]),
    _moved("an expired token", "exp", -1),
    _moved("a token over five days old", "iat", -441_398),
    _moved("a token of the future", "nbf", HOUR),
    _web("a role that does not exist", RoleArn="arn:aws:iam::111122223333:role/nobody"),
    _trusting(
        "another ServiceAccount", Condition=_condition("sub", "system:serviceaccount:default:other")
    ),
    _trusting("another audience", Condition=_condition("aud", "other")),
    _trusting("a star under StringEquals", Condition=_condition("sub", "system:*")),
    _trusting("the wrong action", Action="sts:AssumeRole"),
    _trusting(
        "a provider of another account",
        Principal={"Federated": "arn:aws:iam::444455556666:oidc-provider/example.com"},
    ),
    Case("AssumeRole: by a role that is not trusted", _role_to_role),
    Case("AssumeRole: over an hour from a role's session", _chained),
    Case("STS: no signature", _unsigned_sts),
    Case("S3: no signature", _unsigned_s3),
    *_keys("an unknown access key", AccessKeyId="AKIAUNKNOWNUNKNOWN12"),
    *_keys("a wrong secret", SecretAccessKey="wrong"),
    *_keys("a session token of another", SessionToken="IQoJb3JpZ2luX2VjAAAA"),
    *_at_four_services("a session that is over", _old),
    Case("S3: no permission", _list_bucket),
    Case("DynamoDB: no permission", _get_item),
    Case("Secrets Manager: no permission", _get_secret),
    Case("KMS: no permission", _describe_key),
    Case("SQS: no permission", _receive),
    Case("EKS: no permission", _describe_cluster),
    Case("IAM: no permission", _get_role),
    Case("CreateOpenIDConnectProvider: the provider exists", _existing_provider),
    _iam("http", "CreateOpenIDConnectProvider", Url="http://example.com"),
    _iam("a port", "CreateOpenIDConnectProvider", Url="https://example.com:8443"),
    _iam("a query", "CreateOpenIDConnectProvider", Url="https://example.com?x=1"),
    _iam(
        "a thumbprint that is not hexadecimal",
        "CreateOpenIDConnectProvider",
        Url="https://a.example.com",
        **_THUMB,
    ),
    _iam(
        "six thumbprints",
        "CreateOpenIDConnectProvider",
        Url="https://a.example.com",
        **_MANY_THUMBS,
    ),
    _iam(
        "no such provider",
        "AddClientIDToOpenIDConnectProvider",
        ClientID="a",
        OpenIDConnectProviderArn="arn:aws:iam::111122223333:oidc-provider/none.example.com",
    ),
    _iam(
        "the role exists",
        "CreateRole",
        RoleName=ROLE.upper(),
        AssumeRolePolicyDocument=_statement(),
    ),
    _role("no JSON", "{"),
    Case("CreateRole: https:// in a condition key", _scheme_in_key),
    _role("a Resource in the trust policy", _statement(Resource="*")),
    _role(
        "no Principal",
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}],
            }
        ),
    ),
    _role("an unknown operator", _statement(Condition={"StringIs": {"aws:x": "y"}})),
    _role(
        "a trust policy over 2,048 characters",
        _statement(Condition={"StringEquals": {"aws:x": _LONG}}),
    ),
    _role(
        "a role as principal that does not exist",
        _statement(Principal={"AWS": "arn:aws:iam::111122223333:role/nobody"}),
    ),
    Case("SNS: a service that the sandbox has not", _other_service),
]
