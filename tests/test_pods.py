"""Step 4: a Deployment runs as the ServiceAccount, and its Pod can be looked into."""

from __future__ import annotations

import copy

import pytest
from kubernetes.client import V1Pod

from irsa_helpers import course, pods
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.tokens import decode_unverified, read_token
from irsa_helpers.worlds import World
from tests.typed import apps_v1

ARN = "arn:aws:iam::111122223333:role/enginrect-irsa-role"
TOKEN_FILE = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"


@pytest.fixture
def app(world: World, namespace: str) -> V1Pod:
    """The running Pod of the Deployment `app`, which runs as `app-sa`, which has a role."""
    ensure_service_account(world, "app-sa", namespace=namespace, role_arn=ARN)
    pods.ensure_deployment(
        world, "app", service_account="app-sa", image="busybox", namespace=namespace
    )
    return pods.wait_for_pod(world, "app", namespace=namespace)


def test_where_the_time_is_moved_the_aws_cli_keeps_no_credentials_of_before(world: World) -> None:
    course.catch_up(world, through="deployment")
    for _ in range(2):
        who = pods.caller_in_pod(world, course.DEPLOYMENT)
        assert f":assumed-role/{course.ROLE}/" in who
        world.advance_clock(2 * 3600)  # more than a session's hour


def test_the_time_of_another_namespace_takes_nothing_from_a_pod(
    world: World, namespace: str
) -> None:
    course.catch_up(world, through="deployment")
    pods.caller_in_pod(world, course.DEPLOYMENT)
    pod = pods.wait_for_pod(world, course.DEPLOYMENT).metadata.name
    look = ["sh", "-c", "ls ~/.aws/cli/cache"]
    before = pods.exec_in_pod(world, pod, look).stdout
    assert before.endswith(".json\n")
    world.advance_clock(2 * 3600, namespace=namespace)
    assert pods.exec_in_pod(world, pod, look).stdout == before


def test_the_pod_carries_what_the_webhook_gave_it(app: V1Pod) -> None:
    found = pods.irsa_environment(app)
    assert found == {
        "environment": {
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_DEFAULT_REGION": "ap-northeast-2",
            "AWS_REGION": "ap-northeast-2",
            "AWS_ROLE_ARN": ARN,
            "AWS_WEB_IDENTITY_TOKEN_FILE": TOKEN_FILE,
        },
        "volume": {"audience": "sts.amazonaws.com", "expiration_seconds": 86400, "path": "token"},
        "mount": {"path": TOKEN_FILE.removesuffix("/token"), "read_only": True},
    }


def test_its_token_is_for_its_service_account(world: World, app: V1Pod, namespace: str) -> None:
    token = decode_unverified(read_token(world, app.metadata.name, namespace=namespace))
    assert token.claims["sub"] == f"system:serviceaccount:{namespace}:app-sa"
    assert token.claims["aud"] == ["sts.amazonaws.com"]
    assert token.claims["iss"] == world.cluster.issuer_url


def test_a_command_gives_both_streams_and_its_exit_code(
    world: World, app: V1Pod, namespace: str
) -> None:
    command = ["sh", "-c", "echo 안녕; echo trouble >&2; exit 7"]
    result = pods.exec_in_pod(world, app.metadata.name, command, namespace=namespace)
    assert result == pods.ExecResult("안녕\n", "trouble\n", 7)
    assert str(result) == "안녕\ntrouble\n(exit code 7)"
    with pytest.raises(IrsaLabError, match="ended with 7: trouble"):
        result.json()


def test_long_output_arrives_whole(world: World, app: V1Pod, namespace: str) -> None:
    command = ["sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done"]
    result = pods.exec_in_pod(world, app.metadata.name, command, namespace=namespace)
    assert len(result.stdout) == 220_000
    assert pods.exec_in_pod(
        world, app.metadata.name, ["echo", '{"a": 1}'], namespace=namespace
    ).json() == {"a": 1}


def test_a_program_that_is_not_there_is_explained(world: World, app: V1Pod, namespace: str) -> None:
    with pytest.raises(IrsaLabError, match="could not be run"):
        pods.exec_in_pod(world, app.metadata.name, ["no-such-program"], namespace=namespace)


def test_a_command_that_does_not_end_is_left(world: World, app: V1Pod, namespace: str) -> None:
    with pytest.raises(IrsaLabError, match=r"did not end within 0\.2 s"):
        pods.exec_in_pod(
            world, app.metadata.name, ["sleep", "5"], namespace=namespace, timeout_seconds=0.2
        )


def test_the_same_deployment_again_is_nothing_to_do(
    world: World, app: V1Pod, namespace: str
) -> None:
    change = pods.ensure_deployment(
        world, "app", service_account="app-sa", image="busybox", namespace=namespace
    )
    assert change.action == "none"


def test_another_service_account_makes_a_new_pod(world: World, app: V1Pod, namespace: str) -> None:
    change = pods.ensure_deployment(
        world, "app", service_account="default", image="busybox", namespace=namespace
    )
    assert change.details == ("serviceAccountName default (was app-sa)",)
    pod = pods.wait_for_pod(world, "app", namespace=namespace)
    assert pod.metadata.name != app.metadata.name
    assert pods.irsa_environment(pod) == {"environment": {}, "volume": None, "mount": None}
    with pytest.raises(IrsaLabError, match="no readable token"):
        read_token(world, pod.metadata.name, namespace=namespace)


def test_a_pod_older_than_the_annotation_must_be_restarted(
    world: World, app: V1Pod, namespace: str
) -> None:
    other = f"{ARN}-2"
    ensure_service_account(world, "app-sa", namespace=namespace, role_arn=other)
    still = pods.wait_for_pod(world, "app", namespace=namespace)
    assert pods.irsa_environment(still)["environment"]["AWS_ROLE_ARN"] == ARN
    assert pods.restart_deployment(world, "app", namespace=namespace).applied
    fresh = pods.wait_for_pod(world, "app", namespace=namespace)
    assert fresh.metadata.name != app.metadata.name
    assert pods.irsa_environment(fresh)["environment"]["AWS_ROLE_ARN"] == other


def test_what_the_pod_printed_can_be_read(world: World, namespace: str) -> None:
    command = ("sh", "-c", "echo one; echo two; sleep 1000")
    pods.ensure_deployment(
        world,
        "talker",
        service_account="default",
        image="busybox",
        command=command,
        namespace=namespace,
    )
    pod = pods.wait_for_pod(world, "talker", namespace=namespace)
    done = pods.exec_in_pod(world, pod.metadata.name, ["true"], namespace=namespace)
    assert done.exit_code == 0
    assert "two" in pods.pod_logs(world, pod.metadata.name, namespace=namespace, tail_lines=1)


def test_a_real_world_sees_the_plan_first(world: World, namespace: str) -> None:
    careful = copy.copy(world)
    careful.needs_approval = True
    plan = pods.ensure_deployment(careful, "app", service_account="app-sa", namespace=namespace)
    assert plan.pending
    assert plan.details[0] == "serviceAccountName app-sa"
    assert apps_v1(world).list_namespaced_deployment(namespace).items == []
    assert pods.restart_deployment(careful, "app", namespace=namespace).pending


def test_a_deployment_goes_with_its_pods(world: World, app: V1Pod, namespace: str) -> None:
    assert pods.ensure_no_deployment(world, "app", namespace=namespace).applied
    assert pods.ensure_no_deployment(world, "app", namespace=namespace).action == "none"


def test_a_long_error_is_broken_between_its_words() -> None:
    arn = "arn:aws:sts::111122223333:assumed-role/enginrect-irsa-role/botocore-session-1795633678"
    said = f"An error occurred (AccessDenied) when calling the PutObject operation: User: {arn} is"
    shown = str(pods.ExecResult("", f"{said} not authorized\nthe end\n", 255))
    assert arn in shown, "a name stays whole"
    assert " ".join(shown.split()) == f"{said} not authorized the end (exit code 255)"
    assert max(map(len, shown.splitlines())) <= pods.COLUMNS
