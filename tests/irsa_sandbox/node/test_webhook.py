"""The pod identity webhook answers as Amazon's own does: recorded Pods, and the rules."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.clock import Clock
from irsa_sandbox.node.webhook import (
    MOUNT_PATH,
    ROLE_KEYS,
    STS_KEY,
    VOLUME,
    WebhookSettings,
    configuration,
    create_app,
    mutate,
)
from irsa_sandbox.trace import Trace

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "webhook.json").read_text())
SETTINGS = WebhookSettings("us-west-2")
PREFIX = "eks.amazonaws.com"
ROLE = "arn:aws:iam::111122223333:role/r"
# The ServiceAccounts that the recordings were made with.
ACCOUNTS = {
    "plain": {},
    "role": {"role-arn": ROLE},
    "aud": {"role-arn": ROLE, "audience": "custom"},
    "exp": {"role-arn": ROLE, "token-expiration": "3600"},
    "noreg": {"role-arn": ROLE, "sts-regional-endpoints": "false"},
    "badexp": {"role-arn": ROLE, "token-expiration": "60"},
}


def account(**annotations: str) -> dict[str, Any]:
    named = {f"{PREFIX}/{name.replace('_', '-')}": value for name, value in annotations.items()}
    return {"metadata": {"name": "sa", "namespace": "default", "annotations": named}}


def pod(*, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "app", "image": "busybox"}]
    return {
        "metadata": {"name": "p", "annotations": annotations or {}},
        "spec": {"containers": containers, **spec},
    }


def container_of(patch: list[dict[str, Any]]) -> dict[str, Any]:
    [operation] = [each for each in patch if each["path"] == "/spec/containers"]
    first: dict[str, Any] = operation["value"][0]
    return first


def environment_of(patch: list[dict[str, Any]]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container_of(patch)["env"]}


def token_of(patch: list[dict[str, Any]]) -> dict[str, Any]:
    value = patch[0]["value"]
    volume = value[0] if isinstance(value, list) else value
    token: dict[str, Any] = volume["projected"]["sources"][0]["serviceAccountToken"]
    return token


@pytest.mark.parametrize("recorded", RECORDED, ids=[each["case"] for each in RECORDED])
def test_the_patch_is_the_recorded_one(recorded: dict[str, Any]) -> None:
    name = recorded["pod"]["spec"]["serviceAccountName"]
    annotations = ACCOUNTS.get(name)
    named = None
    if annotations is not None:
        named = account(**{key.replace("-", "_"): value for key, value in annotations.items()})
    assert mutate(recorded["pod"], named, SETTINGS) == recorded["patch"]


def test_a_malformed_role_arn_is_injected_as_it_is() -> None:
    patch = mutate(pod(), account(role_arn="enginrect-irsa-role"), SETTINGS)
    assert environment_of(patch)["AWS_ROLE_ARN"] == "enginrect-irsa-role"


@pytest.mark.parametrize(
    ("on_account", "on_pod", "seconds"),
    [
        (None, None, 86400),
        ("3600", None, 3600),
        ("60", None, 600),
        ("soon", None, 86400),
        ("3600", "7200", 7200),
        ("3600", "60", 600),
        ("3600", "soon", 3600),
        ("172800", None, 172800),
        ("0", None, 600),
        ("-1", "0600", 600),
        ("+3600", None, 3600),
        ("9223372036854775808", None, 86400),
    ],
)
def test_the_pods_expiration_wins_and_ten_minutes_are_the_least(
    on_account: str | None, on_pod: str | None, seconds: int
) -> None:
    annotations = {"token_expiration": on_account} if on_account else {}
    own = {f"{PREFIX}/token-expiration": on_pod} if on_pod else {}
    patch = mutate(pod(annotations=own), account(role_arn=ROLE, **annotations), SETTINGS)
    assert token_of(patch)["expirationSeconds"] == seconds


def test_names_of_skipped_containers_are_not_trimmed() -> None:
    own = {f"{PREFIX}/skip-containers": "other, app"}
    patch = mutate(pod(annotations=own), account(role_arn=ROLE), SETTINGS)
    assert "AWS_ROLE_ARN" in environment_of(patch), '" app" is another name than "app"'


def test_a_skipped_container_stays_while_the_volume_comes() -> None:
    own = {f"{PREFIX}/skip-containers": "app"}
    patch = mutate(pod(annotations=own), account(role_arn=ROLE), SETTINGS)
    assert patch[0]["path"] == "/spec/volumes"
    assert container_of(patch) == {"name": "app", "image": "busybox"}


def test_a_container_that_has_all_is_left_without_a_mount() -> None:
    env = [
        {"name": "AWS_ROLE_ARN", "value": "own"},
        {"name": "AWS_REGION", "value": "eu-west-1"},
        {"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "legacy"},
    ]
    own = {"name": "app", "image": "busybox", "env": env}
    patch = mutate(pod(containers=[own]), account(role_arn=ROLE), SETTINGS)
    assert container_of(patch) == own


def test_one_preset_variable_keeps_the_other_out_but_the_mount_comes() -> None:
    env = [{"name": "AWS_ROLE_ARN", "value": "own"}]
    own = {"name": "app", "image": "busybox", "env": env}
    patch = mutate(pod(containers=[own]), account(role_arn=ROLE), SETTINGS)
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" not in environment_of(patch)
    assert container_of(patch)["volumeMounts"][0]["name"] == VOLUME


def test_the_volume_comes_first_and_once() -> None:
    own = [{"name": "own", "emptyDir": {}}]
    patch = mutate(pod(volumes=own), account(role_arn=ROLE), SETTINGS)
    assert (patch[0]["op"], patch[0]["path"]) == ("add", "/spec/volumes/0")
    again = mutate(pod(volumes=[{"name": VOLUME}]), account(role_arn=ROLE), SETTINGS)
    assert [each["path"] for each in again] == ["/spec/containers"]


def test_a_windows_pod_gets_a_windows_path_for_the_token() -> None:
    patch = mutate(
        pod(nodeSelector={"kubernetes.io/os": "windows"}), account(role_arn=ROLE), SETTINGS
    )
    expected = "C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token"
    assert environment_of(patch)["AWS_WEB_IDENTITY_TOKEN_FILE"] == expected
    assert container_of(patch)["volumeMounts"][0]["mountPath"] == MOUNT_PATH


def test_the_configuration_fails_open_and_can_be_skipped_by_label() -> None:
    [webhook] = configuration("https://127.0.0.1:1", "pem")["webhooks"]
    assert webhook["name"] == "iam-for-pods.amazonaws.com"
    assert webhook["failurePolicy"] == "Ignore"
    [expression] = webhook["objectSelector"]["matchExpressions"]
    assert expression["operator"] == "DoesNotExist"


ASSOCIATED = WebhookSettings("us-west-2", has_association=lambda *place: place == ("ns", "sa"))


def associated(**more: Any) -> dict[str, Any]:
    made = pod(serviceAccountName="sa", **more)
    made["metadata"]["namespace"] = "ns"
    return made


def test_an_association_wins_over_the_role_of_the_annotation() -> None:
    patch = mutate(associated(), account(role_arn=ROLE), ASSOCIATED)
    assert environment_of(patch) == {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_REGION": "us-west-2",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": (
            "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"
        ),
    }
    assert [each["name"] for each in container_of(patch)["volumeMounts"]] == [
        "eks-pod-identity-token"
    ]


def test_an_associated_pod_is_labelled_first() -> None:
    patch = mutate(associated(), None, ASSOCIATED)
    value = {"eks.amazonaws.com/pod-identity": "enabled"}
    assert patch[0] == {"op": "add", "path": "/metadata/labels", "value": value}
    labelled = associated()
    labelled["metadata"]["labels"] = {"app": "s3"}
    first = mutate(labelled, None, ASSOCIATED)[0]
    assert first["path"] == "/metadata/labels/eks.amazonaws.com~1pod-identity"
    assert first["value"] == "enabled"


def test_only_the_default_life_of_a_pod_identity_token_is_spread() -> None:
    for _ in range(20):
        made = mutate(associated(), None, ASSOCIATED)[1:]
        assert 79200 <= token_of(made)["expirationSeconds"] <= 86400
    own = {f"{PREFIX}/token-expiration": "7200"}
    made = mutate(associated(annotations=own), None, ASSOCIATED)[1:]
    assert token_of(made) == {
        "audience": "pods.eks.amazonaws.com",
        "expirationSeconds": 7200,
        "path": "eks-pod-identity-token",
    }


def test_another_service_account_keeps_to_its_annotation() -> None:
    other = associated() | {"spec": pod(serviceAccountName="other")["spec"]}
    assert mutate(other, None, ASSOCIATED) == []
    patch = mutate(other, account(role_arn=ROLE), ASSOCIATED)
    assert environment_of(patch)["AWS_ROLE_ARN"] == ROLE


@pytest.mark.parametrize("text", [" 3600", "1_000", "3600s", "", "1e4"])
def test_what_go_takes_for_no_number_is_no_expiration(text: str) -> None:
    patch = mutate(pod(), account(role_arn=ROLE, token_expiration=text), SETTINGS)
    assert token_of(patch)["expirationSeconds"] == 86400


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("app", True),
        ("other,app", True),
        ("app\nother", True),
        ("\n\napp", True),
        ('"app"', True),
        ('"ap""p",app', True),
        ("app,", True),
        ("", False),
        ("APP", False),
        (" app", False),
        ("other\napp", False),
        ('"app', False),
        ('"app" ,other', False),
        ('app, "other"', False),
        ('app,oth"er', False),
    ],
)
def test_names_are_read_as_gos_csv_reader_reads_them(text: str, skipped: bool) -> None:
    own = {f"{PREFIX}/skip-containers": text}
    container = container_of(mutate(pod(annotations=own), account(role_arn=ROLE), SETTINGS))
    assert ("env" not in container) == skipped


def test_init_containers_are_injected_and_skipped_alike() -> None:
    inits = [{"name": "first", "image": "busybox"}, {"name": "second", "image": "busybox"}]
    own = {f"{PREFIX}/skip-containers": "first"}
    patch = mutate(pod(annotations=own, initContainers=inits), account(role_arn=ROLE), SETTINGS)
    assert [each["path"] for each in patch] == [
        "/spec/volumes",
        "/spec/containers",
        "/spec/initContainers",
    ]
    first, second = patch[-1]["value"]
    assert first == inits[0]
    assert [each["name"] for each in second["env"]][-2:] == list(ROLE_KEYS)


@pytest.mark.parametrize(
    ("text", "regional"),
    [("1", True), ("T", True), ("False", False), ("0", False), ("nonsense", True), ("yes", True)],
)
def test_regional_endpoints_are_gos_booleans(text: str, regional: bool) -> None:
    patch = mutate(pod(), account(role_arn=ROLE, sts_regional_endpoints=text), SETTINGS)
    assert (STS_KEY in environment_of(patch)) == regional


def test_an_empty_role_is_no_role_and_an_empty_audience_is_one() -> None:
    assert mutate(pod(), account(role_arn=""), SETTINGS) == []
    assert token_of(mutate(pod(), account(role_arn=ROLE, audience=""), SETTINGS))["audience"] == ""


class Accounts:
    """The API client of a cluster with one ServiceAccount."""

    async def get(self, path: str) -> dict[str, Any] | None:
        return (
            account(role_arn=ROLE) if path.endswith("/namespaces/ns/serviceaccounts/sa") else None
        )


@pytest.fixture
def admitted(call: Any) -> Any:
    """(status, answer, hops) of a request to a webhook that runs for us-west-2."""

    def admit(body: Any) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
        trace = Trace(Clock())
        app = create_app(Accounts(), region="us-west-2", token="secret", trace=trace)  # type: ignore[arg-type]
        headers = {"Authorization": "Bearer secret"}
        answer = call(app, "POST", "/mutate", json=body, headers=headers)
        return answer.status_code, answer.json(), trace.since()

    return admit


def review_of(made: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "u1", "namespace": "ns", "object": made},
    }


def test_a_review_is_answered_in_its_own_version_and_recorded(admitted: Any) -> None:
    status, body, hops = admitted(review_of(pod(serviceAccountName="sa")))
    assert status == 200
    assert (body["apiVersion"], body["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert body["response"]["uid"] == "u1"
    assert body["response"]["allowed"] is True
    patch = json.loads(base64.b64decode(body["response"]["patch"]))
    assert environment_of(patch)["AWS_ROLE_ARN"] == ROLE
    [hop] = hops
    assert hop["kind"] == "admission"
    assert hop["detail"]["mutated"] is True
    assert hop["detail"]["env"]["app"]["AWS_ROLE_ARN"] == ROLE


def test_a_pod_of_a_missing_service_account_is_allowed_as_it_is(admitted: Any) -> None:
    _, body, [hop] = admitted(review_of(pod(serviceAccountName="nobody")))
    assert body["response"] == {"uid": "u1", "allowed": True}
    assert "does not exist" in hop["summary"]


@pytest.mark.parametrize("body", [{}, [], {"request": {}}, {"request": {"object": None}}])
def test_what_is_no_review_is_refused(admitted: Any, body: Any) -> None:
    status, _, hops = admitted(body)
    assert (status, hops) == (400, [])
