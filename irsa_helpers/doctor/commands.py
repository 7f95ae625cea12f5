"""`irsa-lab doctor`: the doctor from a terminal; its exit status tells CI whether all is well.

0: nothing is broken. 1: something is. 2: the command makes no sense.
"""

from __future__ import annotations

import json
import shutil
import time

import click

from irsa_helpers.doctor import Diagnosis, Survey, survey
from irsa_helpers.doctor import doctor as diagnose
from irsa_helpers.doctor.evidence.target import parse_target
from irsa_helpers.doctor.result import WIDTH
from irsa_helpers.doctor.sarif import sarif
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.printing.terminal import say
from irsa_helpers.worlds import World, connect

FORMATS = ("text", "markdown", "json", "sarif")
PAUSE = 2.0  # Seconds between two looks at what is watched.


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
@click.option("-n", "--namespace", help="The context's, else default; without TARGET: all.")
@click.option("-A", "--all", "whole", is_flag=True, help="The whole cluster, as without TARGET.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="For people, for a ticket, for programs.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as -o json.")
@click.option("--strict", is_flag=True, help="Exit 1 also for what you may not see.")
@click.option("-w", "--watch", is_flag=True, help="Look again until nothing is broken.")
@click.option("--kubeconfig", help="A kubeconfig; its context's cluster is looked at.")
@click.option("--context", help="A context of the kubeconfig.")
@click.option("--profile", help="An AWS profile of yours.")
@click.option("--cluster", help="The EKS cluster's name, where the context does not tell it.")
@click.option("--region", help="The cluster's region, where the context does not tell it.")
def doctor(
    target: str | None, namespace: str | None, whole: bool, form: str, as_json: bool, strict: bool,
    watch: bool, **where: str | None,
) -> None:  # fmt: skip
    """Find the broken link between a workload and its role; exit 1 where there is one.

    TARGET is deployment/NAME, pod/NAME, sa/NAME or another workload. Without it: the whole
    cluster, each fault once with the workloads that it strikes, and who can become which role.
    """
    if whole and (target or namespace):
        raise click.UsageError("--all looks at the whole cluster: name no workload, no namespace")
    if watch and not target:
        raise click.UsageError("--watch follows one workload: name it, as in deployment/NAME")
    form = "json" if as_json else form
    examined = _examine(target, namespace, where)
    say(_written(examined, form))
    while watch and isinstance(examined, Diagnosis) and not examined.ok:
        time.sleep(PAUSE)
        before, examined = examined, _examine(target, namespace, where)
        if isinstance(examined, Diagnosis) and examined != before:
            say(_written(examined, form) if form != "text" else changes(before, examined))
    raise SystemExit(0 if examined.ok and not (strict and examined.unseen) else 1)


def _written(examined: Diagnosis | Survey, form: str) -> str:
    """What was found, in one of FORMATS."""
    if form == "markdown":
        return examined._repr_markdown_()
    if form in {"json", "sarif"}:
        return json.dumps(examined.to_dict() if form == "json" else sarif(examined), indent=2)
    return examined.text(max(80, shutil.get_terminal_size((WIDTH, 24)).columns))


def changes(before: Diagnosis, after: Diagnosis) -> str:
    """What is other than before: each link whose state changed, and the summary."""
    earlier = {link.name: link.state for link in before.links}
    moved = [link for link in after.links if earlier.get(link.name) != link.state]
    told = (f"  {link.name}: {earlier.get(link.name, 'new')} -> {link.state}" for link in moved)
    return "\n".join([time.strftime("%H:%M:%S ") + after.summary, *told])


def _world(where: dict[str, str | None]) -> World:
    """The world that is named by options, else the one that `connect` chooses."""
    if any(where.values()):
        from irsa_helpers.worlds.kubeconfig import KubeconfigWorld

        return KubeconfigWorld(**where)
    return connect()


def _examine(
    target: str | None, namespace: str | None, where: dict[str, str | None]
) -> Diagnosis | Survey:
    """What the doctor finds, or one sentence on what does not let you in."""
    from botocore.exceptions import BotoCoreError, ClientError
    from kubernetes.config import ConfigException

    try:
        world = _world(where)
        if not target:
            return survey(world, namespace or "")
        return diagnose(world, target, namespace=namespace or world.namespace)
    except (BotoCoreError, ClientError) as error:
        next_step = "see who you are: aws sts get-caller-identity"
        raise IrsaLabError(f"AWS does not let you in: {error}", next_step=next_step) from error
    except ConfigException as error:
        next_step = "aws eks update-kubeconfig --name CLUSTER"
        raise IrsaLabError(f"no cluster to look at: {error}", next_step=next_step) from error
