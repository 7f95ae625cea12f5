"""A slip in a cell leads to a sentence, its line and a next step; to no inner lines of a client."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from irsa_course import cell_errors, missing_names
from irsa_helpers.worlds import World

COURSE = Path(__file__).parents[2] / "notebooks"


@pytest.fixture
def shell(world: World, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    monkeypatch.setenv(missing_names.NOTEBOOK_VARIABLE, str(COURSE / "03-trust-policy.ipynb"))
    shell = InteractiveShell(colors="nocolor")
    shell.extension_manager.load_extension(cell_errors.__name__)
    shell.user_ns["world"] = world
    return shell


@pytest.mark.parametrize(
    ("slip", "said", "next_step"),
    [
        ("set_trust(1)", "the cell that begins  iam = world.aws", "Run All Above Selected Cell"),
        ("trsut", "no cell makes 'trsut'", "did you mean 'trust'?"),
        (
            'world.aws("iam").get_role(RoleName="nobody")',
            "The role with name nobody cannot be found|Role nobody not found",
            "correct the name, or run the cell that makes it",
        ),
        (
            'accounts = world.resource("v1", "ServiceAccount")\n'
            'accounts.get(name="nobody", namespace="default")',
            'serviceaccounts "nobody" not found\n  In.*, line 2:  accounts.get',
            "correct the name, or run the cell that makes it",
        ),
        (
            'accounts = world.resource("v1", "ServiceAccount")\n'
            'default = {"metadata": {"name": "default"}}\n'
            'accounts.create(body=default, namespace="default")',
            'serviceaccounts "default" already exists',
            "it is there already",
        ),
        (
            "from irsa_helpers.policy import Request, evaluate\n"
            'evaluate(Request("a", "b", "c", {}), resource_policy="{")',
            "This policy contains invalid Json",
            "correct the line above",
        ),
        (
            'from irsa_helpers.roles import role_arn\nrole_arn("enginrect-shop-role", "me")',
            "role_arn takes the world first\n  In.*, line 2:  role_arn",
            "write role_arn(world, …)",
        ),
        ('world.aws("st")', "boto3 knows no service 'st'", "sts"),
        ('world.resource("v1", "Pood")', "no kind 'Pood' in 'v1'", "kubectl api-resources"),
        (
            'from irsa_helpers.pods import exec_in_pod\nexec_in_pod(world, "nobody", ["true"])',
            'Pod default/nobody: pods "nobody" not found',
            "ready_pod_name",
        ),
    ],
)
def test_a_slip_is_explained(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    slip: str,
    said: str,
    next_step: str,
) -> None:
    shell.run_cell(slip)
    shown = capsys.readouterr().out
    assert "Traceback" not in shown
    assert len(shown.splitlines()) <= 5
    assert re.search(said, shown), shown
    assert next_step in shown


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "the sandbox's"])
def test_after_the_sandbox_ended_or_was_reset_the_first_cell_connects_anew(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], endpoint: str
) -> None:
    """Nobody answers at the first address; the second knows no such key, as after a reset."""
    shell.user_ns["endpoint"] = endpoint
    shell.run_cell(
        "import boto3\n"
        'if not endpoint.startswith("http"): endpoint = world.aws("sts").meta.endpoint_url\n'
        'boto3.client("sts", endpoint_url=endpoint, region_name="x", aws_access_key_id="AKIAX",\n'
        '  aws_secret_access_key="x").get_caller_identity()'
    )
    assert "run the notebook's first code cell again" in capsys.readouterr().out


def test_an_error_of_the_cell_itself_keeps_its_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell('assert world is None, "it is there"')
    shown = capsys.readouterr().out
    assert "Traceback" in shown
    assert "AssertionError: it is there" in shown
    shell.run_cell("x9")
    assert "name 'x9' is not defined" in capsys.readouterr().out


def test_the_whole_traceback_is_there_for_who_asks(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell('world.aws("iam").get_role(RoleName="nobody")')
    assert "botocore/client.py" not in capsys.readouterr().out
    shell.run_cell("%tb")
    assert "botocore/client.py" in capsys.readouterr().out.replace("\\", "/")
