"""Start, check, hint, solve and reset a lab, in any world that may be broken: the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.happenings import happened
from irsa_helpers.labs import machinery
from irsa_helpers.labs.clearing import clear_scene, namespaces_of
from irsa_helpers.labs.model import Goal, Lab, Sighting
from irsa_helpers.labs.progress import Progress
from irsa_helpers.printing.markdown import cell
from irsa_helpers.worlds.lookups import kubernetes_object

if TYPE_CHECKING:
    from irsa_helpers.worlds import World


@dataclass(frozen=True)
class Verdict:
    """What a check saw: every goal, and whether all are reached.

    Then `debrief` names the kind of fault, `seen` where it was met in public. Until then `slips`
    tell what the learner has done that helps nothing, or opens too much.
    """

    lab_id: str
    goals: tuple[Goal, ...]
    debrief: str
    seen: tuple[Sighting, ...] = ()
    slips: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every goal is reached."""
        return all(goal.reached for goal in self.goals)

    def __str__(self) -> str:
        if not self.passed:
            notes = [f"NOTE  {slip}" for slip in self.slips]
            return "\n".join([*map(str, self.goals), *notes, "Not there yet."])
        met = [f"Seen elsewhere: {sighting}" for sighting in self.seen]
        return "\n".join([*map(str, self.goals), "All goals reached.", "", self.debrief, *met])

    def _repr_markdown_(self) -> str:
        rows = [
            f"| {'PASS' if g.reached else '**FAIL**'} | {cell(g.name)} | {cell(g.found)} "
            f"| {cell(g.expected)} |"
            for g in self.goals
        ]
        head = ["| | goal | found | expected |", "| :-- | :-- | :-- | :-- |"]
        notes = [f"* {cell(slip)}" for slip in self.slips]
        last = ["*Not there yet.*", "", *notes]
        if self.passed:
            last = [f"**All goals reached.** {self.debrief}"]
        met = [f"Seen elsewhere: [{cell(one.what)}]({one.url})." for one in self.seen]
        return "\n".join([*head, *rows, "", *last, "", *met])


def start(world: World, lab: Lab, progress: Progress) -> str:
    """The lab's broken world stands; returns its story.

    What an earlier start left is cleared first; other labs stand in namespaces of their own, each
    with a time of its own.
    """
    _only_sandbox(world)
    lab.refuse_gaps()
    clear_scene(world, lab.namespace)
    machinery.break_world(lab, world)
    for name in namespaces_of(world, lab.namespace):
        world.advance_clock(0, namespace=name)
    progress.started(lab.id)
    return lab.story


def check(world: World, lab: Lab, progress: Progress) -> Verdict:
    """Every goal, judged by what the world does now: the learner has asked for it.

    Raises IrsaLabError for a lab that was not started, or whose world is gone.
    """
    verdict = _judged(world, lab, progress)
    if not verdict.passed:
        verdict = replace(verdict, slips=tuple(machinery.slips(lab, world)))
    progress.checked(lab.id)
    _noted(lab, verdict, progress)
    _tell(lab, verdict)
    return verdict


def look(world: World, lab: Lab, progress: Progress) -> Verdict:
    """The same unasked, as often as one likes: a room hears of each goal once, when it is reached.

    Raises IrsaLabError as `check` does.
    """
    verdict = _judged(world, lab, progress)
    if _noted(lab, verdict, progress):
        _tell(lab, verdict)
    return verdict


def _noted(lab: Lab, verdict: Verdict, progress: Progress) -> set[str]:
    """What is reached is kept; returns the goals that were not reached before."""
    new = progress.reached(lab.id, [goal.name for goal in verdict.goals if goal.reached])
    if verdict.passed:
        progress.done(lab.id)
    return new


def _judged(world: World, lab: Lab, progress: Progress) -> Verdict:
    _must_be_started(lab, progress)
    if kubernetes_object(world.resource("v1", "Namespace"), lab.namespace) is None:
        raise IrsaLabError(
            f"there is no namespace {lab.namespace}: the sandbox has been reset, or it was deleted",
            next_step=f"irsa-lab labs reset {lab.number}",
        )
    goals = tuple(machinery.judge(lab, world))
    passed = all(goal.reached for goal in goals)
    return Verdict(lab.id, goals, *((lab.debrief, lab.seen) if passed else ("",)))


def _tell(lab: Lab, verdict: Verdict) -> None:
    reached = sum(goal.reached for goal in verdict.goals)
    happened("lab", lab=lab.id, reached=reached, of=len(verdict.goals))


def hint(lab: Lab, progress: Progress, number: int | None = None) -> str:
    """The next hint, or hint `number` (1 to 3): a nudge, a pointer, nearly the answer."""
    _must_be_started(lab, progress)
    used = progress.records()[lab.id].hints_used
    wanted = min(used + 1, len(lab.hints)) if number is None else number
    if not 1 <= wanted <= len(lab.hints):
        raise IrsaLabError(f"no hint {wanted}", next_step=f"ask for 1 to {len(lab.hints)}")
    progress.hinted(lab.id, wanted)
    return f"Hint {wanted} of {len(lab.hints)}: {lab.hints[wanted - 1]}"


def solution(world: World, lab: Lab, progress: Progress, *, apply: bool = False) -> str:
    """The solution's source; with `apply` the world is mended by it as well."""
    _must_be_started(lab, progress)
    progress.solution_shown(lab.id)
    if apply:
        _only_sandbox(world)
        machinery.mend(lab, world)
    return machinery.solution_text(lab)


def reset(world: World, lab: Lab, progress: Progress) -> str:
    """The lab is broken again as it was at its start, and its clock starts anew."""
    return start(world, lab, progress)


def _must_be_started(lab: Lab, progress: Progress) -> None:
    if lab.id not in progress.records():
        raise IrsaLabError(
            f"lab {lab.id} has not been started", next_step=f"irsa-lab labs start {lab.number}"
        )


def _only_sandbox(world: World) -> None:
    """Labs break things: never in an account that somebody may use."""
    if world.name != "sandbox":
        raise IrsaLabError(
            "labs break the world they run in, and this one is a real account",
            next_step="unset IRSA_LAB_WORLD to work in the sandbox",
        )
