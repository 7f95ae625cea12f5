"""A mounted AWS config file leads to where the container's files really are."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_helpers.sandbox.kubelet.aws_files import own_copies
from irsa_helpers.sandbox.kubelet.environment import Paths

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
    copies = own_copies(set_by_pod, paths, tmp_path / "app")
    assert Path(copies["AWS_CONFIG_FILE"]).read_text() == CONFIG.replace(TOKEN, f"{token}/token")
    assert (volume / "config").read_text() == CONFIG, "the volume is other containers', too"


def test_a_file_outside_of_the_volumes_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG)
    variables = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    assert own_copies(variables, Paths({"/etc/aws": tmp_path / "v"}), tmp_path / "app") == {}
