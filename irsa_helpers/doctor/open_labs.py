"""Labs that are open in the sandbox: there the doctor would tell what is to be found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from irsa_helpers.ground.store import FILE
from irsa_helpers.labs.progress import Progress, Record
from irsa_helpers.worlds.sandbox import SandboxWorld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irsa_helpers.worlds import World

# What the sandbox knows of a decision and AWS does not tell: it would be a hint nobody asked for.
REASONS = {"decision", "explanation", "fix"}
COUNTED = "In lab {} the doctor counts as one hint, however often it is asked."
LEFT_OUT = "{} is an open lab's: ask for one workload of it, which counts as a hint"


def counted(world: World, namespace: str) -> str:
    """What it counts to have asked the doctor in that namespace: a hint, in an open lab's."""
    progress = _progress(world) if namespace.startswith("lab-") else None
    lab = progress.doctor_asked(namespace) if progress else None
    return COUNTED.format(lab.id.split("-")[0]) if lab else ""


def open_labs(world: World) -> list[Record]:
    """The labs that are open; none outside of the sandbox."""
    progress = _progress(world)
    records = progress.records().values() if progress else ()
    return [record for record in records if record.state == "started"]


def without_reasons(hop: Mapping[str, Any]) -> dict[str, Any]:
    """A hop of an open lab's handshake: what was decided, and not why."""
    shown = {name: value for name, value in hop["detail"].items() if name not in REASONS}
    return {**hop, "detail": shown}


def _progress(world: World) -> Progress | None:
    return Progress(Path(world.sandbox["home"]) / FILE) if isinstance(world, SandboxWorld) else None
