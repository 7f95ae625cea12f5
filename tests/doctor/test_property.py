"""For random worlds in the sandbox: no link is broken if and only if the Pod's calls succeed.

What succeeds is asked of the real things: the sandbox's webhook, its STS and S3, and boto3 with the
variables and the token that the Pod has. No process is started: the Pod waits for a node.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from irsa_helpers import oidc, storage
from irsa_helpers.doctor import Diagnosis, doctor
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World
from irsa_helpers.worlds.environment import sandbox_environment
from tests.doctor.chains import allow, policy

ROLE_ARN, AUDIENCE = "eks.amazonaws.com/role-arn", "eks.amazonaws.com/audience"
Document = dict[str, Any]

TRUSTS = {
    "right": lambda key, sub: {"StringEquals": {f"{key}:sub": sub}},
    "a pattern": lambda key, sub: {"StringLike": {f"{key}:sub": f"{sub[:-1]}*"}},
    "a star under equals": lambda key, sub: {"StringEquals": {f"{key}:sub": f"{sub[:-1]}*"}},
    "a capital": lambda key, sub: {"StringEquals": {f"{key}:sub": sub[:-1] + "P"}},
    "blind to case": lambda key, sub: {"StringEqualsIgnoreCase": {f"{key}:sub": sub.upper()}},
    "another": lambda key, sub: {"StringEquals": {f"{key}:sub": f"{sub}-2"}},
    "if exists": lambda key, sub: {"StringEqualsIfExists": {f"{key}:sub": sub}},
    "all but it": lambda key, sub: {"StringNotEquals": {f"{key}:sub": sub}},
    "is there": lambda key, _: {"Null": {f"{key}:sub": "false"}},
    "no amr": lambda key, sub: {"StringEquals": {f"{key}:sub": sub, f"{key}:amr": "x"}},
    "its audience": lambda key, _: {"StringEquals": {f"{key}:aud": "sts.amazonaws.com"}},
    "region": lambda key, sub: {
        "StringEquals": {f"{key}:sub": sub, "aws:RequestedRegion": "ap-northeast-2"}
    },
    "past": lambda *_: {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    "session": lambda *_: {"StringLike": {"sts:RoleSessionName": "app-*"}},
    "address": lambda *_: {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
    "endpoint": lambda *_: {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
}
ENVIRONMENTS = [
    {},
    {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"},
    {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"},
    {"AWS_SECRET_ACCESS_KEY": "x"},
    {"AWS_PROFILE": "production"},
    {"AWS_PROFILE": ""},
    {"AWS_ROLE_SESSION_NAME": "app-1"},
    {"AWS_ROLE_SESSION_NAME": "a/b"},
]


def permissions(kind: str, bucket: str) -> list[Document]:
    arn = f"arn:aws:s3:::{bucket}"
    get, listing = allow("s3:GetObject", f"{arn}/*"), allow("s3:ListBucket", arn)
    deny = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}
    return {
        "read": [get, listing],
        "denied": [get, listing, deny],
        "denied elsewhere": [get, listing, {**deny, "Resource": f"{arn}-2/*"}],
        "on the bucket": [allow(["s3:GetObject", "s3:ListBucket"], arn)],
        "over TLS": [{**get, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, listing],
        "without TLS": [{**get, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, listing],
    }[kind]


def bucket_policy(kind: str, bucket: str, role: str) -> Document | None:
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
    condition = {
        "TLS": {"Bool": {"aws:SecureTransport": "false"}},
        "the role": {"ArnEquals": {"aws:PrincipalArn": role}},
        "all but the role": {"ArnNotEquals": {"aws:PrincipalArn": role}},
    }
    return policy(deny | {"Condition": condition[kind]}) if kind in condition else None


worlds = st.fixed_dictionaries(
    {
        "annotation": st.sampled_from(
            ["right", "right", "right", "right", "none", "blank", "gone"]
        ),
        "first": st.sampled_from(["account", "account", "account", "pod"]),
        "audience": st.sampled_from(["sts.amazonaws.com"] * 3 + ["vault"]),
        "clients": st.sampled_from([["sts.amazonaws.com"]] * 3 + [["sts.amazonaws.com", "vault"]]),
        "trust": st.sampled_from(sorted(TRUSTS)),
        "deny": st.sampled_from(["", "", "", "it", "all but it"]),
        "environment": st.sampled_from([{}, {}, *ENVIRONMENTS]),
        "permissions": st.sampled_from(
            ["read"] * 3
            + ["denied", "denied elsewhere", "on the bucket", "over TLS", "without TLS"]
        ),
        "bucket": st.sampled_from(["", "", "TLS", "the role", "all but the role"]),
    }
)


class Ground:
    """A namespace, a bucket with an object, and a role, made again for each random world."""

    def __init__(self, world: World, namespace: str, folder: Path) -> None:
        self.world, self.namespace, self.folder = world, namespace, folder
        self.bucket, self.role = f"{namespace}-data", f"{namespace}-role"
        self.role_arn = f"arn:aws:iam::111122223333:role/{self.role}"
        self.subject = f"system:serviceaccount:{namespace}:app"
        self.key = oidc.issuer_host_path(oidc.issuer_url(world))
        self.round = 0
        oidc.ensure_provider(world, ["sts.amazonaws.com", "vault"])
        storage.ensure_bucket(world, self.bucket)
        world.aws("s3").put_object(Bucket=self.bucket, Key="hello", Body=b"hello")
        world.aws("iam").create_role(
            RoleName=self.role, AssumeRolePolicyDocument=json.dumps(self.trust("right", ""))
        )
        self.accounts = world.resource("v1", "ServiceAccount")
        self.accounts.create(namespace=namespace, body={"metadata": {"name": "app"}})

    def trust(self, kind: str, deny: str) -> Document:
        provider = oidc.provider_arn(self.world)
        [own] = build_trust_policy(provider, self.namespace, "app")["Statement"]
        own = {**own, "Condition": TRUSTS[kind](self.key, self.subject)}
        operator = {"it": "StringEquals", "all but it": "StringNotEquals"}.get(deny)
        shut = {"Effect": "Deny", "Principal": "*", "Action": own["Action"]}
        refused = shut | {"Condition": {operator: {f"{self.key}:sub": self.subject}}}
        return policy(own, *([refused] if operator else []))

    def make(self, drawn: Document) -> str:
        """Make the world that was drawn; the Pod's name."""
        iam, s3 = self.world.aws("iam"), self.world.aws("s3")
        trust = json.dumps(self.trust(drawn["trust"], drawn["deny"]))
        iam.update_assume_role_policy(RoleName=self.role, PolicyDocument=trust)
        read = json.dumps(policy(*permissions(drawn["permissions"], self.bucket)))
        iam.put_role_policy(RoleName=self.role, PolicyName="read", PolicyDocument=read)
        rules = bucket_policy(drawn["bucket"], self.bucket, self.role_arn)
        if rules is None:
            s3.delete_bucket_policy(Bucket=self.bucket)
        else:
            s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(rules))
        steps = [lambda: self._annotate(drawn), lambda: self._pod(drawn["environment"])]
        if drawn["first"] == "pod":
            self._clear()
            steps.reverse()
        for step in steps:
            step()
        return f"app-{self.round}"

    def _clear(self) -> None:
        body = {"metadata": {"annotations": {ROLE_ARN: None, AUDIENCE: None}}}
        self._patch(body)

    def _annotate(self, drawn: Document) -> None:
        arn = {
            "right": self.role_arn,
            "none": None,
            "blank": f"{self.role_arn} ",
            "gone": f"{self.role_arn}-2",
        }[drawn["annotation"]]
        self._patch({"metadata": {"annotations": {ROLE_ARN: arn, AUDIENCE: drawn["audience"]}}})

    def _patch(self, body: Document) -> None:
        self.accounts.patch(
            name="app", namespace=self.namespace, body=body,
            content_type="application/merge-patch+json",
        )  # fmt: skip

    def _pod(self, environment: dict[str, str]) -> None:
        self.round += 1
        variables = [{"name": name, "value": value} for name, value in environment.items()]
        container = {"name": "app", "image": "busybox", "env": variables}
        spec = {
            "serviceAccountName": "app",
            "nodeSelector": {"no": "node"},
            "containers": [container],
        }
        body = {"metadata": {"name": f"app-{self.round}"}, "spec": spec}
        self.world.resource("v1", "Pod").create(namespace=self.namespace, body=body)

    def works(self, pod: str) -> bool:
        """Whether boto3, with what the Pod has, lists the bucket and reads the object."""
        found = self.world.resource("v1", "Pod").get(name=pod, namespace=self.namespace).to_dict()
        [container] = found["spec"]["containers"]
        own = {each["name"]: each.get("value", "") for each in container.get("env", [])}
        if "AWS_WEB_IDENTITY_TOKEN_FILE" in own:
            own["AWS_WEB_IDENTITY_TOKEN_FILE"] = self._token(found)
        ours = sandbox_environment(self.world.sandbox)  # type: ignore[attr-defined]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        plain = {k: v for k, v in ours.items() if "KEY" not in k}
        with patch.dict(os.environ, {**kept, **plain, **own}, clear=True):
            try:
                s3 = boto3.Session().client("s3")
                s3.list_objects_v2(Bucket=self.bucket)
                s3.get_object(Bucket=self.bucket, Key="hello")
            except (ClientError, BotoCoreError):
                return False
        return True

    def _token(self, pod: Document) -> str:
        """A file with the token that the kubelet would put into the Pod's volume."""
        [source] = [
            each["serviceAccountToken"]
            for volume in pod["spec"]["volumes"]
            if volume["name"] == "aws-iam-token"
            for each in volume["projected"]["sources"]
        ]
        request = {"spec": {"audiences": [source["audience"]], "expirationSeconds": 3600}}
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/app/token"
        from irsa_helpers.doctor.evidence.reading import read_kubernetes

        made = read_kubernetes(self.world, "create serviceaccounts/token", path, request) or {}
        file = self.folder / "token"
        file.write_text(made["status"]["token"])
        return str(file)

    def diagnose(self, pod: str) -> Diagnosis:
        return doctor(self.world, f"pod/{pod}", namespace=self.namespace)

    def take_down(self) -> None:
        iam = self.world.aws("iam")
        iam.delete_role_policy(RoleName=self.role, PolicyName="read")
        iam.delete_role(RoleName=self.role)
        storage.ensure_no_bucket(self.world, self.bucket)
        oidc.ensure_no_provider(self.world)


@pytest.fixture
def ground(world: World, namespace: str, tmp_path: Path) -> Iterator[Ground]:
    made = Ground(world, namespace, tmp_path)
    yield made
    made.take_down()


@given(drawn=worlds)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_link_is_broken_if_and_only_if_the_pods_calls_succeed(
    ground: Ground, drawn: Document
) -> None:
    pod = ground.make(drawn)
    found = ground.diagnose(pod)
    broken = [link.name for link in found.links if link.state == "broken"]
    if not broken and found["metadata-service"].state == "risk":
        # No role is named and none admits it: the app is the node's, and that is what is told.
        broken = ["metadata-service"]
    assert ground.works(pod) == (not broken), f"{drawn}\n{found}"
    assert not found.unseen, str(found)
