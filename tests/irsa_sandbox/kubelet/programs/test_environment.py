"""A container's environment is its own, and mount paths lead to where the volumes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_sandbox.kubelet.programs.environment import (
    ConfigError,
    Paths,
    expand,
    field_value,
    resource_value,
)
from irsa_sandbox.kubelet.programs.users import check_user
from irsa_sandbox.values.quantity import amount

POD = {
    "metadata": {
        "name": "p",
        "namespace": "default",
        "uid": "u",
        "labels": {"app": "s3", "tier": "back"},
    },
    "spec": {"nodeName": "node", "serviceAccountName": "enginrect-sa"},
    "status": {"podIP": "127.0.0.1"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(NAME)", "value"),
        ("a-$(NAME)-b", "a-value-b"),
        ("$$(NAME)", "$(NAME)"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$NAME", "$NAME"),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expected: str) -> None:
    assert expand(text, {"NAME": "value"}) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("metadata.name", "p"),
        ("spec.serviceAccountName", "enginrect-sa"),
        ("metadata.labels['app']", "s3"),
        ("metadata.labels", 'app="s3"\ntier="back"'),
        ("metadata.annotations['none']", ""),
    ],
)
def test_the_downward_api_reads_the_pod(path: str, expected: str) -> None:
    assert field_value(POD, path) == expected


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"spec\.secret"):
        field_value(POD, "spec.secret")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/var/token", "/real/token"),
        ("/var/token/file", "/real/token/file"),
        ("cat /var/token/file | wc", "cat /real/token/file | wc"),
        ("/var/tokens", "/var/tokens"),
        ("/x/var/token", "/x/var/token"),
        ("/var/token.bak", "/var/token.bak"),
    ],
)
def test_a_mount_path_is_rewritten_where_it_is_one(text: str, expected: str) -> None:
    assert Paths({"/var/token": Path("/real/token")}).rewrite(text) == expected


def test_the_longest_mount_path_wins() -> None:
    paths = Paths({"/var": Path("/a"), "/var/token": Path("/b")})
    assert paths.rewrite("/var/token/x") == "/b/x"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"resource": "limits.cpu"}, "1"),
        ({"resource": "limits.cpu", "divisor": "1m"}, "500"),
        ({"resource": "requests.memory", "divisor": "1Mi"}, "64"),
        ({"resource": "limits.memory", "divisor": "1Gi"}, "8"),
        ({"resource": "requests.cpu"}, "0"),
    ],
)
def test_a_resource_is_counted_in_units_of_its_divisor(
    reference: dict[str, str], expected: str
) -> None:
    resources = {"limits": {"cpu": "500m"}, "requests": {"memory": "64Mi"}}
    allocatable = {"cpu": "2", "memory": "8Gi"}
    assert resource_value({"resources": resources}, reference, allocatable) == expected


def test_what_is_no_quantity_is_refused() -> None:
    assert [int(amount(each)) for each in ("1e3", "2k", "1Ki", 3, "1500m")] == [
        1000,
        2000,
        1024,
        3,
        1,
    ]
    with pytest.raises(ValueError, match="lots"):
        amount("lots")


@pytest.mark.parametrize(
    ("pod_wide", "own", "why"),
    [
        ({}, {}, ""),
        ({"runAsNonRoot": True, "runAsUser": 1000}, {}, ""),
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, ""),
        ({"runAsNonRoot": True}, {}, "container has runAsNonRoot and image will run as root"),
        (
            {},
            {"runAsNonRoot": True, "runAsUser": 0},
            "container's runAsUser breaks non-root policy",
        ),
    ],
)
def test_root_is_refused_where_only_others_may_run(
    pod_wide: dict[str, object], own: dict[str, object], why: str
) -> None:
    pod = POD | {"spec": {"securityContext": pod_wide}}
    container = {"name": "app", "securityContext": own}
    if not why:
        return check_user(pod, container)
    with pytest.raises(ConfigError) as refused:
        check_user(pod, container)
    assert str(refused.value) == f'{why} (pod: "p_default(u)", container: app)'
    return None


def test_a_place_below_a_mount_path_is_not_rewritten_again() -> None:
    home = Path("/tmp/lab")
    places = {"/data": home / "pods/u/volumes/data", "/tmp": home / "pods/u/volumes/tmp"}
    paths = Paths(places, kept=[home, Path("/tmp/venv")])
    assert paths.rewrite("cp /data/a /tmp/b") == (
        "cp /tmp/lab/pods/u/volumes/data/a /tmp/lab/pods/u/volumes/tmp/b"
    )
    assert paths.rewrite("/tmp/venv/bin:/tmp/lab/bin") == "/tmp/venv/bin:/tmp/lab/bin"
    assert paths.rewrite("/tmp/labour") == "/tmp/lab/pods/u/volumes/tmp/labour"
