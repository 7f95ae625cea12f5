"""A container's environment is its own, and mount paths lead to where the volumes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_helpers.sandbox.kubelet.environment import ConfigError, Paths, expand, field_value

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
