"""A recording as files: an asciicast, and one page that plays it with nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.terminal_theme import MONOKAI

from irsa_workshop.stage.screen import CLEAR, LOOKS, Recording, ansi

if TYPE_CHECKING:
    from irsa_workshop.stage.screen import Event

LONGEST_GAP_SECONDS = 3
"""A speaker's words between two commands are not in the recording: nobody waits for them."""
PLAYER = Path(__file__).with_name("player.html")


def save(recording: Recording, path: Path) -> list[Path]:
    """Write `path` with the endings `.cast` and `.html`; returns both."""
    files = {".cast": asciicast(recording), ".html": page(recording)}
    written = []
    for ending, text in files.items():
        written.append(path.with_suffix(ending))
        written[-1].write_text(text, encoding="utf-8")
    return written


def asciicast(recording: Recording) -> str:
    """The recording as asciicast v2, with a marker for each scene.

    Source: asciinema documentation, "asciicast v2".
    """
    header = {
        "version": 2,
        "width": recording.columns,
        "height": recording.rows,
        "timestamp": int(recording.begun),
        "title": recording.title,
        "idle_time_limit": LONGEST_GAP_SECONDS,
    }
    lines = [header, *(line for event in recording.events for line in _cast_lines(event))]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def _cast_lines(event: Event) -> Iterator[list[Any]]:
    at = round(event.at, 3)
    text = ansi(event.look, event.text).replace("\n", "\r\n")
    if event.scene:
        yield [at, "m", event.scene]
    yield [at, "o", f"{CLEAR if event.scene else ''}{text}"]


def page(recording: Recording) -> str:
    """The recording as one page that needs no network; without scripts it is a text to read."""
    spans = (
        f'<span class="{event.look}">{escape(event.text)}</span>' for event in recording.events
    )
    parts = {
        "title": escape(recording.title),
        "columns": str(recording.columns),
        "looks": "\n".join(f".{look} {{ {_css(look)} }}" for look in LOOKS),
        "text": "".join(spans),
        "events": json.dumps(list(_shortened(recording))).replace("</", "<\\/"),
    }
    text = PLAYER.read_text(encoding="utf-8")
    for name, value in parts.items():
        text = text.replace(f"<!-- {name} -->", value)
    return text


def _css(look: str) -> str:
    return Style.parse(LOOKS[look]).get_html_style(MONOKAI)


def _shortened(recording: Recording) -> Iterator[tuple[float, str, str, bool]]:
    """(seconds to wait before, look, text, whether a scene begins) of each event."""
    before = 0.0
    for event in recording.events:
        wait = min(event.at - before, LONGEST_GAP_SECONDS)
        yield round(wait, 3), event.look, event.text, bool(event.scene)
        before = event.at
