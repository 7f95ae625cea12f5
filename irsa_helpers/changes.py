"""What a helper changed, or would change: shown before it is done where that costs money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.printing.markdown import cell

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

TAG = "irsa-lab"

Action = Literal["create", "update", "delete", "none"]


@dataclass(frozen=True)
class Change:
    """One thing that was made, changed or removed; a plan as long as `applied` is False.

    `action` "none" says that the thing was already as wanted; it is never `applied`.
    """

    action: Action
    kind: str
    name: str
    details: tuple[str, ...] = ()
    applied: bool = False

    @property
    def pending(self) -> bool:
        """Whether this is a plan that still waits for approval."""
        return self.action != "none" and not self.applied

    def done(self) -> Change:
        """The same change, applied."""
        return replace(self, applied=True)

    @property
    def headline(self) -> str:
        """One line: `created IAM role enginrect-irsa-role`, or `(plan) would create …`."""
        if self.action == "none":
            return f"{self.kind} {self.name}: nothing to do"
        verb = f"{self.action}d" if self.applied else f"(plan) would {self.action}"
        return f"{verb} {self.kind} {self.name}"

    def __str__(self) -> str:
        lines = [self.headline, *(f"  - {detail}" for detail in self.details)]
        if self.pending:
            lines.append("  nothing was applied: call again with approve=True")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        lines = [
            f"**{cell(self.headline)}**",
            "",
            *(f"- {cell(detail)}" for detail in self.details),
        ]
        if self.pending:
            lines += ["", "*Nothing was applied: call again with `approve=True`.*"]
        return "\n".join(lines)


class Changes(list[Change]):
    """What several helpers did; printed, it tells what changed and counts what was there."""

    def __str__(self) -> str:
        told = [change.headline for change in self if change.action != "none"]
        if not told:
            return f"nothing to do: all {len(self)} are as wanted"
        if there := len(self) - len(told):
            told.append(f"{there} more were as wanted already")
        if any(change.pending for change in self):
            told.append("nothing was applied: world = connect(approve=True), then run this again")
        return "\n".join(told)


def may_apply(world: World, approve: bool) -> bool:
    """Whether a change may be made now: always in the sandbox, with approval in a real world."""
    return approve or not world.needs_approval


def ask(world: World, what: str, *, undo: str, cost: str = "nothing") -> None:
    """Guard a change that a cell makes itself: in a real world it needs approval.

    `what` begins with a verb: "add the client id vault"; `undo` says what takes it back. Call it
    before the change. It does nothing in the sandbox, nor in a world that was approved. Raises
    IrsaLabError, with the plan, in any other.
    """
    if may_apply(world, approve=False):
        return
    raise IrsaLabError(
        f"(plan) would {what} in {world!r}\n  - costs: {cost}\n  - undone by: {undo}\n"
        "  nothing was done",
        next_step="if you want that: world = connect(approve=True), then run this cell again",
    )


def only_in_sandbox(world: World, what: str) -> None:
    """Guard a change that no real account should get, approved or not; call it before.

    Raises IrsaLabError in a real world.
    """
    if world.name != "sandbox":
        raise IrsaLabError(
            f"this would {what}: it is for the sandbox alone, and nothing was done in {world!r}",
            next_step="read on here, and run this notebook in the sandbox (without IRSA_LAB_WORLD)",
        )


def aws_tags(world: World) -> list[dict[str, str]]:
    """The tag of all that the lab makes in AWS: `[{"Key": "irsa-lab", "Value": CLUSTER}]`."""
    return [{"Key": TAG, "Value": world.cluster_name}]


def kubernetes_labels(world: World) -> dict[str, str]:
    """The label of all that the lab makes in the cluster; a label's value has at most 63 signs."""
    return {TAG: world.cluster_name[:63].rstrip("-_.")}
