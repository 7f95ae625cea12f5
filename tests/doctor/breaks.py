"""A healthy chain from Pod to bucket, and the ways in which the doctor's tests break it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from irsa_helpers import oidc, pods, roles, storage
from irsa_helpers.doctor import Diagnosis, doctor
from irsa_helpers.serviceaccounts import ROLE_ARN, ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World
from tests.typed import apps_v1, core_v1


class Chain:
    """A healthy chain in a namespace of its own, and handles to break it by."""

    account = "app-sa"
    app = "app"

    def __init__(self, world: World, namespace: str) -> None:
        self.world, self.namespace, self.role = world, namespace, f"{namespace}-role"
        self.bucket = f"{namespace}-data"
        self.role_arn = roles.role_arn(world, self.role)

    def build(self) -> None:
        oidc.ensure_provider(self.world)
        storage.ensure_bucket(self.world, self.bucket)
        read = roles.build_bucket_read_policy(self.bucket)
        trust = self.trust()
        roles.ensure_role(self.world, self.role, trust, permission_policies={"read": read})
        self.annotate(self.role_arn)
        pods.ensure_deployment(
            self.world,
            self.app,
            service_account=self.account,
            image="busybox",
            namespace=self.namespace,
        )
        pods.wait_for_pod(self.world, self.app, namespace=self.namespace)

    def take_down(self) -> None:
        oidc.ensure_no_provider(self.world)
        roles.ensure_no_role(self.world, self.role)
        storage.ensure_no_bucket(self.world, self.bucket)

    def diagnose(self, target: str = "deployment/app", world: World | None = None) -> Diagnosis:
        return doctor(world or self.world, target, namespace=self.namespace)

    def trust(self, **changes: Any) -> dict[str, Any]:
        policy = build_trust_policy(oidc.provider_arn(self.world), self.namespace, self.account)
        policy["Statement"][0].update(changes)
        return policy

    def put_trust(self, policy: dict[str, Any]) -> None:
        roles.ensure_role(self.world, self.role, policy)

    def claims(self, operator: str = "StringEquals", **claims: str) -> None:
        prefix = oidc.issuer_host_path(oidc.issuer_url(self.world))
        condition = {operator: {f"{prefix}:{claim}": value for claim, value in claims.items()}}
        self.put_trust(self.trust(Condition=condition))

    def annotate(self, role_arn: str | None, **more: str | None) -> None:
        annotations = {ROLE_ARN: role_arn, **more}
        ensure_service_account(
            self.world, self.account, namespace=self.namespace, annotations=annotations
        )

    def patch(self, template: dict[str, Any], wait: bool = True) -> None:
        body = {"spec": {"template": template}}
        apps_v1(self.world).patch_namespaced_deployment(self.app, self.namespace, body)
        if wait:
            pods.wait_for_pod(self.world, self.app, namespace=self.namespace)

    def container(self, **members: Any) -> None:
        self.patch({"spec": {"containers": [{"name": self.app, **members}]}})


def break_workload(chain: Chain) -> None:
    pods.ensure_no_deployment(chain.world, chain.app, namespace=chain.namespace)


def break_pods(chain: Chain) -> None:
    chain.patch({"spec": {"containers": [{"name": "app", "image": "no/such"}]}}, wait=False)
    apps_v1(chain.world).patch_namespaced_deployment(
        chain.app,
        chain.namespace,
        {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}},
    )
    with pytest.raises(Exception, match="Pull"):
        pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)


def break_service_account_name(chain: Chain) -> None:
    chain.patch({"spec": {"serviceAccountName": "default"}})


def break_service_account(chain: Chain) -> None:
    core = core_v1(chain.world)
    core.delete_namespaced_service_account(chain.account, chain.namespace)


def break_annotation(chain: Chain) -> None:
    chain.annotate(None)
    pods.restart_deployment(chain.world, chain.app, namespace=chain.namespace)
    pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)


def misspell_annotation(chain: Chain) -> None:
    chain.annotate(None, **{"eks.amazonaws.com/role_arn": chain.role_arn})


def annotate_the_pod_instead(chain: Chain) -> None:
    chain.annotate(None)
    chain.patch({"metadata": {"annotations": {ROLE_ARN: chain.role_arn}}})


def break_role_arn(chain: Chain) -> None:
    chain.annotate(chain.role)
    pods.restart_deployment(chain.world, chain.app, namespace=chain.namespace)
    pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)


def shorten_token(chain: Chain) -> None:
    chain.annotate(chain.role_arn, **{"eks.amazonaws.com/token-expiration": "60"})


def age_the_pod(chain: Chain) -> None:
    chain.annotate(None)
    pods.restart_deployment(chain.world, chain.app, namespace=chain.namespace)
    pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)
    chain.annotate(chain.role_arn)


def skip_the_container(chain: Chain) -> None:
    chain.patch({"metadata": {"annotations": {"eks.amazonaws.com/skip-containers": "app"}}})


def preset_a_variable(chain: Chain) -> None:
    chain.container(env=[{"name": "AWS_ROLE_ARN", "value": chain.role_arn}])


def set_keys(chain: Chain) -> None:
    chain.container(env=[{"name": "AWS_ACCESS_KEY_ID", "value": "AKIAIOSFODNN7EXAMPLE"}])


def set_keys_by_config_map(chain: Chain) -> None:
    core_v1(chain.world).create_namespaced_config_map(
        chain.namespace, {"metadata": {"name": "settings"}, "data": {"AWS_PROFILE": "production"}}
    )
    chain.container(envFrom=[{"configMapRef": {"name": "settings"}}])


def delete_provider(chain: Chain) -> None:
    oidc.ensure_no_provider(chain.world)


def narrow_provider(chain: Chain) -> None:
    oidc.ensure_no_provider(chain.world)
    oidc.ensure_provider(chain.world, ["vault"])


def mistype_audience(chain: Chain) -> None:
    chain.annotate(chain.role_arn, **{"eks.amazonaws.com/audience": "sts.amazon.com"})
    pods.restart_deployment(chain.world, chain.app, namespace=chain.namespace)
    pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)


def delete_role(chain: Chain) -> None:
    roles.ensure_no_role(chain.world, chain.role)


def name_another_account(chain: Chain) -> None:
    chain.annotate(chain.role_arn.replace("111122223333", "444455556666"))
    pods.restart_deployment(chain.world, chain.app, namespace=chain.namespace)
    pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)


def mistype_subject(chain: Chain) -> None:
    subject = f"system:serviceaccount:{chain.namespace}:App-SA"
    chain.claims(sub=subject, aud="sts.amazonaws.com")


def star_under_equals(chain: Chain) -> None:
    chain.claims(sub=f"system:serviceaccount:{chain.namespace}:*", aud="sts.amazonaws.com")


def trust_an_old_cluster(chain: Chain) -> None:
    old = oidc.provider_arn(chain.world)[:-32] + "F" * 32
    chain.put_trust(build_trust_policy(old, chain.namespace, chain.account))


def trust_all(chain: Chain) -> None:
    chain.claims("StringLike", sub="system:serviceaccount:*:*", aud="sts.amazonaws.com")


def take_permissions(chain: Chain) -> None:
    iam = chain.world.aws("iam")
    iam.delete_role_policy(RoleName=chain.role, PolicyName="read")


def permit_the_bucket_alone(chain: Chain) -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": f"arn:aws:s3:::{chain.bucket}",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    roles.ensure_role(chain.world, chain.role, chain.trust(), permission_policies={"read": policy})


def permit_all_of_s3(chain: Chain) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    roles.ensure_role(chain.world, chain.role, chain.trust(), permission_policies={"read": policy})


def permit_another_bucket(chain: Chain) -> None:
    policy = roles.build_bucket_read_policy(f"{chain.bucket}-typo")
    roles.ensure_role(chain.world, chain.role, chain.trust(), permission_policies={"read": policy})


def deny_by_bucket_policy(chain: Chain) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{chain.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    chain.world.aws("s3").put_bucket_policy(Bucket=chain.bucket, Policy=policy)


def deny_in_its_own_policy(chain: Chain) -> None:
    statement = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    roles.ensure_role(chain.world, chain.role, chain.trust(), permission_policies={"deny": policy})


def seal_the_bucket(chain: Chain) -> None:
    """The bucket is under a key whose policy leaves it to IAM; no policy of the role names it."""
    _seal(chain, {})


def seal_for_others(chain: Chain) -> None:
    """The bucket is under a key whose policy lets in the node's role alone."""
    node = f"arn:aws:iam::{chain.world.cluster.account_id}:role/enginrect-node-role"
    own = {"Effect": "Allow", "Principal": {"AWS": node}, "Action": "kms:*", "Resource": "*"}
    _seal(chain, {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [own]})})


def _seal(chain: Chain, options: dict[str, str]) -> None:
    key = chain.world.aws("kms").create_key(**options)["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    chain.world.aws("s3").put_bucket_encryption(
        Bucket=chain.bucket, ServerSideEncryptionConfiguration=rules
    )
