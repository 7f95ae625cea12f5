"""Nothing that a manifest says, or that a Pod links, makes the kubelet write elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.files.confine import as_container_path, confined
from irsa_sandbox.kubelet.programs.environment import Paths


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("../../../../victim", "/victim"),
        ("/srv/../../app", "/app"),
        ("//app/", "/app"),
        ("/", "/"),
        ("", "/"),
    ],
)
def test_dots_lead_nowhere_above_the_root_of_a_container(written: str, meant: str) -> None:
    assert as_container_path(written) == meant


@pytest.mark.parametrize("wanted", ["../../../../victim", "/data/../../../../../victim", "/victim"])
def test_a_working_directory_is_below_the_home_of_its_container(
    tmp_path: Path, wanted: str
) -> None:
    pod, data = tmp_path / "a" / "b" / "pod", tmp_path / "a" / "b" / "pod" / "volumes" / "data"
    spec = {"name": "app", "image": "busybox", "workingDir": wanted}
    container = Container(spec, pod, Paths({"/data": data}))
    assert container.working_directory() == pod / "containers" / "app" / "victim"
    assert not list(tmp_path.glob("victim"))


def test_a_link_of_a_pod_leads_the_kubelet_nowhere(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (own / "link").symlink_to(other)
    assert confined(own / "folder", (own,)) == own / "folder"
    with pytest.raises(PermissionError, match="leads out of the Pod's own files"):
        confined(own / "link" / "file", (own,))


def test_a_working_directory_below_a_linked_sub_path_is_refused(tmp_path: Path) -> None:
    pod, victim = tmp_path / "pods" / "uid", tmp_path / "victim"
    (pod / "volumes").mkdir(parents=True)
    victim.mkdir()
    (pod / "volumes" / "link").symlink_to(victim)
    spec = {"name": "app", "image": "busybox", "workingDir": "/data/made"}
    container = Container(spec, pod, Paths({"/data": pod / "volumes" / "link"}))
    with pytest.raises(PermissionError):
        container.working_directory()
    assert not list(victim.iterdir())


def test_credentials_behind_a_link_are_not_forgotten(tmp_path: Path) -> None:
    kept = tmp_path / "mine" / "cli" / "cache" / "kept.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    container = Container({"name": "app", "image": "amazon/aws-cli"}, tmp_path / "pod", Paths({}))
    (container.home() / ".aws").symlink_to(tmp_path / "mine")
    container.forget_credentials()
    assert kept.exists()
