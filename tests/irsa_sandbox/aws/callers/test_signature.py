"""Who signed a request, and that nothing else than what was signed is done."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from aws_endpoint import ADMIN_KEY, REGION, Endpoint, assume
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

ADMIN = Credentials(*ADMIN_KEY)
HTTP = httpx.Client()


def signed(
    endpoint: Endpoint, service: str, body: str = "", path: str = "/", **headers: str
) -> AWSRequest:
    """A POST of the admin, signed."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest("POST", endpoint.url + path, headers=names, data=body)
    SigV4Auth(ADMIN, service, REGION).add_auth(request)
    return request


def send(request: AWSRequest, **changes: Any) -> httpx.Response:
    """Send a signed request, with changes made after it was signed."""
    sent = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers.items()),
        "content": request.data,
    }
    return HTTP.request(**(sent | changes))


FORM = {"Content_Type": "application/x-www-form-urlencoded"}
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"


def test_a_signed_request_is_answered(endpoint: Endpoint) -> None:
    answer = send(signed(endpoint, "sts", IDENTITY, **FORM))
    assert "user/enginrect</Arn>" in answer.text


def test_a_body_changed_after_signing_is_refused(endpoint: Endpoint) -> None:
    request = signed(endpoint, "sts", IDENTITY, **FORM)
    answer = send(request, content=IDENTITY.replace("Caller", "Session"))
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_a_query_added_after_signing_is_refused(endpoint: Endpoint) -> None:
    request = signed(endpoint, "iam", "Action=GetUser&Version=2010-05-08", **FORM)
    assert send(request, url=f"{endpoint.url}/?Action=ListUsers").status_code == 403


def test_an_amz_header_added_after_signing_is_refused(endpoint: Endpoint) -> None:
    request = signed(endpoint, "dynamodb", "{}", X_Amz_Target="DynamoDB_20120810.ListTables")
    headers = {**dict(request.headers.items()), "X-Amz-Expected-Bucket-Owner": "1"}
    assert send(request, headers=headers).status_code == 400


def test_two_actions_in_one_request_are_refused(endpoint: Endpoint) -> None:
    body = "Action=GetUser&Version=2010-05-08&Action=ListUsers"
    answer = send(signed(endpoint, "iam", body, **FORM))
    assert answer.status_code == 400
    assert "Duplicate parameter name: Action" in answer.text


def test_an_account_cannot_be_chosen_by_a_header(endpoint: Endpoint) -> None:
    body, choice = "Action=ListRoles&Version=2010-05-08", {"X_Moto_Account_Id": "444455556666"}
    answer = send(signed(endpoint, "iam", body, **FORM, **choice))
    assert "enginrect-node-role" in answer.text


@pytest.mark.parametrize("service", ["s3", "dynamodb", "secretsmanager", "eks", "eks-auth"])
def test_a_region_that_is_none_is_refused(endpoint: Endpoint, service: str) -> None:
    headers = {"x-amz-target": "DynamoDB_20120810.ListTables"}
    request = AWSRequest("POST", f"{endpoint.url}/", headers=headers, data=b"{}")
    SigV4Auth(ADMIN, service, "kr-nowhere-1").add_auth(request)
    answer = send(request)
    assert answer.status_code in (400, 403)
    assert "Credential should be scoped to a valid region, not" in answer.text


def test_an_old_signature_is_refused(endpoint: Endpoint, monkeypatch: Any) -> None:
    import datetime

    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: past)
    answer = send(signed(endpoint, "sts", IDENTITY, **FORM))
    assert answer.status_code == 403
    assert "<Message>Signature expired: " in answer.text


def test_a_learner_who_moves_the_clock_can_still_sign(endpoint: Endpoint) -> None:
    endpoint.settings.clock.advance(7_200)
    assert endpoint.client("sts").get_caller_identity()["Account"]


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
        "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/r/sts/aws4_request, SignedHeaders=host, "
        "Signature=é",
        "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/r/s/aws4_request, SignedHeaders=host, "
        "Signature=a",
        "Basic YTpi",
        "Bearer x",
    ],
)
def test_a_broken_authorization_is_refused(endpoint: Endpoint, authorization: str) -> None:
    headers = {"authorization": authorization.encode("latin-1").decode("latin-1").encode("latin-1")}
    answer = HTTP.post(endpoint.url, headers=headers, content=IDENTITY)
    assert answer.status_code in (400, 403)


def test_a_presigned_url_is_good_for_its_time_only(endpoint: Endpoint) -> None:
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket="presigned", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="presigned", Key="a b/ü.txt", Body=b"content")
    parameters = {"Bucket": "presigned", "Key": "a b/ü.txt"}
    good = s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=60)
    assert HTTP.get(good).text == "content"
    assert HTTP.get(good.replace("Expires=60", "Expires=6000")).status_code == 403
    over = s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=-1)
    assert HTTP.get(over).status_code in (400, 403)


def eks_token(
    endpoint: Endpoint,
    credentials: Any = None,
    cluster: str = "enginrect-cluster",
    *,
    expires: int = 60,
    more: dict[str, str] | None = None,
    signs_cluster: bool = True,
) -> str:
    """An EKS token, as `aws eks get-token` makes it."""
    sts = endpoint.client("sts", credentials)

    def add_cluster(params: Any, context: Any, **_: Any) -> None:
        context["cluster"] = cluster

    def add_header(request: Any, **_: Any) -> None:
        if signs_cluster:
            request.headers["x-k8s-aws-id"] = cluster
        request.url += f"?{urlencode(more)}" if more else ""

    events = sts.meta.events
    events.register("before-sign.sts.GetCallerIdentity", add_header, unique_id="cluster")
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=expires, HttpMethod="GET")
    events.unregister("before-sign.sts.GetCallerIdentity", unique_id="cluster")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def authenticate(endpoint: Endpoint, token: str) -> str | None:
    """What the API server learns about a token."""
    return asyncio.run(endpoint.aws.authenticate_eks_token(token))


def test_an_eks_token_says_who_made_it(endpoint: Endpoint, role: str) -> None:
    token = eks_token(endpoint)
    assert authenticate(endpoint, token) == "arn:aws:iam::111122223333:user/enginrect"
    session = assume(endpoint, role)["Credentials"]
    arn = authenticate(endpoint, eks_token(endpoint, session))
    assert arn == "arn:aws:sts::111122223333:assumed-role/enginrect-irsa-role/pod"


def test_an_eks_token_of_another_cluster_says_nothing(endpoint: Endpoint) -> None:
    assert authenticate(endpoint, eks_token(endpoint, cluster="another")) is None


@pytest.mark.parametrize(
    "how",
    [
        {"expires": 604_800},
        {"expires": 901},
        {"signs_cluster": False},
        {"signs_cluster": False, "more": {"foo": "x-k8s-aws-id"}},
        {"more": {"foo": "x"}},
        {"more": {"action": "GetCallerIdentity"}},
    ],
)
def test_a_presigned_call_in_another_form_is_no_eks_token(
    endpoint: Endpoint, how: dict[str, Any]
) -> None:
    assert authenticate(endpoint, eks_token(endpoint, **how)) is None


@pytest.mark.parametrize("token", ["", "k8s-aws-v1.", "k8s-aws-v1.aaaa", "k8s-aws-v1.é", "x"])
def test_what_is_no_eks_token_says_nothing(endpoint: Endpoint, token: str) -> None:
    assert authenticate(endpoint, token) is None


def test_the_instances_credentials_are_of_the_nodes_role(endpoint: Endpoint) -> None:
    found = asyncio.run(endpoint.aws.instance_credentials("enginrect-node-role"))
    session = {**found, "SessionToken": found["Token"]}
    arn = endpoint.client("sts", session).get_caller_identity()["Arn"]
    assert arn.startswith("arn:aws:sts::111122223333:assumed-role/enginrect-node-role/i-")
    assert endpoint.client("s3", session).list_buckets()["Buckets"] is not None


@settings(max_examples=120, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
    path=st.text("abc/.%?&=é-_~:@\\ ", max_size=30),
    body=st.binary(max_size=60),
    target=st.sampled_from(["", "DynamoDB_20120810.PutItem", "secretsmanager.X", "AWSie.y"]),
)
def test_no_request_without_a_signature_gets_through_or_breaks_anything(
    endpoint: Endpoint, method: str, path: str, body: bytes, target: str
) -> None:
    headers = {"x-amz-target": target} if target else {}
    answer = HTTP.request(method, f"{endpoint.url}/{path}", content=body, headers=headers)
    assert 400 <= answer.status_code < 500


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    operation=st.sampled_from(
        ["PutItem", "GetItem", "Query", "BatchGetItem", "TransactWriteItems", "CreateTable", "Nope"]
    ),
    body=st.dictionaries(
        st.sampled_from(["TableName", "Key", "Item", "RequestItems", "TransactItems", "x"]), _JSON
    )
    | _JSON,
)
def test_no_body_breaks_a_json_service(endpoint: Endpoint, operation: str, body: Any) -> None:
    request = signed(
        endpoint, "dynamodb", json.dumps(body), X_Amz_Target=f"DynamoDB_20120810.{operation}"
    )
    assert 400 <= send(request).status_code < 500


@settings(max_examples=100, deadline=None)
@given(
    action=st.sampled_from(["CreateRole", "GetRole", "PutRolePolicy", "TagRole", "ListRoles", ""]),
    fields=st.dictionaries(
        st.sampled_from(
            [
                "RoleName",
                "Path",
                "AssumeRolePolicyDocument",
                "Tags.member.1.Key",
                "Tags",
                "MaxItems",
            ]
        ),
        st.text(max_size=12),
    ),
)
def test_no_form_breaks_iam(endpoint: Endpoint, action: str, fields: dict[str, str]) -> None:

    form = {name: value.encode("utf-8", "replace") for name, value in fields.items()}
    request = signed(endpoint, "iam", urlencode({"Action": action, **form}), **FORM)
    assert send(request).status_code < 500


@settings(max_examples=100, deadline=None)
@given(
    path=st.text("ab/.%-_~ é?", min_size=1, max_size=20),
    query=st.sampled_from(
        ["", "acl", "policy", "uploads", "tagging", "versionId=1", "list-type=2"]
    ),
    body=st.sampled_from([b"", b"<a/>", b"<Delete><Object/></Delete>", b"\xff", b"{"]),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
)
def test_no_path_breaks_s3(
    endpoint: Endpoint, path: str, query: str, body: bytes, method: str
) -> None:
    from urllib.parse import quote

    from botocore.auth import S3SigV4Auth

    url = f"{endpoint.url}/{quote(path)}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, data=body)
    S3SigV4Auth(ADMIN, "s3", REGION).add_auth(request)
    assert send(request, url=url).status_code < 500


def test_a_websocket_is_refused(endpoint: Endpoint) -> None:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    assert HTTP.get(endpoint.url, headers=upgrade).status_code == 403
