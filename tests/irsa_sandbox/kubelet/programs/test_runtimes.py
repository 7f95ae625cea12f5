"""An image stands for a program of this machine, or for none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.programs.environment import Paths
from irsa_sandbox.kubelet.programs.runtimes import find_program, find_runtime

PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "image",
    [
        "amazon/aws-cli",
        "amazon/aws-cli:2.17.0",
        "public.ecr.aws/aws-cli/aws-cli:latest",
        "localhost:5000/aws-cli@sha256:" + "0" * 64,
    ],
)
def test_the_aws_cli_is_this_machines_aws(image: str) -> None:
    runtime = find_runtime(image)
    assert runtime is not None
    assert runtime.entrypoint == (str(PROGRAMS / "aws"),)


@pytest.mark.parametrize("image", ["python:3.12-slim", "busybox", "bash:5", "alpine", "pause:3.9"])
def test_python_and_shells_can_run(image: str) -> None:
    assert find_runtime(image) is not None


@pytest.mark.parametrize("image", ["nginx", "my-python", "aws-cli/other", "python-app:3"])
def test_another_image_has_no_runtime(image: str) -> None:
    assert find_runtime(image) is None


@pytest.mark.parametrize("name", ["python", "python3", "/usr/bin/python3"])
def test_any_python_is_the_one_that_has_boto3(name: str) -> None:
    assert find_program(name) == sys.executable


def test_a_path_of_the_image_leads_to_the_program_here() -> None:
    assert find_program("/usr/local/bin/v2/dist/aws") == str(PROGRAMS / "aws")
    assert find_program("/opt/none") is None


def container(folder: Path, **spec: object) -> Container:
    return Container({"name": "app", **spec}, folder, Paths({}))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, ["aws"]),
        ({"args": ["s3", "ls"]}, ["aws", "s3", "ls"]),
        ({"command": ["sleep"]}, ["sleep"]),
        ({"command": ["sleep"], "args": ["5"]}, ["sleep", "5"]),
    ],
)
def test_a_command_takes_the_place_of_the_entrypoint(
    tmp_path: Path, spec: dict[str, object], words: list[str]
) -> None:
    made = container(tmp_path, image="amazon/aws-cli", **spec).words()
    assert [each.rpartition("/")[2] for each in made] == words


def test_only_the_aws_cli_is_told_the_region_of_the_node(tmp_path: Path) -> None:
    for image, told in (("amazon/aws-cli", True), ("python:3.12", False)):
        made = container(tmp_path / image, image=image)
        made.prepare_home("ap-northeast-2")
        config = made.home() / ".aws" / "config"
        assert config.exists() == told
    assert (tmp_path / "amazon/aws-cli/containers/app/.aws/config").read_text() == (
        "[default]\nregion = ap-northeast-2\n"
    )
