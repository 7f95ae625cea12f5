"""What the calls to the AWS endpoint are about: a user, a role, a bucket, a table, a secret."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from benchmarks.fuzzing.calls import Call
from benchmarks.fuzzing.sandbox import Sandbox
from irsa_sandbox.identity import ACCOUNT_ID, REGION

USER, ROLE, BUCKET, TABLE, SECRET = (
    "fuzz-user",
    "fuzz-role",
    "fuzz-bucket",
    "fuzz-table",
    "fuzz-secret",
)
FORM = "application/x-www-form-urlencoded"
TOKEN = {"text": ""}  # a ServiceAccount's token of the sandbox, as `prepare` got it
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ACCOUNT_ID},
            "Action": "sts:AssumeRole",
            "Condition": {"StringLike": {"sts:RoleSessionName": "*"}},
        }
    ],
}


def query(who: str, service: str, **fields: str) -> Call:
    """A call of the query protocol."""
    headers = {"x-fuzz-service": service, "Content-Type": FORM}
    body = urlencode(fields, errors="replace").encode()
    return Call("aws", "POST", "/", headers, body, who)


def prepare(sandbox: Sandbox) -> None:
    """The user, the role, the bucket, the table and the secret that the calls are about."""
    body = {"spec": {"audiences": ["sts.amazonaws.com"]}}
    path = "/api/v1/namespaces/kube-system/serviceaccounts"
    sandbox.asked("POST", path, {"metadata": {"name": "fuzz"}})
    TOKEN["text"] = sandbox.asked("POST", f"{path}/fuzz/token", body)["status"]["token"]
    _done(sandbox, query("admin", "iam", Action="CreateUser", UserName=USER))
    made = _done(sandbox, query("admin", "iam", Action="CreateAccessKey", UserName=USER)).decode()
    sandbox.add_key("user", _between(made, "AccessKeyId"), _between(made, "SecretAccessKey"))
    trust = json.dumps(TRUST)
    _done(
        sandbox,
        query("admin", "iam", Action="CreateRole", RoleName=ROLE, AssumeRolePolicyDocument=trust),
    )
    location = f"<LocationConstraint>{REGION}</LocationConstraint>"
    location = f"<CreateBucketConfiguration>{location}</CreateBucketConfiguration>"
    s3 = {"x-fuzz-service": "s3"}
    _done(sandbox, Call("aws", "PUT", f"/{BUCKET}", s3, location.encode()))
    _done(sandbox, Call("aws", "PUT", f"/{BUCKET}/k", s3, b"v"))
    key = {"AttributeName": "id"}
    table = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [key | {"KeyType": "HASH"}],
        "AttributeDefinitions": [key | {"AttributeType": "S"}],
    }
    _done(sandbox, _json("dynamodb", "DynamoDB_20120810.CreateTable", table))
    _done(
        sandbox,
        _json(
            "secretsmanager", "secretsmanager.CreateSecret", {"Name": SECRET, "SecretString": "v"}
        ),
    )


def _json(service: str, target: str, body: dict[str, Any]) -> Call:
    headers = {
        "x-fuzz-service": service,
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.1",
    }
    return Call("aws", "POST", "/", headers, json.dumps(body).encode())


def _done(sandbox: Sandbox, call: Call) -> bytes:
    reply = sandbox.send(call)
    if reply.status >= 400:
        raise RuntimeError(f"{call.body!r}: {reply.status} {reply.body!r}")
    return reply.body


def _between(text: str, tag: str) -> str:
    return text.partition(f"<{tag}>")[2].partition("</")[0]
