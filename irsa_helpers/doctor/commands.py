"""`irsa-lab doctor`: the doctor from a terminal; its exit status tells CI whether all is well."""

from __future__ import annotations

import json

import click

from irsa_helpers.doctor import Diagnosis, Overview, overview
from irsa_helpers.doctor import doctor as diagnose
from irsa_helpers.world import connect


@click.command("doctor")
@click.argument("target", required=False)
@click.option("-n", "--namespace", default="default", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def doctor(target: str | None, namespace: str, as_json: bool) -> None:
    """Find the broken link between a workload and its role; exit 1 where there is one.

    TARGET is deployment/NAME, pod/NAME, sa/NAME or another workload. Without it: the whole
    cluster, that is who can become which role, and which trust policies are too wide.
    """
    world = connect()
    found: Diagnosis | Overview
    found = diagnose(world, target, namespace=namespace) if target else overview(world)
    click.echo(json.dumps(found.to_dict(), indent=2) if as_json else str(found))
    raise SystemExit(0 if found.ok else 1)
