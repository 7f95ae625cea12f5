"""JupyterLab beside the sandbox, or alone for a real account."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from irsa_helpers.ground import state

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("irsa-lab")
YOUR_OWN = {"AWS_PROFILE": "mine", "AWS_REGION": "eu-west-1", "KUBECONFIG": "/home/me/config"}


@contextmanager
def opened(home: Path, **variables: str) -> Iterator[tuple[str, psutil.Process]]:
    """What `irsa-lab open` prints up to its address, and the JupyterLab it started."""
    process = subprocess.Popen(
        [PROGRAM, "open", "--no-browser", "--port", "19888"],
        cwd=ROOT,
        env=os.environ | {"IRSA_LAB_HOME": str(home)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "?token=" not in said and (line := process.stdout.readline()):
            said += line
        jupyterlab = [
            child
            for child in psutil.Process(process.pid).children()
            if "jupyterlab" in child.cmdline()
        ]
        yield said, jupyterlab[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def terminal_programs(said: str, jupyterlab: psutil.Process) -> list[list[str]]:
    """A new terminal is opened; the command lines of all programs that JupyterLab runs then."""
    address = next(line for line in said.split() if "?token=" in line)
    server, token = address.split("/lab/tree")[0], address.split("token=")[1]
    httpx.post(f"{server}/api/terminals", params={"token": token}).raise_for_status()
    return [child.cmdline() for child in jupyterlab.children()]


def test_the_sandbox_is_all_that_its_jupyterlab_knows_of_aws(tmp_path: Path) -> None:
    with opened(tmp_path, SHELL="/bin/sh", **YOUR_OWN) as (said, jupyterlab):
        variables = jupyterlab.environ()
        sandbox = state.read(tmp_path)
        assert sandbox is not None
        assert variables["AWS_ENDPOINT_URL"] == sandbox["aws"]["endpoint_url"]
        assert variables["KUBECONFIG"] == sandbox["kubernetes"]["kubeconfig"]
        assert "AWS_PROFILE" not in variables
        assert len(said.splitlines()) < 12, f"a few lines with the address at their end: {said}"
        shells = terminal_programs(said, jupyterlab)
        assert ["/bin/sh"] in shells, "a login shell would set PATH anew, without `aws`"
    assert state.read(tmp_path) is None, "both stop together"


def test_a_real_account_keeps_its_own_settings(tmp_path: Path) -> None:
    with opened(tmp_path, IRSA_LAB_WORLD="aws", **YOUR_OWN) as (said, jupyterlab):
        variables = jupyterlab.environ()
        assert "your own AWS account" in said
        assert state.read(tmp_path) is None, "no sandbox is started"
        assert YOUR_OWN.items() <= variables.items()
        assert "AWS_ENDPOINT_URL" not in variables
