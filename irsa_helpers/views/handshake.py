"""The handshake, hop by hop: a view in a notebook, a picture everywhere else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.modules import actors
from irsa_helpers.views.svg import Hop, handshake_svg
from irsa_helpers.views.widgets import widget

if TYPE_CHECKING:
    from irsa_helpers.worlds.sandbox import SandboxWorld


class Handshake:
    """Some hops, to be shown."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self.hops = list(hops)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The view where one can run, the whole picture where none can."""
        # Late: `python -m irsa_helpers.views.dark` is to find that module not loaded yet.
        from irsa_helpers.views.dark import with_dark

        shown, _metadata = self.widget()._repr_mimebundle_()
        picture = with_dark(handshake_svg(self.hops))
        return {**shown, "image/svg+xml": picture, "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join(
            f"{number}. {hop['source']} -> {hop['target']}: {hop['outcome']}: {hop['summary']}"
            for number, hop in enumerate(self.hops, 1)
        )

    def widget(self) -> Any:
        """The picture, with the chosen hop's request, answer, decision and time beside it."""
        return widget("handshake", hops=self.hops, actors=actors())


def handshake(hops: Sequence[Hop]) -> Handshake:
    """Show hops such as `world.trace()` gives. Raises IrsaLabError where there are none."""
    if not hops:
        raise IrsaLabError(
            "there are no hops to show: expected what world.trace() gives, and it is empty",
            next_step="let a Pod call AWS, as notebook 05 does; then handshake(world.trace())",
        )
    return Handshake(hops)


def live_handshake(
    world: SandboxWorld,
    told: Callable[[Hop], Hop | None] = lambda hop: hop,
    *,
    module: str = "handshake",
    **state: Any,
) -> Any:
    """A widget that shows each hop as it happens, from now on, until it is closed.

    `told` gives each hop, in their order, as it is shown; None for one that is not. A `module` that
    shows more than the handshake has its own `state`.
    """
    begun = world.trace()
    view = widget(module, hops=[], actors=actors(), **state)
    since = begun[-1]["seq"] if begun else 0
    threading.Thread(target=_follow, args=(world, since, view, told), daemon=True).start()
    return view


def _follow(world: SandboxWorld, since: int, view: Any, told: Callable[[Hop], Hop | None]) -> None:
    for hop in world.follow_trace(since):
        if view.comm is None:
            return
        if shown := told(hop):
            view.hops = [*view.hops, shown]
