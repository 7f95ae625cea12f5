"""`irsa-lab` from a shell, with the real clients behind it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers import course, roles
from irsa_helpers.worlds.sandbox import SandboxWorld

PROGRAM = str(Path(sys.executable).with_name("irsa-lab"))


@pytest.fixture
def irsa_lab(sandbox: dict[str, Any], sandbox_home: Path) -> Any:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        variables = os.environ | {"IRSA_LAB_HOME": str(sandbox_home)}
        return subprocess.run(
            [PROGRAM, *arguments], env=variables, capture_output=True, text=True, timeout=60
        )

    return call


def test_up_is_idempotent(irsa_lab: Any, sandbox: dict[str, Any]) -> None:
    answer = json.loads(irsa_lab("up", "--json").stdout)
    assert answer["pid"] == sandbox["pid"]


def test_status_names_the_cluster(irsa_lab: Any) -> None:
    answer = irsa_lab("status")
    assert answer.returncode == 0
    assert "enginrect-cluster" in answer.stdout


def test_status_says_which_loops_have_died(irsa_lab: Any) -> None:
    assert "restarted_loops" in irsa_lab("status").stdout
    assert isinstance(json.loads(irsa_lab("status", "--json").stdout)["restarted_loops"], dict)


def test_status_of_nothing_exits_1(tmp_path: Path) -> None:
    variables = os.environ | {"IRSA_LAB_HOME": str(tmp_path / "none")}
    answer = subprocess.run([PROGRAM, "status"], env=variables, capture_output=True, text=True)
    assert answer.returncode == 1
    assert "stopped" in answer.stdout


def test_env_gives_a_shell_the_real_clients(irsa_lab: Any, sandbox: dict[str, Any]) -> None:
    script = (
        f'eval "$({PROGRAM} env)" && aws sts get-caller-identity --query Arn --output text'
        " && kubectl get namespace default -o name"
    )
    variables = os.environ | {
        "IRSA_LAB_HOME": sandbox["home"],
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
    }
    answer = subprocess.run(
        ["sh", "-c", script], env=variables, capture_output=True, text=True, timeout=60
    )
    assert answer.stdout.splitlines() == [
        "arn:aws:iam::111122223333:user/enginrect",
        "namespace/default",
    ], answer.stderr


@pytest.mark.parametrize("service", [("health", "describe-events"), ("emr", "list-clusters")])
def test_no_aws_command_leaves_the_machine(irsa_lab: Any, service: tuple[str, str]) -> None:
    answer = irsa_lab("run", "--", "aws", *service)
    assert answer.returncode != 0
    assert "The sandbox does not implement the service" in answer.stderr


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
PLAIN_BOTO3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


@pytest.mark.parametrize(
    "command",
    [
        "irsa-lab run -- aws sts get-caller-identity",
        "irsa-lab run -- aws sqs list-queues || true",
        'eval "$(irsa-lab env)"; aws sts get-caller-identity',
        'eval "$(irsa-lab env)"; aws sqs list-queues || true',
        'eval "$(irsa-lab env)"; kubectl get namespaces',
        f'eval "$(irsa-lab env)"; {sys.executable} -c "{PLAIN_BOTO3}"',
    ],
)
def test_nothing_reaches_a_proxy_of_the_users(sandbox: dict[str, Any], command: str) -> None:
    """The proxy here takes note of whatever comes."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        variables = dict(os.environ) | dict.fromkeys(PROXIES, url)
        variables |= {"no_proxy": "corp.example", "IRSA_LAB_HOME": sandbox["home"]}
        variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]])
        variables.pop("NO_PROXY", None)
        done = subprocess.run(
            ["sh", "-c", command], env=variables, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_check_names_the_open_step_of_the_course(irsa_lab: Any, world: SandboxWorld) -> None:
    course.catch_up(world, through="provider")
    roles.ensure_no_role(world, course.ROLE)
    answer = irsa_lab("check")
    assert answer.returncode == 1
    lines = answer.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["done", "not", "waits", "waits"]
    assert f"there is no role {course.ROLE}" in lines[1]
    assert lines[-2:] == ["✗ 1 of 4 steps hold.", "Next: notebook 03 makes it"]
    course.catch_up(world, through="deployment")
    answer = irsa_lab("check", "--json")
    assert answer.returncode == 0, answer.stdout
    assert [each["name"] for each in json.loads(answer.stdout)] == list(course.STEPS)


def test_a_trace_without_hops_says_so_and_what_makes_one(irsa_lab: Any) -> None:
    answer = irsa_lab("trace", "--since", "1000000000")
    assert answer.returncode == 0
    assert "no hop after number 1000000000" in answer.stdout
    assert "Next: let a Pod call AWS" in answer.stdout
    assert irsa_lab("trace", "--since", "1000000000", "--json").stdout == "[]\n"


def test_a_certificate_waits_for_the_courses_end(irsa_lab: Any) -> None:
    refused = irsa_lab("map", "--certificate", "Kim")
    assert refused.returncode != 0
    assert "the course is not finished yet" in refused.stderr
    assert "notebooks/0" in refused.stderr


def test_the_consoles_address_is_said_for_another_browser(irsa_lab: Any) -> None:
    assert irsa_lab("console", "--no-browser").stdout.startswith("Open http://127.0.0.1:")


def test_a_port_that_there_is_not_is_refused(irsa_lab: Any) -> None:
    answer = irsa_lab("open", "--no-browser", "--port", "99999")
    assert answer.returncode == 2
    assert "99999 is not in the range" in answer.stderr


def test_run_passes_the_exit_status_on(irsa_lab: Any) -> None:
    assert irsa_lab("run", "--", "sh", "-c", "exit 7").returncode == 7


def test_run_names_a_program_that_is_not_there(irsa_lab: Any) -> None:
    answer = irsa_lab("run", "--", "no-such-program")
    assert answer.returncode == 1
    assert "no program 'no-such-program'" in answer.stderr


def test_env_as_json_holds_the_contracts_names(irsa_lab: Any) -> None:
    answer = json.loads(irsa_lab("env", "--json").stdout)
    assert {
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "KUBECONFIG",
        "IRSA_LAB_CLUSTER",
    } <= set(answer)
    assert answer["AWS_REGION"] == "ap-northeast-2"
    assert answer["IRSA_LAB_CLUSTER"] == "enginrect-cluster"


def test_update_kubeconfig_of_the_aws_cli_leads_to_the_cluster(shell: Any, tmp_path: Path) -> None:
    kubeconfig = str(tmp_path / "kubeconfig")
    shell(
        "aws", "eks", "update-kubeconfig", "--name", "enginrect-cluster", "--kubeconfig", kubeconfig
    )
    whoami = shell("kubectl", "--kubeconfig", kubeconfig, "auth", "whoami", "-o", "json")
    assert "system:masters" in json.loads(whoami.stdout)["status"]["userInfo"]["groups"]
