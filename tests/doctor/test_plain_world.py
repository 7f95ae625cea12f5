"""The worlds of plain data answer as the sandbox does: the doctor says the same of both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from irsa_helpers import oidc, storage
from irsa_helpers.doctor import doctor
from irsa_helpers.worlds import World
from tests.doctor.chains import BUCKET, Chain, policy
from tests.doctor.matrix import Row, rows
from tests.doctor.plain_world import ISSUER

HEALTHY, BROKEN = rows()
SHOWN = [
    "keys by envFrom that `env` makes empty",
    "a chain of profiles that is chosen",
    "a Deny that closes what an Allow opens",
    "a bucket policy that wants TLS",
    "half a pair of keys (proxy)",
    "a profile whose source has nothing",
    "trust policy: a star under ForAnyValue",
    "trust policy: a Deny for all but another",
    "too wide: any subject that is there",
    "a Deny of all roles",
    "a bucket policy that denies all but another role",
    "an audience that is mistyped",
]
BY_NAME = {row.name: row for row in (*HEALTHY, *BROKEN)}


class Copy:
    """A chain of plain data, made in the sandbox: names that others share are made its own."""

    def __init__(self, world: World, chain: Chain, namespace: str) -> None:
        self.world, self.chain, self.namespace = world, chain, namespace
        self.issuer = oidc.issuer_host_path(oidc.issuer_url(world))
        # IAM takes no principal that is not there: the pipeline's role is one.
        names = [*chain.world.roles, "pipeline"]
        self.roles = [f"{namespace}-{name}" for name in names]

    def _own(self, text: str) -> str:
        replaced = {
            ISSUER: self.issuer,
            "system:serviceaccount:shop:": f"system:serviceaccount:{self.namespace}:",
            BUCKET: f"{self.namespace}-data",
            ":role/": f":role/{self.namespace}-",
        }
        for name in self.chain.world.roles:
            if text == name:
                return f"{self.namespace}-{name}"
        for old, new in replaced.items():
            text = text.replace(old, new)
        return text

    def _copied(self, body: Any) -> Any:
        return json.loads(self._own(json.dumps(body)))

    def make(self) -> None:
        iam, s3 = self.world.aws("iam"), self.world.aws("s3")
        oidc.ensure_provider(self.world)
        service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
        trusting = json.dumps(policy(service | {"Action": "sts:AssumeRole"}))
        iam.create_role(RoleName=self.roles[-1], AssumeRolePolicyDocument=trusting)
        for name, role in self.chain.world.roles.items():
            trust = json.dumps(self._copied(role["trust"]))
            iam.create_role(RoleName=self._own(name), AssumeRolePolicyDocument=trust)
            for title, document in role["inline"].items():
                text = json.dumps(self._copied(document))
                iam.put_role_policy(RoleName=self._own(name), PolicyName=title, PolicyDocument=text)
        storage.ensure_bucket(self.world, self._own(BUCKET))
        if rules := self.chain.world.buckets[BUCKET]:
            text = json.dumps(self._copied(rules))
            s3.put_bucket_policy(Bucket=self._own(BUCKET), Policy=text)
        for kind in ("ConfigMap", "Secret", "ServiceAccount", "Deployment"):
            for (its_kind, _, name), body in self.chain.world.objects.items():
                if its_kind == kind and name not in {"default", "other"}:
                    self._create(kind, self._copied(body))

    def _create(self, kind: str, body: Any) -> None:
        version = "apps/v1" if kind == "Deployment" else "v1"
        metadata = body["metadata"]
        kept = {"name": metadata["name"], "annotations": metadata.get("annotations", {})}
        body = {key: value for key, value in body.items() if key in {"data", "spec"}}
        if kind == "Deployment":
            body["spec"]["template"]["spec"]["nodeSelector"] = {"no": "node"}
        resource = self.world.resource(version, kind)
        resource.create(namespace=self.namespace, body={"metadata": kept, **body})

    def take_down(self) -> None:
        iam = self.world.aws("iam")
        for name in self.roles:
            for title in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                iam.delete_role_policy(RoleName=name, PolicyName=title)
            iam.delete_role(RoleName=name)
        storage.ensure_no_bucket(self.world, self._own(BUCKET))
        oidc.ensure_no_provider(self.world)


@pytest.fixture
def copied(world: World, namespace: str, request: pytest.FixtureRequest) -> Iterator[Chain]:
    chain = Chain()
    row: Row = BY_NAME[request.param]
    row.change(chain)
    copy = Copy(world, chain, namespace)
    copy.make()
    yield chain
    copy.take_down()


@pytest.mark.parametrize("copied", SHOWN, indirect=True)
def test_the_doctor_says_the_same_in_the_sandbox(
    world: World, namespace: str, copied: Chain
) -> None:
    plain = {link.name: link.state for link in copied.diagnose().links}
    found = doctor(world, "deployment/app", namespace=namespace)
    real = {link.name: link.state for link in found.links}
    # A Pod that waits for a node has said nothing.
    del plain["app-log"], real["app-log"]
    assert real == plain, str(found)
