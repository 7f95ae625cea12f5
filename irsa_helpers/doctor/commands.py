"""`irsa-lab doctor`: the doctor from a terminal; its exit status tells CI whether all is well."""

from __future__ import annotations

import json
import shutil

import click

from irsa_helpers.doctor import Diagnosis, Overview, overview
from irsa_helpers.doctor import doctor as diagnose
from irsa_helpers.doctor.result import WIDTH
from irsa_helpers.doctor.target import parse_target
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.terminal import say
from irsa_helpers.worlds import connect


def _checked(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The target as it was typed; a usage error, exit status 2, where it names no workload."""
    try:
        if value:
            parse_target(value)
    except IrsaLabError as error:
        raise click.UsageError(str(error)) from error
    return value


@click.command("doctor")
@click.argument("target", required=False, callback=_checked)
@click.option("-n", "--namespace", default="default", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
@click.option("--strict", is_flag=True, help="Exit 1 also for what you may not see.")
def doctor(target: str | None, namespace: str, as_json: bool, strict: bool) -> None:
    """Find the broken link between a workload and its role; exit 1 where there is one.

    TARGET is deployment/NAME, pod/NAME, sa/NAME or another workload. Without it: the whole
    cluster, that is who can become which role, and which trust policies are too wide.
    """
    found = _examine(target, namespace)
    width = max(80, shutil.get_terminal_size((WIDTH, 24)).columns)
    say(json.dumps(found.to_dict(), indent=2) if as_json else found.text(width))
    raise SystemExit(0 if found.ok and not (strict and found.unseen) else 1)


def _examine(target: str | None, namespace: str) -> Diagnosis | Overview:
    """What the doctor finds, or one sentence on what does not let you in."""
    from botocore.exceptions import BotoCoreError, ClientError
    from kubernetes.config import ConfigException

    try:
        world = connect()
        return diagnose(world, target, namespace=namespace) if target else overview(world)
    except (BotoCoreError, ClientError) as error:
        next_step = "see who you are: aws sts get-caller-identity"
        raise IrsaLabError(f"AWS does not let you in: {error}", next_step=next_step) from error
    except ConfigException as error:
        next_step = "aws eks update-kubeconfig --name CLUSTER"
        raise IrsaLabError(f"no cluster to look at: {error}", next_step=next_step) from error
