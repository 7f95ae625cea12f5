"""A lab's goals in a notebook, which tick themselves while one works in the terminal."""

from __future__ import annotations

import threading
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from irsa_course.labs.watching import Sight, Watch
from irsa_helpers.doctor.open_labs import without_reasons
from irsa_helpers.labs.goals import CHECK_SESSION, CHECK_TOKEN_SECONDS
from irsa_helpers.views.widgets import widget
from irsa_helpers.worlds.sandbox import SandboxWorld, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from irsa_helpers.labs.model import Lab
    from irsa_helpers.worlds import World

# The watch of this kernel: a cell that is run again begins a new one.
_running: list[Watch] = []


class LiveGoals:
    """The goals as they are seen now, and in a view from now on."""

    def __init__(self, world: World, lab: Lab) -> None:
        # A world of its own: what the notebook does meanwhile is not in its way.
        self._watch = Watch(SandboxWorld(sandbox_of(world)), lab)
        self._sights = self._watch.sights()
        self.lab = lab
        self.sight = next(self._sights)

    def widget(self) -> Any:
        """The goals; each change of the world that changes one is shown."""
        view = widget("goals", sight=_plain(self.sight), lab=_told(self.lab))
        while _running:
            _running.pop().ended = True
        _running.append(self._watch)
        threading.Thread(
            target=_follow, args=(self._watch, self._sights, view), daemon=True
        ).start()
        return view

    def end(self) -> None:
        """The view stays as it is from now on."""
        self._watch.ended = True

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The view where one can run; as they are now where none can."""
        shown, _metadata = self.widget()._repr_mimebundle_()
        return {**shown, "text/html": self._html(), "text/plain": str(self)}

    def __str__(self) -> str:
        goals = (f"{mark(goal.reached)}  {goal.name}" for goal in self.sight.goals)
        return "\n".join(goals) or self.sight.note

    def _html(self) -> str:
        items = "".join(
            f"<li><strong>{mark(goal.reached)}</strong> {escape(goal.name)}</li>"
            for goal in self.sight.goals
        )
        return f"<ul>{items}</ul>" if items else f"<p>{escape(self.sight.note)}</p>"


class LabHops:
    """The hops of a lab: where it ends, as AWS tells it; why is for the learner to find."""

    def __init__(self) -> None:
        self._trying: set[tuple[str, str]] = set()

    def __call__(self, hop: Mapping[str, Any]) -> dict[str, Any] | None:
        """A hop as a lab shows it, without its reasons; they are told in their order.

        None for the handshakes in which a check tries whom a trust policy lets in, and for the
        tokens that it asks for.
        """
        detail = hop["detail"]
        if detail.get("expiration_seconds") == CHECK_TOKEN_SECONDS:
            return None
        who = str(detail.get("namespace")), str(detail.get("service_account"))
        if hop["kind"] == "assume-role":
            self._trying.discard(who)
            if detail["role_session_name"] == CHECK_SESSION:
                self._trying.add(who)
        if who in self._trying:
            return None
        return without_reasons(hop)


def mark(reached: bool) -> str:
    """A sign and a word, so that no colour is needed."""
    return "✓ reached" if reached else "○ not yet"


def _follow(watch: Watch, sights: Iterator[Sight], view: Any) -> None:
    for sight in sights:
        if view.comm is None:
            watch.ended = True
        else:
            view.sight = _plain(sight)


def _plain(sight: Sight) -> dict[str, Any]:
    return asdict(sight)


def _told(lab: Lab) -> dict[str, str]:
    """What the view says of the lab itself."""
    following = lab.following()
    after = f"lab {following.number}, {following.title}" if following else ""
    notebook = following.id if following else ""
    return {
        "number": lab.number,
        "lesson": lab.lesson,
        "next": after,
        "next_notebook": notebook,
    }
