"""EKS Pod Identity's target roles: the association's role assumes another one for the Pod."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_endpoint import ACCOUNT, REGION, Endpoint
from botocore.exceptions import ClientError

CLUSTER = "enginrect-cluster"
PARTNER = "444455556666"
FIRST = f"arn:aws:iam::{ACCOUNT}:role/first"
TARGET = f"arn:aws:iam::{PARTNER}:role/target"
EXTERNAL_ID = f"{REGION}/{ACCOUNT}/{CLUSTER}/default/enginrect-sa"
BOTH = ["sts:AssumeRole", "sts:TagSession"]
BY_ACCOUNT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
BY_TAGS = {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "default"}}


def document(principal: Any, actions: list[str], **more: Any) -> str:
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def partner(endpoint: Endpoint) -> Any:
    """IAM of the account that the target role is in."""
    answer = endpoint.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{PARTNER}:role/OrganizationAccountAccessRole",
        RoleSessionName="admin",
    )
    iam = endpoint.client("iam", answer["Credentials"])
    iam.create_role(RoleName="target", AssumeRolePolicyDocument=document(BY_ACCOUNT, BOTH))
    return iam


@pytest.fixture(scope="module")
def iam(endpoint: Endpoint) -> Any:
    """IAM of the cluster's account, where the association's role is."""
    iam = endpoint.client("iam")
    pods = {"Service": "pods.eks.amazonaws.com"}
    iam.create_role(RoleName="first", AssumeRolePolicyDocument=document(pods, BOTH))
    return iam


@pytest.fixture(scope="module")
def association(endpoint: Endpoint, iam: Any, partner: Any) -> dict[str, Any]:
    """An association with a target role in the other account."""
    made: dict[str, Any] = endpoint.client("eks").create_pod_identity_association(
        clusterName=CLUSTER,
        namespace="default",
        serviceAccount="enginrect-sa",
        roleArn=FIRST,
        targetRoleArn=TARGET,
    )["association"]
    return made


@pytest.fixture(autouse=True)
def chain(iam: Any, partner: Any, association: dict[str, Any], change: Any) -> None:
    """Both roles as the User Guide has them, the session tagged."""
    allow(iam, BOTH)
    trust(partner, document(BY_ACCOUNT, BOTH, Condition=BY_TAGS))
    change(disableSessionTags=False, targetRoleArn=TARGET)


def allow(iam: Any, actions: list[str]) -> None:
    """What the association's role may do with the target role."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": TARGET}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="first", PolicyName="chain", PolicyDocument=policy)


def trust(partner: Any, policy: str) -> None:
    """Whom the target role admits."""
    partner.update_assume_role_policy(RoleName="target", PolicyDocument=policy)


@pytest.fixture
def change(endpoint: Endpoint, association: dict[str, Any]) -> Any:
    """Change the association; returns it."""

    def change(**parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = endpoint.client("eks").update_pod_identity_association(
            clusterName=CLUSTER, associationId=association["associationId"], **parameters
        )["association"]
        return answer

    return change


@pytest.fixture
def assume(endpoint: Endpoint) -> Any:
    """EKS Auth's answer for the Pod's token."""
    found = asyncio.run(endpoint.aws.instance_credentials("enginrect-node-role"))
    agent = endpoint.client("eks-auth", {**found, "SessionToken": found["Token"]})

    def assume() -> dict[str, Any]:
        token = endpoint.issuer.token(aud=["pods.eks.amazonaws.com"])
        answer: dict[str, Any] = agent.assume_role_for_pod_identity(
            clusterName=CLUSTER, token=token
        )
        return answer

    return assume


def refused(assume: Any, endpoint: Endpoint) -> str:
    """Why EKS Auth gave nothing, as the trace's last hop says."""
    with pytest.raises(ClientError) as refusal:
        assume()
    assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"
    last = endpoint.trace.since()[-1]
    assert (last["outcome"], last["detail"]["role_arn"]) == ("denied", TARGET)
    return str(last["detail"]["explanation"])


def test_the_association_tells_its_target_and_external_id(association: dict[str, Any]) -> None:
    assert (association["targetRoleArn"], association["externalId"]) == (TARGET, EXTERNAL_ID)


def test_the_pod_gets_an_hour_as_the_target_role(endpoint: Endpoint, assume: Any) -> None:
    before = len(endpoint.trace.since())
    answer = assume()
    arn = answer["assumedRoleUser"]["arn"]
    assert arn.startswith(f"arn:aws:sts::{PARTNER}:assumed-role/target/eks-")
    life = answer["credentials"]["expiration"] - datetime.now(UTC)
    assert 3590 < life.total_seconds() <= 3600
    found = answer["credentials"]
    keys = {
        "AccessKeyId": found["accessKeyId"],
        "SecretAccessKey": found["secretAccessKey"],
        "SessionToken": found["sessionToken"],
    }
    assert endpoint.client("sts", keys).get_caller_identity()["Arn"] == arn
    hops = [hop for hop in endpoint.trace.since()[before:] if hop["kind"] == "trust-policy"]
    assert [hop["detail"]["role_arn"] for hop in hops] == [FIRST, FIRST, TARGET, TARGET]
    assert {hop["outcome"] for hop in hops} == {"ok"}


def test_the_tags_go_along_to_a_third_role(endpoint: Endpoint, assume: Any, partner: Any) -> None:
    answer = assume()["credentials"]
    keys = {
        "AccessKeyId": answer["accessKeyId"],
        "SecretAccessKey": answer["secretAccessKey"],
        "SessionToken": answer["sessionToken"],
    }
    third = partner.create_role(
        RoleName="third",
        AssumeRolePolicyDocument=document({"AWS": TARGET}, BOTH, Condition=BY_TAGS),
    )["Role"]["Arn"]
    sts = endpoint.client("sts", keys)
    assert sts.assume_role(RoleArn=third, RoleSessionName="third")["Credentials"]


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (
            {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "other"}},
            "kubernetes-namespace",
        ),
        ({"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}, ":ExternalId"),
        ({"ArnEquals": {"aws:PrincipalArn": f"{FIRST}-2"}}, ":PrincipalArn"),
    ],
    ids=["another tag", "the external id beside tags", "another role"],
)
def test_a_target_that_does_not_trust_the_role_gives_nothing(
    endpoint: Endpoint, assume: Any, partner: Any, condition: dict[str, Any], says: str
) -> None:
    trust(partner, document(BY_ACCOUNT, BOTH, Condition=condition))
    assert says in refused(assume, endpoint)


def test_both_calls_must_be_allowed_on_both_sides(
    endpoint: Endpoint, assume: Any, iam: Any, partner: Any
) -> None:
    for actions in (["sts:AssumeRole"], ["sts:TagSession"]):
        allow(iam, actions)
        assert "identity-based policy" in refused(assume, endpoint)
    allow(iam, BOTH)
    trust(partner, document(BY_ACCOUNT, ["sts:AssumeRole"]))
    assert "trust policy" in refused(assume, endpoint)


def test_without_tags_the_external_id_says_who_asks(
    endpoint: Endpoint, assume: Any, iam: Any, partner: Any, change: Any
) -> None:
    assert change(disableSessionTags=True)["externalId"] == EXTERNAL_ID
    allow(iam, ["sts:AssumeRole"])
    same = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    trust(partner, document(BY_ACCOUNT, ["sts:AssumeRole"], Condition=same))
    assert assume()["credentials"]
    other = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID.replace("default", "other")}}
    trust(partner, document(BY_ACCOUNT, ["sts:AssumeRole"], Condition=other))
    assert ":ExternalId" in refused(assume, endpoint)


def test_a_target_that_is_not_there_is_named(endpoint: Endpoint, assume: Any, change: Any) -> None:
    gone = f"arn:aws:iam::{PARTNER}:role/gone"
    change(targetRoleArn=gone)
    with pytest.raises(ClientError, match="AccessDeniedException"):
        assume()
    last = endpoint.trace.since()[-1]
    assert last["outcome"] == "denied"
    assert last["detail"]["explanation"] == f"the target role {gone} does not exist"


def test_an_update_takes_the_target_away(assume: Any, change: Any) -> None:
    assert {"targetRoleArn", "externalId"}.isdisjoint(change(targetRoleArn=""))
    assert f"::{ACCOUNT}:assumed-role/first/" in assume()["assumedRoleUser"]["arn"]


@pytest.mark.parametrize("target", ["target", f"arn:aws:iam::{PARTNER}:user/target", f"{TARGET} x"])
def test_a_target_that_is_no_role_is_refused(change: Any, target: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Invalid role ARN"):
        change(targetRoleArn=target)


def test_the_role_of_the_association_stays_in_the_clusters_account(change: Any) -> None:
    with pytest.raises(ClientError, match="Cross-account pass role is not allowed"):
        change(roleArn=TARGET)
