"""A mounted AWS config file leads to where the container's files really are."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_helpers import oidc, pods, roles, serviceaccounts, trust
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_sandbox.kubelet.files.aws_files import dead_paths, mounted_aws_files, own_copies
from irsa_sandbox.kubelet.programs.environment import Paths
from tests.typed import core_v1
from tests.watching import until

TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
CONFIG = f"[profile base]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = {TOKEN}\n"


@pytest.mark.parametrize("mount", ["/root/.aws", "/etc/aws"])
def test_the_paths_in_a_mounted_config_are_those_of_this_machine(
    tmp_path: Path, mount: str
) -> None:
    volume, token = tmp_path / "volumes" / "aws", tmp_path / "volumes" / "token"
    volume.mkdir(parents=True)
    (volume / "config").write_text(CONFIG)
    paths = Paths({mount: volume, TOKEN.removesuffix("/token"): token})
    set_by_pod = {"AWS_CONFIG_FILE": str(volume / "config")} if mount == "/etc/aws" else {}
    files = mounted_aws_files(set_by_pod, paths)
    copies = own_copies(files, paths, tmp_path / "app")
    assert Path(copies["AWS_CONFIG_FILE"]).read_text() == CONFIG.replace(TOKEN, f"{token}/token")
    assert (volume / "config").read_text() == CONFIG, "the volume is other containers', too"


def test_a_file_outside_of_the_volumes_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG)
    variables = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    assert mounted_aws_files(variables, Paths({"/etc/aws": tmp_path / "v"})) == {}


def test_a_file_that_names_a_mount_path_is_found_and_an_aws_file_is_not(tmp_path: Path) -> None:
    volume = tmp_path / "volumes" / "app"
    volume.mkdir(parents=True)
    for name, text in {"run.py": f"open('{TOKEN}')", "config": CONFIG, "other": "x = 1"}.items():
        (volume / name).write_text(text)
    paths = Paths({"/app": volume, TOKEN.removesuffix("/token"): tmp_path / "token"})
    found = dead_paths(paths, {"/app": volume}, besides=[volume / "config"])
    assert found == ["/app/run.py"]


def test_a_profile_of_a_config_map_chains_roles(world: SandboxWorld, namespace: str) -> None:
    oidc.ensure_provider(world)
    base, target = (roles.role_arn(world, f"{namespace}-{each}") for each in ("base", "target"))
    web = trust.build_trust_policy(oidc.provider_arn(world), namespace, "app")
    may = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    policies = {"hop": {"Version": "2012-10-17", "Statement": [may | {"Resource": target}]}}
    roles.ensure_role(world, f"{namespace}-base", web, permission_policies=policies)
    trusted = {"Version": "2012-10-17", "Statement": [may | {"Principal": {"AWS": base}}]}
    roles.ensure_role(world, f"{namespace}-target", trusted)
    serviceaccounts.ensure_service_account(world, "app", namespace=namespace, role_arn=base)
    config = CONFIG.replace("arn:aws:iam::1:role/r", base) + (
        f"[profile target]\nrole_arn = {target}\nsource_profile = base\nrole_session_name = hop\n"
    )
    core = core_v1(world)
    body = {"metadata": {"name": "aws"}, "data": {"config": config}}
    core.create_namespaced_config_map(namespace, body)
    container = {"name": "app", "image": "amazon/aws-cli", "command": ["sleep", "600"]}
    container |= {"env": [{"name": "AWS_CONFIG_FILE", "value": "/etc/aws/config"}]}
    container |= {"volumeMounts": [{"name": "aws", "mountPath": "/etc/aws"}]}
    spec = {"serviceAccountName": "app", "containers": [container]}
    spec |= {"volumes": [{"name": "aws", "configMap": {"name": "aws"}}]}
    core.create_namespaced_pod(namespace, {"metadata": {"name": "app"}, "spec": spec})
    until(core.list_namespaced_pod, namespace, lambda _, p: p.status.phase == "Running")
    command = ["aws", "sts", "get-caller-identity", "--profile", "target", "--query", "Arn"]
    answer = pods.exec_in_pod(world, "app", command, namespace=namespace)
    assert answer.stdout.strip().endswith(f'assumed-role/{namespace}-target/hop"'), answer.stderr
    for each in ("base", "target"):
        roles.ensure_no_role(world, f"{namespace}-{each}")
