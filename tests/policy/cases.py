"""Written cases: what a policy says, what a request is, in tables by subject.

`python -m tests.policy.cases` asks the independent simulator and writes `verdicts.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Case = dict[str, Any]

VERDICTS = Path(__file__).with_name("verdicts.json")
ACCOUNT = "111122223333"
ISSUER = "oidc.eks.ap-northeast-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
OTHER_ISSUER = "oidc.eks.ap-northeast-2.amazonaws.com/id/FEDCBA9876543210FEDCBA9876543210"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/enginrect-irsa-role"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/enginrect-irsa-role/pod"
USER = f"arn:aws:iam::{ACCOUNT}:user/learner"
SUB = "system:serviceaccount:default:enginrect-sa"
AUD = "sts.amazonaws.com"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
BUCKET = "arn:aws:s3:::enginrect-data"
OBJECT = f"{BUCKET}/hello.txt"


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any = "s3:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "s3:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def trust(condition: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": WEB_IDENTITY,
        **({"Condition": condition} if condition is not None else {}),
    }
    return policy(statement | more)


def token(sub: str = SUB, aud: str = AUD) -> dict[str, str]:
    return {f"{ISSUER}:sub": sub, f"{ISSUER}:aud": aud}


def web_identity(name: str, trust_policy: dict[str, Any], context: dict[str, Any]) -> Case:
    return {
        "id": f"trust: {name}",
        "principal": PROVIDER,
        "action": WEB_IDENTITY,
        "resource": ROLE,
        "context": context,
        "resource_policy": trust_policy,
    }


def identity(
    name: str,
    *policies: dict[str, Any],
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    context: dict[str, Any] | None = None,
    **more: Any,
) -> Case:
    return {
        "id": name,
        "principal": SESSION,
        "action": action,
        "resource": resource,
        "context": context or {},
        "identity_policies": list(policies),
        **more,
    }


def trust_cases() -> Iterator[Case]:
    sub, aud = f"{ISSUER}:sub", f"{ISSUER}:aud"
    exact = {"StringEquals": {sub: SUB, aud: AUD}}
    subjects = [
        SUB,
        SUB.replace("enginrect-sa", "enginrect-SA"),
        SUB.replace("default", "prod"),
        SUB.replace("enginrect-sa", "other-sa"),
        SUB + "x",
        SUB[:-1],
        "system:serviceaccount:default:",
        "system:serviceaccount:kube-system:enginrect-sa",
        "enginrect-sa",
        "",
    ]
    for each in subjects:
        yield web_identity(f"exact sub against {each!r}", trust(exact), token(each))
    for each in (AUD, "sts.amazon.com", "STS.amazonaws.com", "vault", AUD + " ", ""):
        yield web_identity(f"exact aud against {each!r}", trust(exact), token(aud=each))
    conditions: dict[str, dict[str, Any] | None] = {
        "no condition": None,
        "sub alone": {"StringEquals": {sub: SUB}},
        "aud alone": {"StringEquals": {aud: AUD}},
        "star under StringEquals": {"StringEquals": {sub: "system:serviceaccount:default:*"}},
        "star under StringLike": {"StringLike": {sub: "system:serviceaccount:default:*"}},
        "every ServiceAccount": {"StringLike": {sub: "system:serviceaccount:*:*"}},
        "question marks": {"StringLike": {sub: "system:serviceaccount:default:enginrect-??"}},
        "prefix of namespace": {"StringLike": {sub: "system:serviceaccount:def*:enginrect-sa"}},
        "case ignored": {"StringEqualsIgnoreCase": {sub: SUB.upper()}},
        "key in other case": {"StringEquals": {sub.upper(): SUB}},
        "list of subs": {"StringEquals": {sub: ["a", SUB]}},
        "empty list": {"StringEquals": {sub: []}},
        "other issuer's key": {"StringEquals": {f"{OTHER_ISSUER}:sub": SUB}},
        "key without issuer": {"StringEquals": {"sts:sub": SUB}},
        "aud where sub was meant": {"StringEquals": {aud: SUB}},
        "sub and aud swapped": {"StringEquals": {sub: AUD, aud: SUB}},
        "IfExists of a mistyped key": {"StringEqualsIfExists": {f"{ISSUER}:subject": SUB}},
        "ForAllValues of a mistyped key": {"ForAllValues:StringEquals": {f"{ISSUER}:subject": SUB}},
        "ForAnyValue of a mistyped key": {"ForAnyValue:StringEquals": {f"{ISSUER}:subject": SUB}},
        "negated mistyped key": {"StringNotEquals": {f"{ISSUER}:subject": "x"}},
        "negated sub": {"StringNotEquals": {sub: "system:serviceaccount:kube-system:default"}},
        "negated like": {"StringNotLike": {sub: "system:serviceaccount:kube-*:*"}},
        "negated list": {"StringNotEquals": {sub: ["a", SUB]}},
        "Null false of sub": {"Null": {sub: "false"}},
        "Null true of sub": {"Null": {sub: "true"}},
        "Null true of amr": {"Null": {f"{ISSUER}:amr": "true"}},
        "both operators": {"StringLike": {sub: "system:*"}, "StringEquals": {aud: AUD}},
        "one of two fails": {"StringLike": {sub: "system:*"}, "StringEquals": {aud: "vault"}},
        "ArnLike on a plain text": {"ArnLike": {sub: SUB}},
        "Bool on a plain text": {"Bool": {sub: "true"}},
        "NumericEquals on a plain text": {"NumericEquals": {sub: "1"}},
    }
    for name, condition in conditions.items():
        for who, claims in {
            "the one": token(),
            "another": token(SUB.replace("enginrect-sa", "other-sa")),
            "no claims": {},
        }.items():
            yield web_identity(f"{name}, {who}", trust(condition), claims)
    principals: dict[str, Any] = {
        "other provider": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{OTHER_ISSUER}"},
        "list of providers": {"Federated": ["accounts.google.com", PROVIDER]},
        "account root": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "service": {"Service": "ec2.amazonaws.com"},
    }
    for name, principal in principals.items():
        yield web_identity(f"principal {name}", trust(exact, Principal=principal), token())
    for action in (
        "sts:AssumeRole",
        "sts:*",
        "STS:assumerolewithwebidentity",
        "sts:AssumeRoleWith*",
    ):
        yield web_identity(f"action {action}", trust(exact, Action=action), token())
    denied = trust(exact)
    denied["Statement"].append(
        trust({"StringLike": {sub: "system:serviceaccount:default:*"}}, Effect="Deny")["Statement"][
            0
        ]
    )
    yield web_identity("a Deny beside the Allow", denied, token())


def operator_cases() -> Iterator[Case]:
    rows: dict[str, tuple[str, list[tuple[Any, Any]]]] = {
        "String": (
            "aws:PrincipalTag/team",
            [
                *(("red", "red"), ("red", "Red"), ("r*", "red"), ("r*", "r*")),
                *((["a", "red"], "red"), ("équipe", "ÉQUIPE"), ("straße", "STRASSE")),
            ],
        ),
        "Numeric": (
            "s3:max-keys",
            [("10", "10"), ("10", "9"), ("10", "11"), ("10.0", "10"), ("x", "10"), ("10", "x")],
        ),
        "Date": (
            "aws:CurrentTime",
            [
                ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z"),
                ("2026-11-23T00:00:00Z", "2026-11-22T00:00:00Z"),
                ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
            ],
        ),
        "Arn": (
            "aws:PrincipalArn",
            [
                (ROLE, ROLE),
                (ROLE, ROLE.replace("irsa", "other")),
                (f"arn:aws:iam::{ACCOUNT}:role/*", ROLE),
                ("arn:aws:iam::*:role/enginrect-*", ROLE),
                ("arn:*", ROLE),
                (f"arn:aws:iam::{ACCOUNT}:user/*", ROLE),
            ],
        ),
    }
    families = {
        "String": [
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        "Numeric": [
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        "Date": [
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        "Arn": ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
    }
    for family, operators in families.items():
        key, pairs = rows[family]
        for operator in operators:
            for wanted, actual in pairs:
                yield conditional(
                    f"{operator} {wanted!r} {actual!r}", operator, key, wanted, actual
                )
            yield conditional(f"{operator} absent", operator, key, pairs[0][0], None)
            yield conditional(
                f"{operator}IfExists absent", f"{operator}IfExists", key, pairs[0][0], None
            )
    addresses = [
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.0.0.0/8", "11.1.2.3"),
        ("10.1.2.3", "10.1.2.3"),
        (["192.168.0.0/16", "10.0.0.0/8"], "10.9.9.9"),
        ("2001:db8::/32", "2001:db8::1"),
    ]
    for operator in ("IpAddress", "NotIpAddress"):
        for wanted, actual in addresses:
            yield conditional(
                f"{operator} {wanted!r} {actual!r}", operator, "aws:SourceIp", wanted, actual
            )
        yield conditional(f"{operator} absent", operator, "aws:SourceIp", "10.0.0.0/8", None)
    for wanted, actual in (("true", "true"), ("true", "false"), ("false", "false"), ("true", None)):
        yield conditional(f"Bool {wanted} {actual}", "Bool", "aws:SecureTransport", wanted, actual)
        yield conditional(
            f"BoolIfExists {wanted} {actual}", "BoolIfExists", "aws:SecureTransport", wanted, actual
        )
    both = ["true", "false"]
    for wanted, actual in (
        *(("true", "x"), ("true", None), ("false", "x"), ("false", None)),
        *((both, "x"), (both, None), ("no", "x"), ("no", None)),
    ):
        yield conditional(
            f"Null {wanted} {actual}", "Null", "aws:PrincipalTag/team", wanted, actual
        )


def conditional(name: str, operator: str, key: str, wanted: Any, actual: Any) -> Case:
    context = {} if actual is None else {key: actual}
    return identity(
        f"operator: {name}", policy(allow(Condition={operator: {key: wanted}})), context=context
    )


def set_cases() -> Iterator[Case]:
    key = "aws:TagKeys"
    for quantifier in ("ForAllValues", "ForAnyValue"):
        for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"):
            for wanted in (["a", "b"], ["a*"]):
                for actual in (["a"], ["a", "b"], ["a", "c"], ["c"], None):
                    yield conditional(
                        f"{quantifier}:{operator} {wanted} {actual}",
                        f"{quantifier}:{operator}",
                        key,
                        wanted,
                        actual,
                    )


def matching_cases() -> Iterator[Case]:
    actions = ["s3:GetObject", "s3:*", "*", "S3:getobject", "s3:Get*", "s3:GetObjec?", "s3:Put*"]
    actions += ["ſ3:GetObject", "s3:GetObject\u212a"]  # to Unicode, cases of "s" and of "k"
    for action in actions:
        yield identity(f"action {action}", policy(allow(action)))
        statement = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
        yield identity(f"not action {action}", policy(statement))
    resources = [
        "*",
        OBJECT,
        BUCKET,
        f"{BUCKET}/*",
        f"{BUCKET}*",
        "arn:aws:s3:::*/hello.txt",
        "arn:aws:s3:::enginrect-????/hello.txt",
        f"{BUCKET}/HELLO.TXT",
        f"{BUCKET}/a/*",
        "arn:*:s3:::enginrect-data/*",
    ]
    for resource in resources:
        for asked in (OBJECT, f"{BUCKET}/a/b.txt"):
            yield identity(
                f"resource {resource} {asked}", policy(allow(resource=resource)), resource=asked
            )
            statement = {"Effect": "Allow", "Action": "s3:*", "NotResource": resource}
            yield identity(f"not resource {resource} {asked}", policy(statement), resource=asked)
    yield identity(
        "bucket against ListBucket",
        policy(allow("s3:ListBucket", BUCKET)),
        action="s3:ListBucket",
        resource=BUCKET,
    )
    yield identity(
        "objects against ListBucket",
        policy(allow("s3:ListBucket", f"{BUCKET}/*")),
        action="s3:ListBucket",
        resource=BUCKET,
    )


def variable_cases() -> Iterator[Case]:
    tag = "${aws:PrincipalTag/team}"
    contexts: dict[str, dict[str, Any]] = {
        "red": {"aws:PrincipalTag/team": "red"},
        "blue": {"aws:PrincipalTag/team": "blue"},
        "star": {"aws:PrincipalTag/team": "*"},
        "absent": {},
    }
    for name, context in contexts.items():
        yield identity(
            f"variable in resource, {name}",
            policy(allow(resource=f"{BUCKET}/{tag}/*")),
            resource=f"{BUCKET}/red/x",
            context=context,
        )
        yield identity(
            f"variable with default, {name}",
            policy(allow(resource=BUCKET + "/${aws:PrincipalTag/team, 'red'}/*")),
            resource=f"{BUCKET}/red/x",
            context=context,
        )
        yield identity(
            f"variable in condition, {name}",
            policy(allow(Condition={"StringEquals": {"s3:prefix": tag}})),
            context=context | {"s3:prefix": "red"},
        )
        yield identity(
            f"variable in StringLike, {name}",
            policy(allow(Condition={"StringLike": {"s3:prefix": f"{tag}/*"}})),
            context=context | {"s3:prefix": "red/x"},
        )
        yield identity(
            f"variable negated, {name}",
            policy(allow(Condition={"StringNotEquals": {"s3:prefix": tag}})),
            context=context | {"s3:prefix": "red"},
        )


def layered_cases() -> Iterator[Case]:
    some = {
        "allows": policy(allow()),
        "denies": policy(deny()),
        "says nothing": policy(allow("dynamodb:*")),
    }
    for first in some:
        for second in some:
            yield identity(f"two policies: {first}, {second}", some[first], some[second])
            yield identity(
                f"boundary {second}, policy {first}", some[first], permissions_boundary=some[second]
            )
            yield identity(
                f"session {second}, policy {first}", some[first], session_policy=some[second]
            )
            for third in some:
                yield identity(
                    f"policy {first}, session {second}, boundary {third}",
                    some[first],
                    session_policy=some[second],
                    permissions_boundary=some[third],
                )
    either = policy(allow("dynamodb:*"), allow(["s3:Put*", "s3:Get*"], [BUCKET, OBJECT]))
    for name in ("session_policy", "permissions_boundary"):
        yield identity(f"{name} of two statements, one of which allows", either, **{name: either})
    exceptions = {"Effect": "Allow", "NotAction": ["s3:Put*", "s3:Get*"], "Resource": "*"}
    yield identity("one of two exceptions of actions", policy(exceptions))
    exceptions = {"Effect": "Allow", "Action": "*", "NotResource": [BUCKET, OBJECT]}
    yield identity("one of two exceptions of resources", policy(exceptions))
    callers = {
        "account": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "role": {"AWS": ROLE},
        "session": {"AWS": SESSION},
        "another role": {"AWS": ROLE.replace("irsa", "other")},
        "everyone": "*",
        "every AWS principal": {"AWS": "*"},
    }
    for name, principal in callers.items():
        for effect in ("Allow", "Deny"):
            bucket_policy = policy(
                {
                    "Effect": effect,
                    "Principal": principal,
                    "Action": "s3:*",
                    "Resource": f"{BUCKET}/*",
                }
            )
            for own in some:
                yield identity(
                    f"bucket policy {effect} {name}, policy {own}",
                    some[own],
                    resource_policy=bucket_policy,
                )
            yield from limited_cases(f"{effect} {name}", bucket_policy)


def limited_cases(name: str, bucket_policy: dict[str, Any]) -> Iterator[Case]:
    """A boundary that does not allow the call, over what a bucket policy says."""
    elsewhere = policy(allow("dynamodb:*"))
    for who in (SESSION, ROLE, USER):
        for own in ([], [policy(allow())]):
            case = identity(
                f"boundary over bucket policy {name}, {who.partition(':')[2]}, {len(own)} own",
                *own,
                resource_policy=bucket_policy,
                permissions_boundary=elsewhere,
            )
            yield case | {"principal": who}


def all_cases() -> list[Case]:
    """Every written case; ids are unique."""
    made = [
        *trust_cases(),
        *operator_cases(),
        *set_cases(),
        *matching_cases(),
        *variable_cases(),
        *layered_cases(),
    ]
    ids = [each["id"] for each in made]
    assert len(ids) == len(set(ids)), "two cases share an id"
    return made


def main() -> None:
    """Ask the simulator for its verdicts and write them down."""
    from tests.policy.oracle import simulator

    cases = all_cases()
    answers = simulator.verdicts(cases)
    found = {case["id"]: verdict for case, verdict in zip(cases, answers, strict=True)}
    VERDICTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} verdicts")


if __name__ == "__main__":
    main()
