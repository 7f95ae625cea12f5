"""What a role's session may do, by all the policies that bear on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from aws_endpoint import ACCOUNT, REGION, Endpoint, assume
from botocore.exceptions import ClientError

ROLE = "enginrect-irsa-role"
BUCKET = "enginrect-data"
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/pod"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/enginrect-table"
CAN_LIST = "because no identity-based policy allows the s3:ListBucket action"


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="module", autouse=True)
def _storage(endpoint: Endpoint, role: str) -> None:
    """A bucket, a table and two secrets."""
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("hello.txt", "home/a.txt", "private/b.txt"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    endpoint.client("dynamodb").create_table(
        TableName="enginrect-table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for name in ("db-a", "db-admin"):
        endpoint.client("secretsmanager").create_secret(Name=name, SecretString=name)


Grant = Callable[..., None]


@pytest.fixture
def grant(endpoint: Endpoint) -> Iterator[Grant]:
    """Give the role one inline policy of these statements; it is taken away after the test."""
    iam = endpoint.client("iam")

    def put(*statements: dict[str, Any]) -> None:
        iam.put_role_policy(RoleName=ROLE, PolicyName="granted", PolicyDocument=policy(*statements))

    put(allow("s3:GetBucketLocation"))
    yield put
    iam.delete_role_policy(RoleName=ROLE, PolicyName="granted")


@pytest.fixture
def pod(endpoint: Endpoint, role: str) -> Callable[..., Any]:
    """A client of a fresh session of the role."""

    def client(service: str, **session: Any) -> Any:
        return endpoint.client(service, assume(endpoint, role, **session)["Credentials"])

    return client


def refusal(call: Callable[[], Any]) -> dict[str, Any]:
    """The error of a call."""
    with pytest.raises(ClientError) as refused:
        call()
    response: dict[str, Any] = refused.value.response
    return {
        "status": response["ResponseMetadata"]["HTTPStatusCode"],
        "code": response["Error"]["Code"],
        "message": response["Error"].get("Message", ""),
    }


def test_an_explicit_deny_wins(pod: Any, grant: Grant) -> None:
    grant(allow("s3:*"), {"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "*"})
    error = refusal(lambda: pod("s3").list_objects_v2(Bucket=BUCKET))
    assert error["message"] == (
        f"User: {SESSION_ARN} is not authorized to perform: s3:ListBucket on resource: "
        f'"{BUCKET_ARN}" with an explicit deny in an identity-based policy'
    )


def test_a_prefix_condition_narrows_a_listing(pod: Any, grant: Grant) -> None:
    grant(allow("s3:ListBucket", BUCKET_ARN, Condition={"StringLike": {"s3:prefix": ["home/*"]}}))
    s3 = pod("s3")
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="home/")["KeyCount"] == 1
    assert CAN_LIST in refusal(lambda: s3.list_objects_v2(Bucket=BUCKET))["message"]


def test_a_missing_object_is_hidden_from_who_may_not_list(pod: Any, grant: Grant) -> None:
    grant(allow("s3:GetObject", f"{BUCKET_ARN}/*"))
    s3 = pod("s3")
    assert s3.get_object(Bucket=BUCKET, Key="hello.txt")["ContentLength"] == 9
    error = refusal(lambda: s3.get_object(Bucket=BUCKET, Key="nothing"))
    assert (error["status"], error["code"]) == (403, "AccessDenied")
    assert "s3:ListBucket" in error["message"]
    grant(allow("s3:GetObject", f"{BUCKET_ARN}/*"), allow("s3:ListBucket", BUCKET_ARN))
    assert refusal(lambda: s3.get_object(Bucket=BUCKET, Key="nothing"))["code"] == "NoSuchKey"


def test_copying_needs_leave_to_read_and_to_write(pod: Any, grant: Grant) -> None:
    grant(allow("s3:PutObject", f"{BUCKET_ARN}/home/*"))
    copy = {"Bucket": BUCKET, "Key": "home/copy", "CopySource": f"{BUCKET}/private/b.txt"}
    error = refusal(lambda: pod("s3").copy_object(**copy))
    assert f'perform: s3:GetObject on resource: "{BUCKET_ARN}/private/b.txt"' in error["message"]


def test_a_bucket_is_not_named_where_all_are_listed(pod: Any, grant: Grant) -> None:
    error = refusal(lambda: pod("s3").list_buckets())
    assert error["message"] == (
        f"User: {SESSION_ARN} is not authorized to perform: s3:ListAllMyBuckets because no "
        "identity-based policy allows the s3:ListAllMyBuckets action"
    )


@pytest.fixture
def bucket_policy(endpoint: Endpoint) -> Iterator[Callable[..., None]]:
    """Put a bucket policy; it is taken away after the test."""
    s3 = endpoint.client("s3")

    def put(**statement: Any) -> None:
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(statement))

    yield put
    s3.delete_bucket_policy(Bucket=BUCKET)


def test_a_bucket_policy_grants_to_a_role_of_the_account(
    pod: Any, grant: Grant, bucket_policy: Any
) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    bucket_policy(**allow("s3:GetObject", f"{BUCKET_ARN}/home/*", Principal={"AWS": arn}))
    s3 = pod("s3")
    assert s3.get_object(Bucket=BUCKET, Key="home/a.txt")["Body"].read() == b"home/a.txt"
    assert refusal(lambda: s3.get_object(Bucket=BUCKET, Key="hello.txt"))["status"] == 403


def test_a_bucket_policy_takes_away_what_the_role_grants(
    pod: Any, grant: Grant, bucket_policy: Any
) -> None:
    grant(allow("s3:*"))
    bucket_policy(
        Effect="Deny",
        Principal="*",
        Action="s3:GetObject",
        Resource=f"{BUCKET_ARN}/private/*",
        Condition={"StringNotEquals": {"aws:PrincipalTag/team": "security"}},
    )
    error = refusal(lambda: pod("s3").get_object(Bucket=BUCKET, Key="private/b.txt"))
    assert error["message"].endswith("with an explicit deny in a resource-based policy")


def test_a_public_object_needs_no_signature_and_another_does(
    endpoint: Endpoint, bucket_policy: Any
) -> None:
    bucket_policy(**allow("s3:GetObject", f"{BUCKET_ARN}/hello.txt", Principal="*"))
    assert httpx.get(f"{endpoint.url}/{BUCKET}/hello.txt").text == "hello.txt"
    refused = httpx.get(f"{endpoint.url}/{BUCKET}/home/a.txt")
    assert refused.status_code == 403
    assert "<Code>AccessDenied</Code><Message>Access Denied</Message>" in refused.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        (policy(allow("s3:GetObject", "arn:aws:s3:::another/*", Principal="*")), "Policy has"),
        (policy(allow("s3:GetObject", f"{BUCKET_ARN}/*")), "Missing required field Principal"),
    ],
)
def test_a_bad_bucket_policy_is_not_stored(endpoint: Endpoint, text: str, message: str) -> None:
    s3 = endpoint.client("s3")
    error = refusal(lambda: s3.put_bucket_policy(Bucket=BUCKET, Policy=text))
    assert (error["status"], error["code"]) == (400, "MalformedPolicy")
    assert error["message"].startswith(message)


def test_a_session_policy_narrows_the_session(pod: Any, grant: Grant) -> None:
    grant(allow("s3:*"))
    s3 = pod("s3", Policy=policy(allow("s3:GetObject", f"{BUCKET_ARN}/home/*")))
    assert s3.get_object(Bucket=BUCKET, Key="home/a.txt")["Body"].read()
    error = refusal(lambda: s3.list_objects_v2(Bucket=BUCKET))
    assert error["message"].endswith("because no session policy allows the s3:ListBucket action")


def test_a_session_policy_grants_nothing_by_itself(pod: Any, grant: Grant) -> None:
    s3 = pod("s3", Policy=policy(allow("s3:*")))
    assert CAN_LIST in refusal(lambda: s3.list_objects_v2(Bucket=BUCKET))["message"]


def test_managed_session_policies_narrow_too_and_their_size_is_told(
    endpoint: Endpoint, role: str, grant: Grant
) -> None:
    grant(allow("s3:*"))
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    answer = assume(endpoint, role, PolicyArns=[{"arn": arn}])
    assert answer["PackedPolicySize"] > 0
    s3 = endpoint.client("s3", answer["Credentials"])
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 3
    assert refusal(lambda: s3.put_object(Bucket=BUCKET, Key="x"))["status"] == 403


def test_a_permissions_boundary_narrows_the_role(
    endpoint: Endpoint, pod: Any, grant: Grant
) -> None:
    iam = endpoint.client("iam")
    grant(allow("s3:*"))
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=policy(allow("s3:GetObject")))[
        "Policy"
    ]["Arn"]
    iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=arn)
    try:
        error = refusal(lambda: pod("s3").list_objects_v2(Bucket=BUCKET))
        assert error["message"].endswith(
            "because no permissions boundary allows the s3:ListBucket action"
        )
    finally:
        iam.delete_role_permissions_boundary(RoleName=ROLE)
        iam.delete_policy(PolicyArn=arn)


def test_an_attached_policy_counts_at_once_and_no_more_once_it_is_detached(
    endpoint: Endpoint, pod: Any
) -> None:
    iam, arn = endpoint.client("iam"), "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    s3 = pod("s3")
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 3
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=arn)
    assert refusal(lambda: s3.list_objects_v2(Bucket=BUCKET))["status"] == 403


def test_dynamodb_is_granted_by_table_and_action(pod: Any, grant: Grant) -> None:
    grant(allow(["dynamodb:GetItem", "dynamodb:PutItem"], TABLE_ARN))
    dynamodb = pod("dynamodb")
    dynamodb.put_item(TableName="enginrect-table", Item={"id": {"S": "1"}})
    item = dynamodb.get_item(TableName="enginrect-table", Key={"id": {"S": "1"}})["Item"]
    assert item == {"id": {"S": "1"}}
    error = refusal(lambda: dynamodb.scan(TableName="enginrect-table"))
    assert (error["status"], error["code"]) == (400, "AccessDeniedException")
    assert f"dynamodb:Scan on resource: {TABLE_ARN} because no identity-based" in error["message"]


def test_a_policy_can_keep_a_role_to_its_own_partition(pod: Any, grant: Grant) -> None:
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["own"]}}
    grant(allow(["dynamodb:*Item", "dynamodb:Query"], TABLE_ARN, Condition=own))
    dynamodb, table = pod("dynamodb"), {"TableName": "enginrect-table"}
    values = {":v": {"S": "own"}, ":w": {"S": "other"}}

    def query(expression: str) -> Any:
        return dynamodb.query(
            **table,
            KeyConditionExpression=expression,
            ExpressionAttributeNames={"#k": "id"},
            ExpressionAttributeValues=values,
        )

    dynamodb.put_item(**table, Item={"id": {"S": "own"}})
    assert dynamodb.get_item(**table, Key={"id": {"S": "own"}})["Item"]
    assert query("#k = :v")["Count"] == 1
    batch = {"enginrect-table": [{"PutRequest": {"Item": {"id": {"S": "other"}}}}]}
    for call in (
        lambda: dynamodb.put_item(**table, Item={"id": {"S": "other"}}),
        lambda: dynamodb.get_item(**table, Key={"id": {"S": "other"}}),
        lambda: query("#k = :w"),
        lambda: query("(#k) = :w"),
        lambda: dynamodb.batch_write_item(RequestItems=batch),
    ):
        assert refusal(call)["code"] == "AccessDeniedException"


def test_a_table_of_a_transaction_is_not_forgotten(pod: Any, grant: Grant) -> None:
    grant(allow("dynamodb:PutItem", f"{TABLE_ARN}-other"))
    put = {"TableName": "enginrect-table", "Item": {"id": {"S": "1"}}}
    error = refusal(lambda: pod("dynamodb").transact_write_items(TransactItems=[{"Put": put}]))
    assert error["code"] == "AccessDeniedException"


def test_an_operation_without_a_known_permission_is_refused(pod: Any, grant: Grant) -> None:
    grant(allow("*"))
    error = refusal(
        lambda: pod("dynamodb").execute_statement(Statement='SELECT * FROM "enginrect-table"')
    )
    assert error["code"] == "AccessDeniedException"


def test_a_secret_is_granted_by_its_arn_with_the_six_random_characters(
    pod: Any, grant: Grant
) -> None:
    place = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
    grant(allow("secretsmanager:GetSecretValue", f"{place}db-a-??????"))
    secrets = pod("secretsmanager")
    assert secrets.get_secret_value(SecretId="db-a")["SecretString"] == "db-a"
    error = refusal(lambda: secrets.get_secret_value(SecretId="db-admin"))
    assert error["message"] == (
        f"User: {SESSION_ARN} is not authorized to perform: secretsmanager:GetSecretValue on "
        "resource: db-admin because no identity-based policy allows the "
        "secretsmanager:GetSecretValue action"
    )
    grant(allow("secretsmanager:GetSecretValue", f"{place}db-a*"))
    assert secrets.get_secret_value(SecretId="db-admin")["SecretString"] == "db-admin"


def test_a_secrets_own_policy_grants_too(endpoint: Endpoint, pod: Any, grant: Grant) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    admin = endpoint.client("secretsmanager")
    statement = allow("secretsmanager:GetSecretValue", Principal={"AWS": arn})
    admin.put_resource_policy(SecretId="db-a", ResourcePolicy=policy(statement))
    try:
        assert pod("secretsmanager").get_secret_value(SecretId="db-a")["SecretString"]
    finally:
        admin.delete_resource_policy(SecretId="db-a")


def test_another_user_is_decided_on_by_its_policies(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="guest")
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    s3 = endpoint.client("s3", key)
    assert f"User: arn:aws:iam::{ACCOUNT}:user/guest is not" in refusal(s3.list_buckets)["message"]
    iam.put_user_policy(
        UserName="guest", PolicyName="list", PolicyDocument=policy(allow("s3:ListAllMyBuckets"))
    )
    assert s3.list_buckets()["Buckets"]
    iam.update_access_key(UserName="guest", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(s3.list_buckets)["code"] == "InvalidAccessKeyId"


def test_a_user_gets_what_its_groups_have(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="member")
    iam.create_group(GroupName="listers")
    iam.put_group_policy(
        GroupName="listers", PolicyName="list", PolicyDocument=policy(allow("s3:ListAllMyBuckets"))
    )
    iam.add_user_to_group(GroupName="listers", UserName="member")
    key = iam.create_access_key(UserName="member")["AccessKey"]
    assert endpoint.client("s3", key).list_buckets()["Buckets"]


def test_a_session_of_a_role_that_was_made_anew_is_worth_nothing(endpoint: Endpoint) -> None:
    from aws_endpoint import trust_policy

    iam, document = endpoint.client("iam"), json.dumps(trust_policy())
    made = {"RoleName": "short-lived", "AssumeRolePolicyDocument": document}
    arn = iam.create_role(**made)["Role"]["Arn"]
    session = assume(endpoint, arn)["Credentials"]
    iam.delete_role(RoleName="short-lived")
    iam.create_role(**made)
    error = refusal(endpoint.client("sts", session).get_caller_identity)
    assert (error["status"], error["code"]) == (403, "InvalidClientTokenId")


def test_every_decision_is_recorded_with_its_reasons(
    endpoint: Endpoint, pod: Any, grant: Grant
) -> None:
    s3 = pod("s3")
    before = max((hop["seq"] for hop in endpoint.trace.since()), default=0)
    refusal(lambda: s3.list_objects_v2(Bucket=BUCKET))
    (hop,) = endpoint.trace.since(before)
    assert (hop["kind"], hop["outcome"]) == ("aws-call", "denied")
    assert hop["detail"]["action"] == "s3:ListBucket"
    assert hop["detail"]["decision"]["effect"] == "ImplicitlyDenied"
    assert hop["detail"]["caller_arn"] == SESSION_ARN


def test_of_many_deletions_each_is_decided_by_itself(
    endpoint: Endpoint, pod: Any, grant: Grant
) -> None:
    admin = endpoint.client("s3")
    for key in ("home/x & y", "private/x"):
        admin.put_object(Bucket=BUCKET, Key=key)
    grant(allow("s3:DeleteObject", f"{BUCKET_ARN}/home/*"))
    objects = [{"Key": "home/x & y"}, {"Key": "private/x"}]
    answer = pod("s3").delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    assert [each["Key"] for each in answer["Deleted"]] == ["home/x & y"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [
        ("private/x", "AccessDenied")
    ]
    only = pod("s3").delete_objects(Bucket=BUCKET, Delete={"Objects": objects[1:]})
    assert "Deleted" not in only
    admin.delete_object(Bucket=BUCKET, Key="private/x")  # it was there all the time


def test_credentials_that_are_over_are_recorded_too(endpoint: Endpoint, pod: Any) -> None:
    s3 = pod("s3", DurationSeconds=900)
    endpoint.settings.clock.advance(901)
    assert refusal(s3.list_buckets)["code"] == "ExpiredToken"
    hop = endpoint.trace.since()[-1]
    assert (hop["kind"], hop["outcome"], hop["detail"]["code"]) == (
        "aws-call",
        "denied",
        "ExpiredToken",
    )
