"""The pod identity webhook answers as Amazon's own does: recorded Pods, and the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers.sandbox.webhook import (
    MOUNT_PATH,
    VOLUME,
    WebhookSettings,
    configuration,
    mutate,
)

RECORDED = json.loads((Path(__file__).parent / "data" / "webhook.json").read_text())
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
