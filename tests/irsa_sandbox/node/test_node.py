"""The instance metadata service: a session first, then what a node knows of itself."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.clock import Clock
from irsa_sandbox.node import node

ROLE = "enginrect-node-role"
TTL = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}


async def credentials() -> dict[str, str]:
    return {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "Token": "t", "Expiration": "e"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def imds(call: Any, clock: Clock) -> Any:
    app = node.create_imds_app(credentials, ROLE, clock)
    return lambda method, path, **options: call(app, method, path, **options)


def get(imds: Any, path: str) -> Any:
    token = imds("PUT", "/pods/1/latest/api/token", headers=TTL).text
    return imds("GET", f"/pods/1/latest/{path}", headers={"X-aws-ec2-metadata-token": token})


def test_without_a_session_token_nothing_is_told(imds: Any) -> None:
    assert imds("GET", "/pods/1/latest/meta-data/instance-id").status_code == 401


@pytest.mark.parametrize("seconds", ["0", "21601", "soon", ""])
def test_a_session_lasts_from_a_second_to_six_hours(imds: Any, seconds: str) -> None:
    headers = {"X-aws-ec2-metadata-token-ttl-seconds": seconds}
    assert imds("PUT", "/pods/1/latest/api/token", headers=headers).status_code == 400


def test_a_session_token_expires(imds: Any, clock: Clock) -> None:
    token = imds("PUT", "/pods/1/latest/api/token", headers=TTL).text
    headers = {"X-aws-ec2-metadata-token": token}
    assert imds("GET", "/pods/1/latest/meta-data/instance-id", headers=headers).status_code == 200
    clock.advance(61)
    assert imds("GET", "/pods/1/latest/meta-data/instance-id", headers=headers).status_code == 401


def test_the_nodes_role_is_found_by_name(imds: Any) -> None:
    assert get(imds, "meta-data/iam/security-credentials/").text == ROLE
    body = get(imds, f"meta-data/iam/security-credentials/{ROLE}").json()
    assert (body["Code"], body["AccessKeyId"]) == ("Success", "ASIA1")


def test_the_identity_document_names_account_and_region(imds: Any) -> None:
    body = get(imds, "dynamic/instance-identity/document").json()
    assert (body["accountId"], body["region"]) == ("111122223333", "ap-northeast-2")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "dynamic/\nmeta-data/"),
        ("meta-data/placement/", "availability-zone\nregion"),
        ("meta-data/placement/region", "ap-northeast-2"),
    ],
)
def test_a_folder_is_listed_and_a_name_is_told(imds: Any, path: str, expected: str) -> None:
    assert get(imds, path).text == expected


def test_an_unknown_path_is_not_found(imds: Any) -> None:
    assert get(imds, "meta-data/nothing").status_code == 404


def test_a_pod_calls_below_its_uid_and_a_policy_keeps_it_away(
    call: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reaches(uid: str) -> bool:
        return uid == "free"

    monkeypatch.setattr(node, "DROPPED_SECONDS", 0)
    app = node.create_imds_app(credentials, ROLE, clock, reaches=reaches)
    assert call(app, "PUT", "/pods/free/latest/api/token", headers=TTL).status_code == 200
    assert call(app, "PUT", "/pods/kept/latest/api/token", headers=TTL).status_code == 504
