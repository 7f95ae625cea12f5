"""AssumeRole, chains of roles, and the clients that people type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, ADMIN_KEY, REGION, Endpoint, assume
from botocore.exceptions import ClientError

POD = f"arn:aws:sts::{ACCOUNT}:assumed-role/enginrect-irsa-role/pod"


def trusting(principal: str, **more: Any) -> str:
    """A trust policy for a principal of AWS."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


def make_role(endpoint: Endpoint, name: str, document: str, **more: Any) -> str:
    """A role, its ARN."""
    made = endpoint.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=document, **more
    )
    arn: str = made["Role"]["Arn"]
    return arn


@pytest.fixture
def pod(endpoint: Endpoint, role: str) -> Any:
    """STS, as the Pod's session uses it."""
    return endpoint.client("sts", assume(endpoint, role)["Credentials"])


@pytest.fixture
def permit(endpoint: Endpoint, role: str) -> Iterator[Callable[[Any], None]]:
    """Give the role a policy; it is taken away after the test."""
    iam, given = endpoint.client("iam"), {"RoleName": "enginrect-irsa-role", "PolicyName": "given"}
    yield lambda document: iam.put_role_policy(**given, PolicyDocument=json.dumps(document))
    iam.delete_role_policy(**given)


def test_a_role_that_names_the_caller_needs_no_more(
    endpoint: Endpoint, pod: Any, role: str
) -> None:
    arn = make_role(endpoint, "names-the-role", trusting(role))
    answer = pod.assume_role(RoleArn=arn, RoleSessionName="next")
    session = endpoint.client("sts", answer["Credentials"])
    assert session.get_caller_identity()["Arn"].endswith("assumed-role/names-the-role/next")


def test_a_role_that_names_the_account_needs_the_callers_own_policy_too(
    endpoint: Endpoint, pod: Any, permit: Callable[[Any], None]
) -> None:
    arn = make_role(endpoint, "names-the-account", trusting(f"arn:aws:iam::{ACCOUNT}:root"))
    with pytest.raises(ClientError) as refused:
        pod.assume_role(RoleArn=arn, RoleSessionName="next")
    assert refused.value.response["Error"] == {
        "Type": "Sender",
        "Code": "AccessDenied",
        "Message": f"User: {POD} is not authorized to perform: sts:AssumeRole on resource: {arn}",
    }
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn},
    }
    permit(document)
    assert pod.assume_role(RoleArn=arn, RoleSessionName="next")["Credentials"]


def test_leave_to_assume_is_no_use_where_the_role_does_not_trust(
    pod: Any, permit: Callable[[Any], None]
) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"},
    }
    permit(document)
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        pod.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/enginrect-node-role", RoleSessionName="next"
        )


def test_a_chain_is_an_hour_at_most(endpoint: Endpoint, pod: Any, role: str) -> None:
    arn = make_role(endpoint, "long", trusting(role), MaxSessionDuration=43_200)
    chained = {"RoleArn": arn, "RoleSessionName": "next"}
    assert pod.assume_role(**chained, DurationSeconds=3_600)
    with pytest.raises(ClientError, match="the 1 hour session limit for roles assumed by role"):
        pod.assume_role(**chained, DurationSeconds=3_601)


def test_an_external_id_is_asked_for(endpoint: Endpoint, pod: Any, role: str) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "secret"}}
    arn = make_role(endpoint, "external", trusting(role, Condition=condition))
    call = {"RoleArn": arn, "RoleSessionName": "next"}
    with pytest.raises(ClientError, match="AccessDenied"):
        pod.assume_role(**call)
    assert pod.assume_role(**call, ExternalId="secret")["Credentials"]


def test_the_admin_too_needs_a_role_that_trusts(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        endpoint.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/enginrect-node-role", RoleSessionName="next"
        )


def test_a_longer_session_needs_a_role_that_allows_it(endpoint: Endpoint, role: str) -> None:
    with pytest.raises(ClientError, match="exceeds the MaxSessionDuration set for this role"):
        assume(endpoint, role, DurationSeconds=7_200)
    endpoint.client("iam").update_role(RoleName="enginrect-irsa-role", MaxSessionDuration=7_200)
    expiration = assume(endpoint, role, DurationSeconds=7_200)["Credentials"]["Expiration"]
    left = expiration.timestamp() - endpoint.settings.clock.time()
    assert 7_190 < left <= 7_200


def test_a_session_ends_with_its_time(endpoint: Endpoint, role: str) -> None:
    session = assume(endpoint, role, DurationSeconds=900)["Credentials"]
    endpoint.settings.clock.advance(901)
    with pytest.raises(ClientError) as refused:
        endpoint.client("s3", session).list_buckets()
    assert refused.value.response["Error"]["Code"] == "ExpiredToken"


def test_a_session_token_of_the_admin_is_the_admin(endpoint: Endpoint) -> None:
    session = endpoint.client("sts").get_session_token()["Credentials"]
    sts = endpoint.client("sts", session)
    assert sts.get_caller_identity()["Arn"].endswith(":user/enginrect")
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        sts.get_session_token()


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("decode_authorization_message", {"EncodedMessage": "x"}),
        ("get_federation_token", {"Name": "somebody"}),
        ("assume_role", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_what_the_sandbox_lacks_it_says_by_name(
    endpoint: Endpoint, call: str, parameters: dict[str, Any]
) -> None:
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "RoleSessionName": "next"}
    asked = parameters | (role if call == "assume_role" else {})
    with pytest.raises(ClientError) as refused:
        getattr(endpoint.client("sts"), call)(**asked)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"


def aws(endpoint: Endpoint, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the AWS CLI as the admin."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables |= {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": ADMIN_KEY[0],
        "AWS_SECRET_ACCESS_KEY": ADMIN_KEY[1],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    program = str(Path(sys.executable).with_name("aws"))
    return subprocess.run(
        [program, *arguments], env=variables, capture_output=True, text=True, timeout=60
    )


def test_the_command_line_exchanges_a_token(endpoint: Endpoint, role: str) -> None:
    arguments = ("--role-arn", role, "--role-session-name", "cli", "--web-identity-token")
    answer = aws(
        endpoint,
        "sts",
        "assume-role-with-web-identity",
        *arguments,
        endpoint.issuer.token(),
    )
    assert json.loads(answer.stdout)["AssumedRoleUser"]["Arn"].endswith("/cli"), answer.stderr


def test_the_command_line_shows_the_refusal(endpoint: Endpoint, role: str) -> None:
    answer = aws(
        endpoint,
        *("sts", "assume-role-with-web-identity", "--role-arn", role),
        *("--role-session-name", "cli", "--web-identity-token"),
        endpoint.issuer.token(sub="system:serviceaccount:default:other"),
    )
    assert answer.returncode in (254, 255)
    assert (
        "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: "
        "Not authorized to perform sts:AssumeRoleWithWebIdentity" in answer.stderr
    )


def test_a_users_session_ends_with_the_user_whoever_has_the_name_later(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    allow_all = {"Effect": "Allow", "Action": "*", "Resource": "*"}

    def make() -> dict[str, Any]:
        iam.create_user(UserName="carol")
        key: dict[str, Any] = iam.create_access_key(UserName="carol")["AccessKey"]
        return key

    key = make()
    session = endpoint.client("sts", key).get_session_token()["Credentials"]
    assert endpoint.client("sts", session).get_caller_identity()["Arn"].endswith("user/carol")
    iam.delete_access_key(UserName="carol", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="carol")
    make()
    iam.put_user_policy(
        UserName="carol",
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow_all]}),
    )
    with pytest.raises(ClientError) as refused:
        endpoint.client("sts", session).get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
