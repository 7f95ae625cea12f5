"""A handshake as SVG text: lanes for who takes part, an arrow for each hop. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from irsa_helpers.ground.modules import actors

Hop = Mapping[str, Any]

LANES: list[str] = actors()["lanes"]
LANE_OF: dict[str, str] = actors()["lane_of"]
# A caller is named by its ServiceAccount or by its session: both are the Pod.
CALLERS = tuple(actors()["callers"])
LANE_WIDTH, LEFT, TOP, ROW = 106, 60, 64, 46
SIGN, BOLD_SIGN = 6.4, 7.2  # The width of a sign, at the most, on an average over a sentence.
STYLES = {
    "ok": ("#1a7f37", "OK"),
    "denied": ("#cf222e", "DENIED"),
    "error": ("#9a6700", "ERROR"),
}


def lane(name: str) -> int:
    """The lane of a participant; an AWS service that has none of its own is in the last."""
    plain = "Pod" if name.startswith(CALLERS) else LANE_OF.get(name, name)
    return LANES.index(plain) if plain in LANES else len(LANES) - 1


def shorten(text: str, signs: int) -> str:
    """The text in that many signs: cut nearer to its end, where an ARN says less than there."""
    if len(text) <= signs:
        return text
    tail = (signs - 1) // 3
    return f"{text[: signs - 1 - tail]}…{text[len(text) - tail :]}"


def caption(hop: Hop) -> str:
    """What a hop says on its arrow: a call by its action, everything else by its sentence."""
    detail = hop["detail"]
    if hop["kind"] == "aws-call" and detail.get("action"):
        return f"{detail['action']} on {detail.get('resource', '*')}"
    return str(hop["summary"])


def handshake_svg(hops: Sequence[Hop], upto: int | None = None, *, emphasis: bool = True) -> str:
    """The first `upto` hops (all without it) as a sequence diagram, the last one emphasised.

    The picture has a title and a description for those who hear it read, and colours that read on
    light and dark pages; an outcome is written out, never told by colour alone.
    """
    shown = list(hops)[:upto]
    width = LEFT * 2 + LANE_WIDTH * (len(LANES) - 1)
    height = TOP + ROW * max(len(hops), 1) + 16
    rows = [_row(hop, i, emphasis and i == len(shown) - 1) for i, hop in enumerate(shown)]
    described = "; ".join(f"{i + 1}. {hop['summary']}" for i, hop in enumerate(shown))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
            f'style="width:100%;max-width:{width}px;height:auto" '
            'font-family="system-ui, sans-serif" font-size="12">',
            f"<title>The handshake, {len(shown)} of {len(hops)} hops</title>",
            f"<desc>{escape(described)}</desc>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
            *_lanes(height),
            *rows,
            "</svg>",
        ]
    )


def _lanes(height: int) -> list[str]:
    parts = []
    for index, name in enumerate(LANES):
        x = LEFT + LANE_WIDTH * index
        parts.append(
            f'<rect x="{x - 49}" y="12" width="98" height="28" rx="6" fill="#ddf4ff" '
            'stroke="#54aeff"/>'
            f'<text x="{x}" y="30" text-anchor="middle" font-size="12" fill="#0a3069">'
            f"{escape(name)}</text>"
            f'<line x1="{x}" y1="40" x2="{x}" y2="{height - 8}" stroke="#d0d7de" '
            'stroke-dasharray="4 4"/>'
        )
    return parts


def _row(hop: Hop, index: int, emphasised: bool) -> str:
    colour, word = STYLES[hop["outcome"]]
    y = TOP + ROW * index + 22
    start = LEFT + LANE_WIDTH * lane(hop["source"])
    end = LEFT + LANE_WIDTH * lane(hop["target"])
    weight = 3 if emphasised else 1.6
    if start == end:
        arrow = f'<circle cx="{start}" cy="{y}" r="5" fill="{colour}"/>'
    else:
        tip = -8 if end > start else 8
        arrow = (
            f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}" stroke="{colour}" '
            f'stroke-width="{weight}"/>'
            f'<path d="M {end} {y} l {tip} -5 v 10 z" fill="{colour}"/>'
        )
    said = caption(hop) if hop["kind"] == "picture" else f"{word}: {caption(hop)}"
    label = f"{index + 1}. {said}"
    return arrow + _label(label, min(start, end), y - 8, emphasised)


def _label(text: str, x: int, y: int, emphasised: bool) -> str:
    """The sentence above its arrow; a long one ends at the picture's edge."""
    width = LEFT * 2 + LANE_WIDTH * (len(LANES) - 1)
    cut = shorten(text, int((width - 16) / BOLD_SIGN))
    place = f'x="{x}"'
    if x + len(cut) * (BOLD_SIGN if emphasised else SIGN) > width - 8:
        place = f'x="{width - 8}" text-anchor="end"'
    weight = ' font-weight="600"' if emphasised else ""
    return (
        f'<text {place} y="{y}" fill="#1f2328"{weight} stroke="#ffffff" stroke-width="3" '
        f'paint-order="stroke">{escape(cut)}</text>'
    )
