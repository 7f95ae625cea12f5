"""The goals of a lab, looked at again whenever the world has changed: they tick themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs import engine, machinery
from irsa_helpers.labs.goals import ATTACKED, attacked
from irsa_helpers.labs.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.labs.engine import Verdict
    from irsa_helpers.labs.model import Goal, Lab, Sighting
    from irsa_helpers.worlds.sandbox import SandboxWorld

POLL_SECONDS = 0.5  # a poll takes two milliseconds of the kernel and the sandbox together
POLLS_TO_SETTLE = 10
AWAY = "The world does not answer, or is being changed: the goals are looked at again at once."
RESTS = "Another lab was started after this one: start this one again, and it is watched again."


@dataclass(frozen=True)
class Sight:
    """The goals as they were last seen; `note` says why there are none."""

    goals: tuple[Goal, ...] = ()
    note: str = ""
    debrief: str = ""
    seen: tuple[Sighting, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every goal is reached."""
        return bool(self.goals) and all(goal.reached for goal in self.goals)


@dataclass(frozen=True)
class State:
    """What differs whenever a goal may be another one than before."""

    attempt: str | None
    done: bool = False
    numbers: Any = None


@dataclass
class Watch:
    """Looks at a lab's goals, as seldom as can be: a look runs a program in the Pod.

    It looks when AWS's records or the cluster have changed, and in a lab that wants an attack when
    one was carried out. A lab that is done is not looked at again before it is started anew.
    """

    world: SandboxWorld
    lab: Lab
    progress: Progress = field(default_factory=lambda: Progress())
    ended: bool = False

    def sights(self) -> Iterator[Sight]:
        """What is seen, now and whenever it is another; waits in between until `ended` is set."""
        before, shown = None, None
        while not self.ended:
            state = self.state()
            if state != before and not (shown and shown.passed and state.done):
                state = self.settled()
                sight = self.look()
                if sight != shown:
                    yield sight
                shown = sight
            before = None if shown and shown.note == AWAY else state
            time.sleep(POLL_SECONDS)

    def settled(self) -> State:
        """The state of the world, once two in a row are the same, or after some seconds."""
        now = self.state()
        for _ in range(POLLS_TO_SETTLE):
            time.sleep(POLL_SECONDS)
            before, now = now, self.state()
            if now == before or self.ended:
                break
        return now

    def state(self) -> State:
        """The state of the world as far as this lab goes."""
        record = self.progress.latest()
        if record is None or record.id != self.lab.id:
            return State(record.id if record else None)
        done = record.done_at is not None
        return State(record.started_at, done, None if done else self._numbers())

    def _numbers(self) -> Any:
        try:
            numbers = self.world.changes()
            if ATTACKED not in self.lab.goals:
                return numbers
            return numbers, attacked(machinery.scene_of(self.lab, self.world)).reached
        except _passing():
            return None

    def look(self) -> Sight:
        """The goals as they are now."""
        record = self.progress.latest()
        if record and record.id != self.lab.id:
            return Sight(note=RESTS)
        try:
            verdict: Verdict = engine.look(self.world, self.lab, self.progress)
        except IrsaLabError as error:
            return Sight(note=str(error))
        except _passing():
            return Sight(note=AWAY)
        return Sight(verdict.goals, debrief=verdict.debrief, seen=verdict.seen)


def _passing() -> tuple[type[Exception], ...]:
    """What a look ends with where the world is away, or changed meanwhile."""
    from botocore.exceptions import BotoCoreError, ClientError
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    return OSError, IrsaLabError, BotoCoreError, ClientError, ApiException, HTTPError
