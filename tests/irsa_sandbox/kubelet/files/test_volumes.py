"""A Pod's volumes become folders: private tokens that are renewed, files replaced as a whole."""

from __future__ import annotations

import asyncio
import base64
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.apiclient import ApiError
from irsa_sandbox.kubelet.files.host_paths import MountError
from irsa_sandbox.kubelet.files.volumes import Volumes
from irsa_sandbox.kubelet.programs.users import token_mode, user_of

NOW = 1_800_000_000.0
OBJECTS = {
    "configmaps/settings": {"data": {"colour": "blue", "size": "L"}},
    "secrets/hidden": {"data": {"key": base64.b64encode(b"s3cr3t").decode()}},
}


class Api:
    """The API server, as far as volumes ask it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def get(self, path: str) -> dict[str, Any] | None:
        return OBJECTS.get(path.removeprefix("/api/v1/namespaces/ns/"))

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((path, body["spec"]))
        if "/nobody/" in path:
            raise ApiError(404, "NotFound", 'serviceaccounts "nobody" not found')
        expires = datetime.fromtimestamp(NOW + body["spec"]["expirationSeconds"], UTC)
        status = {
            "token": f"token-{len(self.asked)}",
            "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {"status": status}


def volumes(tmp_path: Path, api: Api, *declared: dict[str, Any], **spec: Any) -> Volumes:
    pod = {
        "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"app": "s3"}},
        "spec": {"serviceAccountName": "sa", "volumes": list(declared), **spec}
        | {"containers": [{"name": "app"}]},
    }
    return Volumes(api, pod, tmp_path, tmp_path / "node")  # type: ignore[arg-type]


def token_volume(**token: Any) -> dict[str, Any]:
    source = {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}
    return {"name": "t", "projected": {"sources": [{"serviceAccountToken": source | token}]}}


def set_up(made: Volumes) -> Any:
    return asyncio.run(made.set_up(NOW))


def test_a_token_is_asked_for_the_pod_and_its_audience(tmp_path: Path) -> None:
    api = Api()
    [token] = set_up(volumes(tmp_path, api, token_volume()))
    [(path, spec)] = api.asked
    assert path == "/api/v1/namespaces/ns/serviceaccounts/sa/token"
    assert spec["audiences"] == ["sts.amazonaws.com"]
    assert spec["boundObjectRef"] == {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    assert (tmp_path / "t" / "token").read_text() == "token-1"
    assert token.expires_at == NOW + 86400


@pytest.mark.parametrize(
    ("seconds", "refresh_after"), [(600, 480), (86400, 69120), (200_000, 86400)]
)
def test_a_token_is_due_at_80_percent_of_its_life_or_after_a_day(
    tmp_path: Path, seconds: int, refresh_after: int
) -> None:
    [token] = set_up(volumes(tmp_path, Api(), token_volume(expirationSeconds=seconds)))
    assert token.refresh_at == NOW + refresh_after


def test_a_renewed_token_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    made = volumes(tmp_path, Api(), token_volume())
    set_up(made)
    held = (tmp_path / "t" / "token").open()
    asyncio.run(made.refresh("t", NOW + 1))
    assert (tmp_path / "t" / "token").read_text() == "token-2"
    assert held.read() == "token-1", "who had opened the file reads the old one to its end"
    held.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs file modes")
@pytest.mark.parametrize(("context", "mode"), [({}, 0o600), ({"fsGroup": 1000}, 0o640)])
def test_a_token_is_for_its_owner_and_the_group_of_the_pod(
    tmp_path: Path, context: dict[str, Any], mode: int
) -> None:
    set_up(volumes(tmp_path, Api(), token_volume(), securityContext=context))
    assert stat.S_IMODE((tmp_path / "t" / "token").stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="needs file modes")
@pytest.mark.parametrize(
    ("users", "default_mode", "mode"),
    [
        ((1000, 2000), 0o400, 0),
        ((1000, 2000), 0o644, 0o600),
        ((1000, 1000), 0o400, 0o600),
        ((1000, None), 0o400, 0o600),
        ((1000, 0), 0o400, 0o600),
    ],
)
def test_a_private_token_is_closed_to_several_users(
    users: tuple[int | None, int | None], default_mode: int, mode: int
) -> None:
    contexts = [{} if user is None else {"runAsUser": user} for user in users]
    containers = [{"name": "c", "securityContext": context} for context in contexts]
    assert token_mode({"containers": containers}, default_mode) == mode
    grouped = {"containers": containers, "securityContext": {"fsGroup": 3000}}
    assert token_mode(grouped, default_mode) == 0o640


def test_a_pods_user_holds_for_its_containers() -> None:
    pod = {"securityContext": {"runAsUser": 1000}}
    assert user_of(pod, {}) == 1000
    assert user_of(pod, {"securityContext": {"runAsUser": 0}}) == 0


def test_config_maps_secrets_and_fields_become_files(tmp_path: Path) -> None:
    label = {"path": "app", "fieldRef": {"fieldPath": "metadata.labels['app']"}}
    set_up(
        volumes(
            tmp_path,
            Api(),
            {"name": "all", "configMap": {"name": "settings"}},
            {"name": "one", "secret": {"secretName": "hidden", "defaultMode": 0o400}},
            {"name": "pod", "downwardAPI": {"items": [label]}},
            {"name": "empty", "emptyDir": {}},
        )
    )
    files = {str(p.relative_to(tmp_path)): p for p in tmp_path.rglob("*") if p.is_file()}
    assert {name: path.read_text() for name, path in files.items()} == {
        "all/colour": "blue",
        "all/size": "L",
        "one/key": "s3cr3t",
        "pod/app": "s3",
    }
    assert stat.S_IMODE(files["one/key"].stat().st_mode) & 0o400
    assert (tmp_path / "empty").is_dir()


def test_items_choose_keys_and_paths(tmp_path: Path) -> None:
    items = [{"key": "colour", "path": "deep/er"}]
    set_up(
        volumes(tmp_path, Api(), {"name": "v", "configMap": {"name": "settings", "items": items}})
    )
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()] == [
        "v/deep/er"
    ]


@pytest.mark.parametrize(
    ("volume", "text"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        (
            {"configMap": {"name": "settings", "items": [{"key": "x", "path": "x"}]}},
            "references non-existent config key: x",
        ),
        (
            {"configMap": {"name": "settings", "items": [{"key": "size", "path": "../x"}]}},
            "invalid path '../x'",
        ),
        (
            {"secret": {"secretName": "hidden", "items": [{"key": "x", "path": "x"}]}},
            "references non-existent secret key: x",
        ),
        ({"nfs": {"path": "/"}}, "NotImplemented: the sandbox has no nfs volumes"),
        (
            {"hostPath": {"path": "/opt/nosuch", "type": "Directory"}},
            "hostPath type check failed: /opt/nosuch is not a directory",
        ),
        (
            {"hostPath": {"path": "/var/log", "type": "File"}},
            "hostPath type check failed: /var/log is not a file",
        ),
        (
            {"hostPath": {"path": "/run/x.sock", "type": "Socket"}},
            "hostPath type check failed: /run/x.sock is not a socket file",
        ),
    ],
)
def test_a_volume_that_cannot_be_set_up_says_why(
    tmp_path: Path, volume: dict[str, Any], text: str
) -> None:
    with pytest.raises(MountError) as refused:
        set_up(volumes(tmp_path, Api(), {"name": "v", **volume}))
    assert str(refused.value).startswith('MountVolume.SetUp failed for volume "v" : ')
    assert text in str(refused.value)


def test_a_token_that_is_refused_is_a_mount_that_failed(tmp_path: Path) -> None:
    made = volumes(tmp_path, Api(), token_volume(), serviceAccountName="nobody")
    with pytest.raises(MountError, match='serviceaccounts "nobody" not found'):
        set_up(made)


def test_what_is_optional_may_be_absent(tmp_path: Path) -> None:
    absent = {"name": "none", "optional": True}
    set_up(volumes(tmp_path, Api(), {"name": "v", "configMap": absent}))
    assert list((tmp_path / "v").iterdir()) == []


def test_a_volume_follows_its_config_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    label = {"path": "app", "fieldRef": {"fieldPath": "metadata.labels['app']"}}
    sources: list[dict[str, Any]] = [
        {"configMap": {"name": "settings"}},
        {"serviceAccountToken": {"path": "token"}},
        {"downwardAPI": {"items": [label]}},
    ]
    api = Api()
    made = volumes(tmp_path, api, {"name": "v", "projected": {"sources": sources}})
    assert made.showing("configmaps", "settings") == [], "it is not set up yet"
    set_up(made)
    assert made.showing("configmaps", "settings") == made.showing_metadata() == ["v"]
    assert made.showing("secrets", "settings") == made.showing("configmaps", "other") == []
    monkeypatch.setitem(OBJECTS, "configmaps/settings", {"data": {"colour": "red"}})
    asyncio.run(made.rewrite("v"))
    shown = {path.name: path.read_text() for path in (tmp_path / "v").iterdir()}
    assert shown == {"colour": "red", "token": "token-1", "app": "s3"}


@pytest.mark.parametrize("kind", ["", "Directory", "DirectoryOrCreate"])
def test_the_nodes_files_are_a_folder_of_the_sandbox_that_pods_share(
    tmp_path: Path, kind: str
) -> None:
    declared = {"name": "log", "hostPath": {"path": "/var/log/pods", "type": kind}}
    found = volumes(tmp_path, Api(), declared)
    asyncio.run(found.set_up(NOW))
    (found.folder("log") / "app.log").write_text("said")
    assert (tmp_path / "node/var/log/pods/app.log").read_text() == "said"
    assert volumes(tmp_path, Api(), declared).folder("log") == found.folder("log")


def test_a_file_of_the_node_is_made_where_it_may_be(tmp_path: Path) -> None:
    declared = {"name": "lock", "hostPath": {"path": "/run/lock", "type": "FileOrCreate"}}
    found = volumes(tmp_path, Api(), declared)
    asyncio.run(found.set_up(NOW))
    assert found.folder("lock").is_file()
