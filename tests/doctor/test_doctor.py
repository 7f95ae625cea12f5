"""The doctor leaves a healthy chain in peace, and names each link that is broken."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from irsa_helpers import oidc, pods, roles
from irsa_helpers.doctor import LINKS, doctor
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World
from tests.doctor.breaks import (
    Chain,
    age_the_pod,
    annotate_the_pod_instead,
    break_annotation,
    break_pods,
    break_role_arn,
    break_service_account,
    break_service_account_name,
    break_workload,
    delete_provider,
    delete_role,
    deny_by_bucket_policy,
    deny_in_its_own_policy,
    misspell_annotation,
    mistype_audience,
    mistype_subject,
    name_another_account,
    narrow_provider,
    permit_all_of_s3,
    permit_another_bucket,
    permit_the_bucket_alone,
    preset_a_variable,
    seal_for_others,
    seal_the_bucket,
    set_keys,
    set_keys_by_config_map,
    shorten_token,
    skip_the_container,
    star_under_equals,
    take_permissions,
    trust_all,
    trust_an_old_cluster,
)
from tests.typed import core_v1


@pytest.fixture
def chain(world: World, namespace: str) -> Iterator[Chain]:
    """A healthy chain."""
    made = Chain(world, namespace)
    made.build()
    yield made
    made.take_down()


@pytest.mark.parametrize("kind", ["deployment", "serviceaccount", "pod"])
def test_a_healthy_chain_has_no_problem(chain: Chain, kind: str) -> None:
    pod = pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)
    names = {"deployment": "app", "serviceaccount": "app-sa", "pod": pod.metadata.name}
    diagnosis = chain.diagnose(f"{kind}/{names[kind]}")
    assert diagnosis.ok, str(diagnosis)
    assert diagnosis.unseen == (), str(diagnosis)
    assert [link.name for link in diagnosis.links] == [*LINKS, "app-log"]


@pytest.mark.parametrize("target", ["deployment/app", "sa/app-sa"])
def test_a_rollout_that_has_just_begun_is_waited_for(chain: Chain, target: str) -> None:
    """The old Pod's fault is told of no more when the Pod that follows it is on its way."""
    for number in range(4):
        chain.annotate(None)
        chain.patch({"metadata": {"annotations": {"round": f"{number}, without a role"}}})
        chain.annotate(chain.role_arn)
        chain.patch({"metadata": {"annotations": {"round": f"{number}, with it"}}}, wait=False)
        found = chain.diagnose(target)
        assert found["injection"].state == "ok", str(found)


# Something is gone, and what it was is not written anywhere; or the fix is to look.
NOT_MENDED_BY_ONE_COMMAND = {
    break_workload,
    break_pods,
    break_service_account,
    delete_role,
    take_permissions,
    deny_in_its_own_policy,
    permit_all_of_s3,
}


@pytest.mark.parametrize(
    ("break_it", "link"),
    [
        (break_workload, "workload"),
        (break_pods, "pods"),
        (break_service_account_name, "service-account-name"),
        (break_service_account, "service-account"),
        (break_annotation, "annotation"),
        (misspell_annotation, "annotation"),
        (annotate_the_pod_instead, "annotation"),
        (break_role_arn, "role-arn"),
        (shorten_token, "token-expiration"),
        (age_the_pod, "injection"),
        (skip_the_container, "skip-containers"),
        (preset_a_variable, "preset-variables"),
        (set_keys, "static-credentials"),
        (set_keys_by_config_map, "static-credentials"),
        (delete_provider, "provider"),
        (narrow_provider, "provider-audience"),
        (mistype_audience, "provider-audience"),
        (delete_role, "role"),
        (name_another_account, "role"),
        (mistype_subject, "trust-policy"),
        (star_under_equals, "trust-policy"),
        (trust_an_old_cluster, "trust-policy"),
        (trust_all, "trust-scope"),
        (take_permissions, "permissions"),
        (permit_all_of_s3, "permission-scope"),
        (permit_the_bucket_alone, "permission-resources"),
        (permit_another_bucket, "permission-resources"),
        (deny_in_its_own_policy, "permission-limits"),
        (deny_by_bucket_policy, "resource-policies"),
        (seal_the_bucket, "encryption-keys"),
        (seal_for_others, "encryption-keys"),
    ],
)
def test_the_broken_link_is_named_and_no_other_and_its_fix_mends_it(
    chain: Chain, break_it: Callable[[Chain], None], link: str, shell: Any
) -> None:
    break_it(chain)
    diagnosis = chain.diagnose()
    assert [problem.name for problem in diagnosis.problems] == [link], str(diagnosis)
    [problem] = diagnosis.problems
    assert problem.found
    assert problem.expected
    shell("bash", "-c", problem.fix)
    if break_it not in NOT_MENDED_BY_ONE_COMMAND:
        pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)
        assert chain.diagnose().ok, f"{problem.fix}\n{chain.diagnose()}"


def test_the_webhooks_absence_is_named(chain: Chain) -> None:
    from kubernetes.client import AdmissionregistrationV1Api

    api = AdmissionregistrationV1Api(chain.world.kubernetes)
    saved = api.read_mutating_webhook_configuration("pod-identity-webhook")
    api.delete_mutating_webhook_configuration("pod-identity-webhook")
    try:
        pods.restart_deployment(chain.world, chain.app, namespace=chain.namespace)
        pods.wait_for_pod(chain.world, chain.app, namespace=chain.namespace)
        problems = [problem.name for problem in chain.diagnose().problems]
    finally:
        saved.metadata.resource_version = None
        saved.metadata.uid = None
        api.create_mutating_webhook_configuration(saved)
    assert problems == ["webhook", "injection"]


def test_several_faults_are_named_at_once(chain: Chain) -> None:
    misspell_annotation(chain)
    oidc.ensure_no_provider(chain.world)
    mistype_subject(chain)
    take_permissions(chain)
    names = [problem.name for problem in chain.diagnose().problems]
    assert names == ["annotation", "provider", "trust-policy", "permissions"]


def test_a_denial_is_named_behind_a_resource_that_does_not_fit(chain: Chain) -> None:
    permit_the_bucket_alone(chain)
    deny_by_bucket_policy(chain)
    names = [problem.name for problem in chain.diagnose().problems]
    assert names == ["permission-resources", "resource-policies"]


def test_what_lies_behind_a_mistaken_arn_is_named_as_well(chain: Chain) -> None:
    chain.annotate(chain.role)
    mistype_subject(chain)
    take_permissions(chain)
    names = [problem.name for problem in chain.diagnose().problems]
    assert names == ["role-arn", "injection", "trust-policy", "permissions"]


def test_a_role_that_another_service_account_uses_is_not_taken_from_it(chain: Chain) -> None:
    ensure_service_account(
        chain.world, "other-sa", namespace=chain.namespace, role_arn=chain.role_arn
    )
    other = f"system:serviceaccount:{chain.namespace}:other-sa"
    exact = build_trust_policy(oidc.provider_arn(chain.world), chain.namespace, "other-sa")
    chain.put_trust(exact)
    fix = chain.diagnose()["trust-policy"].fix
    assert exact["Statement"][0] in json.loads(fix.split("'")[1])["Statement"]
    assert f"# {other} uses this role today" in fix
    chain.claims("StringLike", sub=f"system:serviceaccount:{chain.namespace}:*")
    [statement] = json.loads(chain.diagnose()["trust-scope"].fix.split("'")[1])["Statement"]
    subjects = [v for k, v in statement["Condition"]["StringEquals"].items() if k.endswith(":sub")]
    assert subjects == [[f"system:serviceaccount:{chain.namespace}:{chain.account}", other]]


def test_nothing_is_changed_by_looking(chain: Chain) -> None:
    before = roles.describe_role(chain.world, chain.role)
    chain.diagnose()
    assert roles.describe_role(chain.world, chain.role) == before


def test_a_missing_aws_right_is_named(chain: Chain) -> None:
    blind = copy.copy(chain.world)
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "111122223333"},
            "Action": "sts:AssumeRole",
        },
    }
    name = f"{chain.namespace}-viewer"
    roles.ensure_role(chain.world, name, trust)
    session = chain.world.aws("sts").assume_role(
        RoleArn=roles.role_arn(chain.world, name), RoleSessionName="viewer"
    )
    blind.aws = lambda service, **_: chain.world.aws(  # type: ignore[method-assign]
        service, credentials=session["Credentials"]
    )
    try:
        diagnosis = chain.diagnose(world=blind)
    finally:
        roles.ensure_no_role(chain.world, name)
    assert diagnosis.ok, str(diagnosis)
    assert {link.name for link in diagnosis.unseen} >= {"issuer", "provider", "role"}
    assert "eks:DescribeCluster" in diagnosis["issuer"].found


def test_a_missing_kubernetes_right_is_named(chain: Chain) -> None:
    """Asked as a ServiceAccount that may see Deployments and ServiceAccounts, and no Pods."""
    from kubernetes.client import ApiClient, RbacAuthorizationV1Api

    world, here, rbac = chain.world, chain.namespace, RbacAuthorizationV1Api(chain.world.kubernetes)
    rules = [
        {"apiGroups": ["", "apps"], "resources": [kind], "verbs": ["get", "list"]}
        for kind in ("deployments", "serviceaccounts")
    ]
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": here}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "viewer"}
    meta: Any = {"metadata": {"name": "viewer"}}
    rbac.create_namespaced_role(here, meta | {"rules": rules})
    rbac.create_namespaced_role_binding(here, meta | {"roleRef": reference, "subjects": [subject]})
    request: Any = {"spec": {"expirationSeconds": 600}}
    create: Any = core_v1(world).create_namespaced_service_account_token
    token = create("default", here, request).status.token

    blind = copy.copy(world)
    configuration = copy.copy(world.kubernetes.configuration)
    configuration.api_key = {"authorization": f"Bearer {token}"}
    blind.__dict__["kubernetes"] = ApiClient(configuration)
    diagnosis = chain.diagnose(world=blind)
    assert diagnosis["pods"].state == "cannot-see"
    assert f"list pods in namespace {here}" in diagnosis["pods"].found
    assert "list mutatingwebhookconfigurations (" in diagnosis["webhook"].found
    assert diagnosis["annotation"].state == diagnosis["trust-policy"].state == "ok"
    assert diagnosis.ok, str(diagnosis)


def test_a_check_that_fails_is_a_link_and_the_walk_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(_: Any) -> Any:
        raise KeyError("projected")

    monkeypatch.setitem(LINKS, "token-readable", odd)
    found = doctor(world, "sa/default")
    assert found["token-readable"].state == "cannot-see"
    assert found["token-readable"].found == "could not be judged: KeyError: 'projected'"
    assert [link.name for link in found.links][:-1] == list(LINKS), "every other link was looked at"
