"""Calls to the AWS endpoint: each operation of each service, by its model, with odd parts."""

from __future__ import annotations

import base64
import functools
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import botocore.session
from botocore.serialize import create_serializer
from hypothesis import strategies as st

from benchmarks.fuzzing.account import (
    BUCKET,
    FORM,
    ROLE,
    SECRET,
    TABLE,
    TOKEN,
    TRUST,
    USER,
    query,
)
from benchmarks.fuzzing.bases import NAMESPACE
from benchmarks.fuzzing.calls import Call
from benchmarks.fuzzing.mutations import json_bytes, mutated, texts
from irsa_sandbox.identity import ACCOUNT_ID, CLUSTER_NAME

SERVICES = ("iam", "sts", "s3", "dynamodb", "secretsmanager", "kms", "sqs", "eks", "eks-auth")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/{ROLE}"
DEEPEST, LONGEST_PATH = 4, 6_000
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LEFT_OUT = {"DeleteCluster"}  # what all others are about

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "A",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:List*"],
            "Resource": [f"arn:aws:s3:::{BUCKET}/*a*a*a*z", "arn:aws:s3:::${aws:username}/*"],
            "Condition": {
                "StringLike": {"aws:UserAgent": "*a*a*a*a*z"},
                "ForAllValues:StringEqualsIfExists": {"aws:TagKeys": ["a"]},
                "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
                "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
                "NumericLessThan": {"s3:max-keys": "10"},
                "Bool": {"aws:SecureTransport": "true"},
                "Null": {"aws:TokenIssueTime": "false"},
                "ArnLike": {"aws:SourceArn": "arn:aws:*:*:*:*"},
            },
        }
    ],
}
EXPRESSIONS = (
    *(
        "attribute_exists(id)",
        "#a = :a",
        "a[0][99999999999] = :a",
        "a.b.c = :a",
        "NOT " * 500 + "a = :a",
    ),
    *(
        "(" * 1_000 + "a = :a" + ")" * 1_000,
        " AND ".join(["a = :a"] * 500),
        "SET a = a + :a",
        "SET #a = :a",
    ),
    *(
        "SET a = if_not_exists(a, :a)",
        "REMOVE a[0]",
        "ADD a :a",
        "DELETE a :a",
        "SET",
        "id = :a",
        "id IN (:a)",
    ),
    *(
        "begins_with(id, :a)",
        "size(a) > :a",
        "a BETWEEN :a AND :b",
        "contains(a, :a",
        "id,a[0],b.c",
        "SET a[1] = :a",
    ),
)
_TEXTS: dict[str, Any] = {
    "RoleName": ROLE, "UserName": USER, "Bucket": BUCKET, "Key": "k", "TableName": TABLE,
    "SecretId": SECRET, "Name": SECRET, "clusterName": CLUSTER_NAME, "name": CLUSTER_NAME,
    "RoleArn": ROLE_ARN, "roleArn": ROLE_ARN, "RoleSessionName": "s", "namespace": NAMESPACE,
    "serviceAccount": "default", "PolicyName": "p", "CopySource": f"{BUCKET}/k",
    "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
}  # fmt: skip
_POLICIES = {
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "Policy",
    "ResourcePolicy",
    "PolicyInputList",
}


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def _operations() -> list[tuple[str, str]]:
    found = [(service, name) for service in SERVICES for name in _model(service).operation_names]
    return [each for each in found if each[1] not in LEFT_OUT]


@st.composite
def policies(draw: st.DrawFn, whole: Any) -> str:
    """The text of a policy with odd parts."""
    return draw(json_bytes(draw(mutated(whole)))).decode("utf-8", "replace")


@st.composite
def _tokens(draw: st.DrawFn) -> str:
    """A web identity token: the real one, or one with an odd header, claims or signature."""
    real = TOKEN["text"].split(".") + [""] * 3
    header = draw(mutated({"alg": "RS256", "kid": "k", "typ": "JWT", "crit": ["exp"]}))
    claims = draw(
        mutated(
            {
                "iss": "https://x",
                "sub": "s",
                "aud": ["sts.amazonaws.com"],
                "exp": 2**31,
                "iat": 1,
                "nbf": 1,
                "kubernetes.io": {"namespace": "n"},
            }
        )
    )
    parts = [_encoded(draw(json_bytes(header))), _encoded(draw(json_bytes(claims))), real[2]]
    made = ".".join(parts[: draw(st.integers(1, 3))])
    return draw(
        st.sampled_from((TOKEN["text"], made, made, f"{real[0]}.{parts[1]}.{real[2]}")) | texts
    )


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw[:60_000]).rstrip(b"=").decode()


@st.composite
def _value(draw: st.DrawFn, shape: Any, name: str, depth: int) -> Any:
    """A value of a shape, mostly as it should be."""
    kind = shape.type_name
    if kind == "structure":
        chosen = {
            member: draw(_value(inner, member, depth + 1))
            for member, inner in shape.members.items()
            if member in shape.required_members or (depth < DEEPEST and draw(st.booleans()))
        }
        return (
            dict(list(chosen.items())[:1]) if getattr(shape, "is_tagged_union", False) else chosen
        )
    if kind == "list":
        count = draw(st.integers(0, 2)) if depth < DEEPEST else 0
        return [draw(_value(shape.member, name, depth + 1)) for _ in range(count)]
    if kind == "map":
        wanted = depth < DEEPEST and draw(st.booleans())
        key = draw(st.sampled_from(("id", "#a", ":a", "k")) | texts)
        return {key: draw(_value(shape.value, "", depth + 1))} if wanted else {}
    return draw(_scalar(shape, name))


@st.composite
def _scalar(draw: st.DrawFn, shape: Any, name: str) -> Any:
    kind = shape.type_name
    if kind in {"integer", "long"}:
        return draw(st.sampled_from((1, 0, -1, 3_600, 2**31, 2**63, 10**30)))
    if kind in {"float", "double"}:
        return draw(st.sampled_from((0.0, -1.5, 1e308)))
    if kind == "boolean":
        return draw(st.booleans())
    if kind == "timestamp":
        return draw(st.sampled_from(("2026-01-01T00:00:00Z", 0)))
    if kind == "blob":
        return draw(st.binary(max_size=12))
    if name in _POLICIES:
        return draw(policies(draw(st.sampled_from((POLICY, TRUST)))))
    if name in {"WebIdentityToken", "token"}:
        return draw(_tokens())
    if name.endswith("Expression"):
        return draw(st.sampled_from(EXPRESSIONS) | texts)
    if getattr(shape, "enum", None) and draw(st.integers(0, 9)):
        return draw(st.sampled_from(shape.enum))
    return draw(st.sampled_from((_TEXTS.get(name, "a"),) * 4) | texts)


@st.composite
def _modelled(draw: st.DrawFn) -> tuple[Call, ...]:
    """An operation with parameters by its model, changed again once on the wire."""
    service, name = draw(st.sampled_from(_operations()))
    model = _model(service)
    operation = model.operation_model(name)
    shape = operation.input_shape
    parameters = draw(_value(shape, "", 0)) if shape else {}
    if shape:
        parameters = {key: value for key, value in parameters.items() if key in shape.members}
    try:
        wire = create_serializer(model.metadata["protocol"], False).serialize_to_request(
            parameters, operation
        )
    except Exception:  # noqa: BLE001 - what botocore cannot write is sent without parameters
        wire = {"url_path": "/", "query_string": {}, "method": "POST", "headers": {}, "body": b""}
    return (draw(_on_the_wire(service, wire)),)


@st.composite
def _on_the_wire(draw: st.DrawFn, service: str, wire: dict[str, Any]) -> Call:
    headers = {"x-fuzz-service": {"eks-auth": "eks-auth"}.get(service, service)}
    named = {name: value for name, value in wire["headers"].items() if HEADER_NAME.fullmatch(name)}
    headers |= {name: _header(str(value)) for name, value in named.items()}
    body = wire["body"]
    if isinstance(body, dict):
        headers["Content-Type"] = FORM
        body = urlencode(draw(_form(body)), errors="replace").encode()
    elif headers.get("X-Amz-Target") or service in {"eks", "eks-auth"}:
        body = draw(_changed_json(body))
    elif isinstance(body, str):
        body = body.encode("utf-8", "replace")
    if service == "s3" and body and draw(st.integers(0, 4)) == 0:
        body = draw(
            st.sampled_from(
                (body[:-3], b"<a>" * 5_000, b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"\0")
            )
        )
    path = wire["url_path"] if isinstance(wire["url_path"], str) else "/"
    path = quote(path, safe="/%:?=&;~+", errors="replace")
    if asked := urlencode(wire["query_string"] or {}, doseq=True, errors="replace"):
        path += ("&" if "?" in path else "?") + asked
    if len(path) > LONGEST_PATH:
        path = "/"
    who = draw(st.sampled_from(("admin",) * 6 + ("user", "user", "nobody")))
    return Call("aws", wire["method"], path, headers, bytes(body or b""), who)


def _header(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() and ord(sign) < 256)[:4_000].strip()


@st.composite
def _form(draw: st.DrawFn, fields: dict[str, Any]) -> dict[str, Any]:
    changed = {
        name: draw(texts) if draw(st.integers(0, 15)) == 0 else value
        for name, value in fields.items()
    }
    if draw(st.integers(0, 9)) == 0:
        odd = (
            "Tags.member.99999999999.Key",
            "Tags.member.²",
            "A.member.1.member.1",
            "Tags",
            "x" * 3_000,
        )
        changed[draw(st.sampled_from(odd) | texts)] = draw(texts)
    if draw(st.integers(0, 30)) == 0:
        changed |= {f"Tags.member.{i}.Key": "k" for i in range(1, 3_000)}
    return changed


@st.composite
def _changed_json(draw: st.DrawFn, body: Any) -> bytes:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return bytes(body)
    return draw(json_bytes(draw(mutated(value))))


@st.composite
def _as_user(draw: st.DrawFn) -> tuple[Call, ...]:
    """A user's policy, and a call that it decides on."""
    text = draw(policies(POLICY))
    put = query(
        "admin", "iam", Action="PutUserPolicy", UserName=USER, PolicyName="p", PolicyDocument=text
    )
    key = draw(st.sampled_from(("a" * 900, "a" * 900 + "z", "k", "%00", "..%2f..", "%F0%9F%98%80")))
    headers = {"x-fuzz-service": "s3", "User-Agent": "a" * 900}
    return (put, Call("aws", "GET", f"/{BUCKET}/{key}", headers, b"", "user"))


@st.composite
def _trusted(draw: st.DrawFn) -> tuple[Call, ...]:
    """A role's trust policy, and who wants to become it."""
    text = draw(policies(TRUST))
    put = query("admin", "iam", Action="UpdateAssumeRolePolicy", RoleName=ROLE, PolicyDocument=text)
    fields = {"RoleArn": ROLE_ARN, "RoleSessionName": draw(st.just("s") | texts)}
    if draw(st.booleans()):
        fields["Policy"] = draw(policies(POLICY))
    if draw(st.booleans()):
        fields |= {"WebIdentityToken": draw(_tokens()), "Action": "AssumeRoleWithWebIdentity"}
        return (put, query("nobody", "sts", **fields))
    return (put, query("user", "sts", Action="AssumeRole", **fields))


@st.composite
def _odd_http(draw: st.DrawFn) -> tuple[Call, ...]:
    """What is hardly a call at all."""
    service = draw(st.sampled_from((*SERVICES, "sns", "", "²")))
    path = draw(
        st.sampled_from(
            (
                "/",
                "/?Action=ListUsers",
                "/%zz",
                "//",
                "/clusters/%00",
                "/?x=%ff",
                "/?delete&uploads",
            )
        )
    )
    names = (
        "X-Amz-Target",
        "Content-Type",
        "X-Amz-Date",
        "X-Amz-Content-Sha256",
        "Content-MD5",
        "Range",
        "X-Amz-Decoded-Content-Length",
        "Content-Encoding",
        "Authorization",
        "X-Amz-Security-Token",
    )
    given = {
        name: _header(draw(texts))
        for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=3))
    }
    body = draw(
        st.binary(max_size=30)
        | st.sampled_from((b"", b"[]", b"null", b"Action=x&Action=y", b"<a/>"))
    )
    method = draw(st.sampled_from(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW")))
    who = draw(st.sampled_from(("admin", "nobody")))
    if "Authorization" in given:
        who = "nobody"
    return (Call("aws", method, path, given | {"x-fuzz-service": service}, body, who),)


calls = st.one_of(_modelled(), _modelled(), _modelled(), _as_user(), _trusted(), _odd_http())
