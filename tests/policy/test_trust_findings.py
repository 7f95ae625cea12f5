"""What is wrong with a trust policy is found by name, and a right one is left in peace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irsa_helpers.policy import Request, evaluate
from irsa_helpers.trust import check_trust_policy

HOST = "oidc.eks.ap-northeast-2.amazonaws.com/id/"
ISSUER = f"{HOST}0123456789ABCDEF0123456789ABCDEF"
OTHER = f"{HOST}FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
PROVIDER_ARN = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
SUB = "system:serviceaccount:default:enginrect-sa"
AUD = "sts.amazonaws.com"
GOOD = {"StringEquals": {f"{ISSUER}:sub": SUB, f"{ISSUER}:aud": AUD}}


def policy(condition: dict[str, Any], **changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER_ARN},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement | changes]}


def equals(**claims: Any) -> dict[str, Any]:
    return {"StringEquals": {f"{ISSUER}:{claim}": value for claim, value in claims.items()}}


def found(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(f.name, f.severity) for f in check_trust_policy(document, PROVIDER_ARN)}


@pytest.mark.parametrize(
    "document",
    [
        policy(GOOD),
        policy(equals(sub=[SUB, "system:serviceaccount:shop:orders"], aud=AUD)),
        policy({"StringLike": GOOD["StringEquals"]}),
        policy(GOOD, Action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
        policy(GOOD, Action="sts:AssumeRole*"),
        policy({"ForAnyValue:StringEquals": GOOD["StringEquals"]}),
        policy(GOOD | {"Bool": {"aws:SecureTransport": "true"}}),
    ],
)
def test_a_right_policy_has_no_finding(document: dict[str, Any]) -> None:
    assert found(document) == set()


@pytest.mark.parametrize(
    ("document", "name", "severity"),
    [
        (policy(equals(aud=AUD)), "no-subject", "too-wide"),
        (policy(equals(sub=SUB)), "no-audience", "advice"),
        (policy(equals(sub=SUB, aud="sts.amazon.com")), "other-audience", "advice"),
        (policy(equals(sub=SUB, aud=SUB)), "subject-in-audience", "broken"),
        (policy(equals(sub=AUD, aud=AUD)), "subject-form", "broken"),
        (policy(equals(sub="default:enginrect-sa", aud=AUD)), "subject-form", "broken"),
        (
            policy(equals(sub="system:serviceaccount:default:*", aud=AUD)),
            "wildcard-under-equals",
            "broken",
        ),
        (
            policy(
                {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:*:*"}} | equals(aud=AUD)
            ),
            "wide-subject",
            "too-wide",
        ),
        (
            policy(
                {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:shop:*"}} | equals(aud=AUD)
            ),
            "wide-subject",
            "too-wide",
        ),
        (
            policy({"StringLike": {f"{ISSUER}:sub": "*"}} | equals(aud=AUD)),
            "wide-subject",
            "too-wide",
        ),
        (
            policy({"StringEqualsIfExists": {f"{ISSUER}:sub": SUB}} | equals(aud=AUD)),
            "loose-operator",
            "too-wide",
        ),
        (
            policy({"ForAllValues:StringEquals": {f"{ISSUER}:sub": SUB}} | equals(aud=AUD)),
            "loose-operator",
            "too-wide",
        ),
        (
            policy({"StringNotEquals": {f"{ISSUER}:sub": SUB}} | equals(aud=AUD)),
            "loose-operator",
            "too-wide",
        ),
        (
            policy({"StringEquals": {f"https://{ISSUER}:sub": SUB, f"{ISSUER}:aud": AUD}}),
            "url-in-key",
            "broken",
        ),
        (
            policy({"StringEquals": {f"{PROVIDER_ARN}:sub": SUB, f"{ISSUER}:aud": AUD}}),
            "arn-in-key",
            "broken",
        ),
        (
            policy({"StringEquals": {f"{OTHER}:sub": SUB, f"{ISSUER}:aud": AUD}}),
            "other-issuer-in-key",
            "broken",
        ),
        (policy(GOOD, Action="sts:AssumeRole"), "wrong-action", "broken"),
        (policy(GOOD, Action="sts:AssumeRoleX*"), "wrong-action", "broken"),
        (
            policy(GOOD, Principal={"Federated": PROVIDER_ARN.replace("1111", "4444", 1)}),
            "other-provider",
            "broken",
        ),
        (policy(GOOD, Principal={"Service": "ec2.amazonaws.com"}), "no-provider", "broken"),
        (policy(GOOD, Effect="Deny"), "no-provider", "broken"),
    ],
)
def test_a_flaw_is_found_and_no_other(document: dict[str, Any], name: str, severity: str) -> None:
    assert found(document) == {(name, severity)}


GREEN = PROVIDER_ARN.replace(ISSUER, OTHER)
GITHUB_HOST = "token.actions.githubusercontent.com"
GITHUB = PROVIDER_ARN.replace(ISSUER, GITHUB_HOST)
REPOSITORY = {"StringLike": {f"{GITHUB_HOST}:sub": "repo:org/app:*"}}
OF_GREEN = {"StringEquals": {f"{OTHER}:sub": SUB, f"{OTHER}:aud": AUD}}


def joined(*policies: dict[str, Any]) -> dict[str, Any]:
    """One policy with the statements of several."""
    return policies[0] | {"Statement": [s for each in policies for s in each["Statement"]]}


def deny(condition: dict[str, Any]) -> dict[str, Any]:
    return policy(condition, Effect="Deny", Principal="*")


def on(operator: str, **claims: str) -> dict[str, Any]:
    return {operator: {f"{ISSUER}:{claim}": value for claim, value in claims.items()}}


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (policy({"Null": {f"{ISSUER}:sub": "false"}} | equals(aud=AUD)), {"no-subject"}),
        (policy({"Null": {f"{ISSUER}:sub": "true"}} | equals(aud=AUD)), {"null-claim"}),
        (policy(GOOD, Principal="*"), {"any-principal"}),
        (policy(GOOD | on("StringLike", iss="https://*")), {"unknown-claim"}),
        (policy(GOOD | on("Bool", amr="true")), {"unknown-claim"}),
        (policy(equals(subject=SUB, aud=AUD)), {"unknown-claim"}),
        (policy(equals(**{"kubernetes.io/namespace": "shop"}, aud=AUD)), {"unknown-claim"}),
        (policy(GOOD | on("StringNotEquals", amr="x")), set[str]()),
        (policy(equals(sub=f"{SUB} ", aud=AUD)), {"subject-form"}),
        (policy(equals(sub="system:serviceaccount:NS:app", aud=AUD)), {"capitals"}),
        (policy(GOOD, Principal={"Federated": [GREEN, PROVIDER_ARN]}), set[str]()),
        (joined(policy(equals(aud=AUD)), deny(on("StringNotEquals", sub=SUB))), set[str]()),
        (joined(policy(GOOD), deny(on("StringEquals", sub=SUB))), {"denied"}),
        (joined(policy(GOOD), deny({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), set[str]()),
        (
            joined(
                policy(OF_GREEN, Principal={"Federated": GREEN}),
                policy(REPOSITORY, Principal={"Federated": GITHUB}),
                policy(GOOD),
            ),
            set[str](),
        ),
        (policy(on("StringLike", sub="system:*") | GOOD), set[str]()),
    ],
)
def test_what_works_is_not_called_broken_and_an_open_door_not_shut(
    document: dict[str, Any], names: set[str]
) -> None:
    assert {name for name, severity in found(document) if severity != "advice"} == names


def test_a_statement_that_works_makes_anothers_flaw_an_advice() -> None:
    slip = policy(equals(sub="system:serviceaccount:NS:app", aud=AUD))
    assert found(joined(policy(GOOD), slip)) == {("capitals", "advice")}
    assert found(policy(equals(sub=[SUB, "app"], aud=AUD))) == {("subject-form", "advice")}


def test_a_policy_for_another_audience_is_open_all_the_same() -> None:
    assert ("no-subject", "too-wide") in found(policy(equals(aud="vault")))


def test_an_operator_that_iam_does_not_know_is_for_its_parser_to_refuse() -> None:
    assert found(policy({"Equals": {f"{ISSUER}:sub": "nobody"}} | equals(aud=AUD))) == set()


def test_a_rebuilt_clusters_old_policy_names_the_new_provider_as_the_fix() -> None:
    old = PROVIDER_ARN.replace(ISSUER, OTHER)
    condition = {"StringEquals": {f"{OTHER}:sub": SUB, f"{OTHER}:aud": AUD}}
    [finding] = check_trust_policy(policy(condition, Principal={"Federated": old}), PROVIDER_ARN)
    assert finding.name == "other-provider"
    assert "another issuer" in finding.message
    assert PROVIDER_ARN in finding.fix


def test_a_finding_is_data_and_text() -> None:
    [finding] = check_trust_policy(policy(equals(aud=AUD)), PROVIDER_ARN)
    assert finding.to_dict()["name"] == "no-subject"
    assert str(finding).startswith("too-wide: no condition on :sub")
    assert f'"{ISSUER}:sub"' in finding.fix


def test_who_is_admitted_in_a_providers_place_is_told() -> None:
    [finding] = check_trust_policy(
        policy(GOOD, Principal={"Service": "ec2.amazonaws.com", "AWS": "*"}), PROVIDER_ARN
    )
    assert finding.message.endswith("principals: Service ec2.amazonaws.com, AWS *")
    [finding] = check_trust_policy({"Statement": []}, PROVIDER_ARN)
    assert finding.message.endswith("principals: none")


@pytest.mark.parametrize("action", ["sts:*", "*", "STS:*", "sts:AssumeRoleWith*"])
def test_an_action_that_means_all_is_one_for_tokens(action: str) -> None:
    assert found(policy(GOOD, Action=["sts:TagSession", action])) == set()


@pytest.mark.parametrize("claim", ["amr", "oaud", "email", "AUD"])
def test_each_claim_that_iam_knows_wants_its_issuer(claim: str) -> None:
    condition = {"StringEquals": GOOD["StringEquals"] | {f"{OTHER}:{claim}": AUD}}
    assert found(policy(condition)) == {("other-issuer-in-key", "broken")}
    unknown = {"StringEquals": GOOD["StringEquals"] | {f"{OTHER}:jti": "x"}}
    assert found(policy(unknown)) == set()


@pytest.mark.parametrize(
    ("operator", "value", "findings"),
    [
        ("StringNotEquals", AUD, {("loose-operator", "too-wide")}),
        ("ForAnyValue:StringEquals", "sts.*", {("wildcard-under-equals", "broken")}),
        ("StringLike", "sts.*", set()),
        ("StringLike", "*", {("wide-audience", "advice")}),
        ("Equals", AUD, set()),
    ],
)
def test_the_audience_is_looked_at_like_the_subject(
    operator: str, value: str, findings: set[tuple[str, str]]
) -> None:
    """An operator that IAM does not know is for its parser to refuse."""
    assert found(policy(equals(sub=SUB) | {operator: {f"{ISSUER}:aud": value}})) == findings


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (f"{SUB}*", f"like '{SUB}*': whoever can make a ServiceAccount in default gets in"),
        ("system:serviceaccount:*:a", "whoever can make a namespace or ServiceAccount gets in"),
        ("system:serviceaccount:team-?:a", "can make a namespace or ServiceAccount gets in"),
    ],
)
def test_a_wide_subject_says_who_gets_in(value: str, message: str) -> None:
    condition = {"StringLike": {f"{ISSUER}:sub": value}} | equals(aud=AUD)
    [finding] = check_trust_policy(policy(condition), PROVIDER_ARN)
    assert finding.name == "wide-subject"
    assert finding.message.endswith(message)


def on_subject(operator: str, value: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER_ARN},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            operator: {f"{ISSUER}:sub": value},
            "ForAnyValue:StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("operator", "value", "finding"),
    [
        ("StringLike", "system:*", ("wide-subject", "too-wide")),
        ("StringLike", "*:app", ("wide-subject", "too-wide")),
        ("StringLike", "system:serviceaccount:prod:*", ("wide-subject", "too-wide")),
        ("StringLike", "system:serviceaccount:prod:a?p", ("wide-subject", "too-wide")),
        ("StringLike", "system:serviceaccount:team-*:app", ("wide-subject", "too-wide")),
        ("StringEquals", "system:serviceaccount:prod:App", ("capitals", "broken")),
        ("StringEqualsIgnoreCase", "SYSTEM:SERVICEACCOUNT:PROD:APP", ("ignores-case", "advice")),
        ("StringEqualsIgnoreCase", "system:serviceaccount:prod:app", None),
        (
            "ForAllValues:StringLike",
            "system:serviceaccount:prod:app",
            ("loose-operator", "too-wide"),
        ),
        ("StringEqualsIfExists", "system:serviceaccount:*:x", ("wildcard-under-equals", "broken")),
        ("ArnEquals", "*", ("wide-subject", "too-wide")),
        ("ArnLike", "system:serviceaccount:prod:*", ("subject-form", "broken")),
    ],
)
def test_the_subject_is_read_as_the_evaluator_reads_it(
    operator: str, value: str, finding: tuple[str, str] | None
) -> None:
    findings = check_trust_policy(on_subject(operator, value), PROVIDER_ARN)
    told = {(each.name, each.severity) for each in findings}
    assert (finding in told) if finding else told == set()


OPERATORS = [
    "StringEquals",
    "StringLike",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "StringLikeIfExists",
]
PARTS = ["system", "serviceaccount", "prod", "app", "*", "p*", "?pp", "PROD", "", "x:y"]


@given(
    operator=st.sampled_from(OPERATORS),
    value=st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map(":".join),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_open_door_is_never_called_shut_nor_a_shut_one_open(operator: str, value: str) -> None:
    document = on_subject(operator, value)

    def admits(namespace: str, name: str) -> bool:
        context = {
            f"{ISSUER}:sub": f"system:serviceaccount:{namespace}:{name}",
            f"{ISSUER}:aud": ["sts.amazonaws.com"],
        }
        role = "arn:aws:iam::111122223333:role/r"
        request = Request(PROVIDER_ARN, "sts:AssumeRoleWithWebIdentity", role, context)
        return evaluate(request, resource_policy=document).allowed

    told = {each.severity for each in check_trust_policy(document, PROVIDER_ARN)}
    tomorrow = admits("tomorrow", "tomorrow")
    some = [(n, a) for n in ("prod", "app", "px", "xpp") for a in ("app", "prod", "px", "xpp")]
    known = [place for place in some if admits(*place)]
    assert ("broken" in told) <= (not known)
    assert tomorrow <= ("too-wide" in told)
    if not known and not tomorrow:
        assert told & {"broken", "too-wide", "advice"}
