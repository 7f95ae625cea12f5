"""The handshake just made, hop by hop: a slider in a notebook, a picture everywhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from irsa_helpers.views.svg import LANES, Hop, caption, handshake_svg, lane

# What a learner sees of a hop's details; the rest is in `irsa-lab trace --json`.
LONGEST_VALUE = 160
# Told by the explanation, which is shown in whole.
LEFT_OUT = {"decision", "explanation"}


class Handshake:
    """Some hops, to be shown."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self.hops = list(hops)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The widget where one can run, the whole picture where none can."""
        bundle = dict(self.widget()._repr_mimebundle_() or {})
        return bundle | {"image/svg+xml": handshake_svg(self.hops), "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join(
            f"{number}. {hop['source']} -> {hop['target']}: {hop['outcome']}: {hop['summary']}"
            for number, hop in enumerate(self.hops, 1)
        )

    def widget(self) -> Any:
        """A slider over the hops, with the picture so far and the details of the last one."""
        import ipywidgets

        last = max(len(self.hops), 1)
        slider = ipywidgets.IntSlider(
            value=last,
            min=1,
            max=last,
            description="hop",
            continuous_update=True,
            layout={"width": "60%"},
        )
        picture, details = ipywidgets.HTML(), ipywidgets.HTML()

        def draw(change: Mapping[str, Any]) -> None:
            picture.value = handshake_svg(self.hops, change["new"])
            details.value = hop_html(self.hops[change["new"] - 1]) if self.hops else ""

        slider.observe(draw, "value")
        draw({"new": last})
        return ipywidgets.VBox([slider, picture, details])


def handshake(hops: Sequence[Hop]) -> Handshake:
    """Show hops such as `world.trace()` gives. Raises ValueError where there are none."""
    if not hops:
        raise ValueError("there are no hops yet: let a Pod call AWS first, then read world.trace()")
    return Handshake(hops)


def hop_html(hop: Hop) -> str:
    """The details of a hop as a table: name and value, cut where they are long."""
    rows = "".join(
        f"<tr><th style='text-align:left;padding-right:1em'>{escape(name.replace('_', ' '))}</th>"
        f"<td style='text-align:left;word-break:break-word'>{escape(_short(value))}</td></tr>"
        for name, value in hop["detail"].items()
        if value not in (None, "", [], {}) and name not in LEFT_OUT
    )
    why = re.sub("`([^`]*)`", r"<code>\1</code>", escape(hop["detail"].get("explanation") or ""))
    return (
        f"<p><b>{LANES[lane(hop['source'])]} → {escape(hop['target'])}</b>: "
        f"{escape(caption(hop))} <b>({escape(hop['outcome'])})</b></p>"
        f"<p style='white-space:pre-line'>{why}</p><table>{rows}</table>"
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
