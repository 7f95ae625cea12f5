"""IAM's own rules: providers, roles, policies and their quotas."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, ISSUER, PROVIDER_ARN, Endpoint, assume, trust_policy
from botocore.exceptions import ClientError

THUMBPRINT = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
URL = "https://issuer.example.com/id"


@pytest.fixture(scope="module")
def iam(endpoint: Endpoint) -> Any:
    """IAM, as the admin uses it."""
    return endpoint.client("iam")


@pytest.fixture
def new_role(iam: Any, provider: str) -> str:
    """The name of a role of the test's own."""
    name = f"role-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust_policy()))
    return name


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message of a refused call."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    response = refused.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], status, response["Error"]["Message"]


def permissions(size: int = 0) -> str:
    """An identity policy, so many characters longer than a short one."""
    statement = {"Sid": "x" * size, "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_provider_is_kept_as_it_was_made(iam: Any, provider: str) -> None:
    assert provider == PROVIDER_ARN
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert found["Url"] == ISSUER.removeprefix("https://")
    assert found["ClientIDList"] == ["sts.amazonaws.com"]
    assert found["ThumbprintList"] == []


def test_a_second_provider_of_an_issuer_is_refused(iam: Any, provider: str) -> None:
    answer = refusal(iam.create_open_id_connect_provider, Url=ISSUER)
    assert answer == ("EntityAlreadyExists", 409, f"Provider with url {ISSUER} already exists.")


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example.com",
        "issuer.example.com",
        "https://",
        "https:///path",
        "https://issuer.example.com:443",
        "https://user@issuer.example.com",
        "https://issuer.example.com?a=b",
        "https://issuer.example.com#a",
        "https://[::1",
        "",
        "https://issuer.example.com/" + "x" * 255,
    ],
)
def test_a_url_that_is_not_an_issuers_is_refused(iam: Any, url: str) -> None:
    code, status, _ = refusal(iam.create_open_id_connect_provider, Url=url)
    assert (code, status) == ("ValidationError", 400)


@pytest.mark.parametrize(
    ("thumbprints", "code"),
    [
        (["abc"], "ValidationError"),
        ([THUMBPRINT + "0"], "ValidationError"),
        (["z" * 40], "InvalidInput"),
        ([f"{n}" * 40 for n in range(6)], "InvalidInput"),
    ],
)
def test_a_bad_thumbprint_is_refused(iam: Any, thumbprints: list[str], code: str) -> None:
    answer = refusal(iam.create_open_id_connect_provider, Url=URL, ThumbprintList=thumbprints)
    assert answer[:2] == (code, 400)


def test_a_thumbprint_of_the_wrong_length_is_told_as_aws_tells_it(iam: Any) -> None:
    _, _, message = refusal(iam.create_open_id_connect_provider, Url=URL, ThumbprintList=["abc"])
    assert message == (
        "1 validation error detected: Value '[abc]' at 'thumbprintList' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must have length less than or equal "
        "to 40, Member must have length greater than or equal to 40]"
    )


def test_a_provider_has_at_most_a_hundred_client_ids(iam: Any) -> None:
    many = [f"client-{n}" for n in range(100)]
    arn = iam.create_open_id_connect_provider(Url=URL, ClientIDList=many)[
        "OpenIDConnectProviderArn"
    ]
    add = iam.add_client_id_to_open_id_connect_provider
    add(OpenIDConnectProviderArn=arn, ClientID="client-0")
    answer = refusal(add, OpenIDConnectProviderArn=arn, ClientID="one-more")
    assert answer == (
        "LimitExceeded",
        409,
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
    )
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_a_client_id_counts_as_soon_as_it_is_there_and_no_more_once_it_is_gone(
    endpoint: Endpoint, iam: Any, role: str
) -> None:
    change = {"OpenIDConnectProviderArn": PROVIDER_ARN, "ClientID": "another"}
    token = endpoint.issuer.token(aud=["another"])
    iam.update_assume_role_policy(
        RoleName="enginrect-irsa-role", PolicyDocument=json.dumps(trust_policy(Condition={}))
    )
    assert _code(endpoint, role, token) == "InvalidIdentityToken"
    iam.add_client_id_to_open_id_connect_provider(**change)
    assert assume(endpoint, role, token)["Audience"] == "another"
    iam.remove_client_id_from_open_id_connect_provider(**change)
    assert _code(endpoint, role, token) == "InvalidIdentityToken"


def _code(endpoint: Endpoint, role: str, token: str) -> str:
    with pytest.raises(ClientError) as refused:
        assume(endpoint, role, token)
    code: str = refused.value.response["Error"]["Code"]
    return code


def test_a_deleted_provider_lets_nobody_in(endpoint: Endpoint, iam: Any, role: str) -> None:
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER_ARN)
    try:
        with pytest.raises(ClientError, match="No OpenIDConnect provider found in your account"):
            assume(endpoint, role)
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER_ARN)
    finally:
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])


def test_a_provider_carries_tags(iam: Any, provider: str) -> None:
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=provider, Tags=[{"Key": "irsa-lab", "Value": "x"}]
    )
    listed = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)["Tags"]
    assert listed == [{"Key": "irsa-lab", "Value": "x"}]


def test_an_unknown_provider_is_not_found(iam: Any) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/nobody.example.com"
    for call in (
        iam.get_open_id_connect_provider,
        lambda **more: iam.add_client_id_to_open_id_connect_provider(ClientID="a", **more),
    ):
        assert refusal(call, OpenIDConnectProviderArn=arn)[:2] == ("NoSuchEntity", 404)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "é"])
def test_a_bad_role_name_is_refused(iam: Any, name: str) -> None:
    answer = refusal(
        iam.create_role, RoleName=name, AssumeRolePolicyDocument=json.dumps(trust_policy())
    )
    assert answer[:2] == ("ValidationError", 400)
    assert "at 'roleName' failed to satisfy constraint" in answer[2]


@pytest.mark.parametrize("path", ["no-slashes", "/open", "//a b/"])
def test_a_bad_path_is_refused(iam: Any, path: str) -> None:
    document = json.dumps(trust_policy())
    answer = refusal(iam.create_role, RoleName="path", Path=path, AssumeRolePolicyDocument=document)
    assert answer[:2] == ("ValidationError", 400)


@pytest.mark.usefixtures("provider")
def test_a_role_with_a_path_is_assumed_by_its_whole_arn(endpoint: Endpoint, iam: Any) -> None:
    arn = iam.create_role(
        RoleName="pathed", Path="/team/a/", AssumeRolePolicyDocument=json.dumps(trust_policy())
    )["Role"]["Arn"]
    answer = assume(endpoint, arn)
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/pathed/pod")
    session = endpoint.client("sts", answer["Credentials"])
    assert session.get_caller_identity()["Arn"].endswith(":assumed-role/pathed/pod")
    with pytest.raises(ClientError, match="Not authorized to perform"):
        assume(endpoint, f"arn:aws:iam::{ACCOUNT}:role/pathed")


def test_role_names_differ_by_more_than_case(iam: Any, role: str) -> None:
    document = json.dumps(trust_policy())
    answer = refusal(
        iam.create_role, RoleName="Enginrect-IRSA-role", AssumeRolePolicyDocument=document
    )
    assert answer[:2] == ("EntityAlreadyExists", 409)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Resource": "*"}, "Has prohibited field Resource"),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}, "Invalid principal"),
        ({"Condition": {"StringEquals": {ISSUER + ":sub": "x"}}}, "Condition can contain only"),
        ({"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions."),
    ],
    ids=str,
)
def test_a_bad_trust_policy_is_refused_when_it_is_made_and_when_it_is_changed(
    iam: Any, role: str, statement: dict[str, Any], message: str
) -> None:
    document = json.dumps(trust_policy(**statement))
    made = refusal(iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document)
    changed = refusal(
        iam.update_assume_role_policy, RoleName="enginrect-irsa-role", PolicyDocument=document
    )
    assert made == changed
    assert made[:2] == ("MalformedPolicyDocument", 400)
    assert made[2].startswith(message)


def test_inline_policies_of_a_role_share_one_quota(iam: Any, new_role: str) -> None:
    put = iam.put_role_policy
    put(RoleName=new_role, PolicyName="a", PolicyDocument=permissions(6_000))
    put(RoleName=new_role, PolicyName="a", PolicyDocument=permissions(6_100))
    answer = refusal(put, RoleName=new_role, PolicyName="b", PolicyDocument=permissions(6_000))
    text = f"Maximum policy size of 10240 bytes exceeded for role {new_role}"
    assert answer == ("LimitExceeded", 409, text)


def test_a_managed_policy_has_a_quota(iam: Any) -> None:
    answer = refusal(iam.create_policy, PolicyName="long", PolicyDocument=permissions(6_144))
    assert answer == ("LimitExceeded", 409, "Cannot exceed quota for PolicySize: 6144")


def test_a_role_has_at_most_ten_managed_policies(iam: Any, new_role: str) -> None:
    arns = [
        iam.create_policy(PolicyName=f"p{n}", PolicyDocument=permissions())["Policy"]["Arn"]
        for n in range(11)
    ]
    for arn in (*arns[:10], arns[0]):
        iam.attach_role_policy(RoleName=new_role, PolicyArn=arn)
    answer = refusal(iam.attach_role_policy, RoleName=new_role, PolicyArn=arns[10])
    assert answer == ("LimitExceeded", 409, "Cannot exceed quota for PoliciesPerRole: 10")


def test_a_role_in_use_is_not_deleted(iam: Any, new_role: str) -> None:
    iam.put_role_policy(RoleName=new_role, PolicyName="a", PolicyDocument=permissions())
    answer = refusal(iam.delete_role, RoleName=new_role)
    assert answer[:2] == ("DeleteConflict", 409)


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("get_role", {"RoleName": "nobody"}),
        ("delete_role", {"RoleName": "nobody"}),
        ("put_role_policy", {"RoleName": "n", "PolicyName": "p", "PolicyDocument": permissions()}),
        ("attach_role_policy", {"RoleName": "n", "PolicyArn": "arn:aws:iam::aws:policy/None"}),
    ],
)
def test_what_is_not_there_is_not_found(iam: Any, call: str, parameters: dict[str, Any]) -> None:
    assert refusal(getattr(iam, call), **parameters)[:2] == ("NoSuchEntity", 404)


def test_an_operation_that_the_sandbox_lacks_says_so(iam: Any) -> None:
    code, status, message = refusal(
        iam.simulate_principal_policy, PolicySourceArn="x" * 20, ActionNames=["s3:GetObject"]
    )
    assert (code, status) == ("NotImplemented", 400)
    assert "iam:SimulatePrincipalPolicy" in message
