"""What a seat tells the instructor's board, if its learner said yes; also an IPython extension.

Told are the notebook and the cell, the answers to questions and of exercises, the labs' goals,
a raised hand: no code, no output. The board shows each learner all it has of them, at the address
that the first cell prints.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

BOARD_VARIABLE = "IRSA_LAB_BOARD"
LISTENER = "irsa_workshop.room.reports:tell"
NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"
SECONDS = 5
MOST_HOPS = 60
log = logging.getLogger("irsa-lab.room")

_sender = ThreadPoolExecutor(1, "to-the-board")  # one after the other: a hand goes up, then down
_lock = threading.Lock()
_messages: list[Mapping[str, str]] = []
_last_message = 0


def tell(kind: str, **facts: object) -> None:
    """The board hears of it in a moment; whatever becomes of that, the learner goes on."""
    _sender.submit(_send, {"kind": kind, "facts": facts})


def raise_hand(question: str = "") -> None:
    """The instructor sees your seat's hand up, and your question."""
    tell("hand", up=True, question=question[:500])


def lower_hand() -> None:
    """Your hand is down again."""
    tell("hand", up=False, question="")


def show_handshake() -> None:
    """The instructor sees the last hops of your world's handshakes: who asked whom, what came."""
    from irsa_helpers.worlds import connect

    hops = connect("sandbox").trace(0)[-MOST_HOPS:]
    shown = ("seq", "at", "source", "target", "outcome", "summary")
    tell("handshake", hops=[{name: hop[name] for name in shown} for hop in hops])


def load_ipython_extension(shell: Any) -> None:
    """Tell of each cell that is run, and show what the instructor sends."""
    if not os.environ.get(BOARD_VARIABLE):
        return
    shell.events.register("post_run_cell", _ran)
    _messages.append({"text": "You are in a room. What its board gets of you, and your hand:"})


def _ran(result: Any) -> None:
    notebook = Path(os.environ.get(NOTEBOOK_VARIABLE, ""))
    info = result.info
    if place := place_of(notebook, getattr(info, "cell_id", None), info.raw_cell):
        tell("cell", **place)
    with _lock:
        shown, _messages[:] = list(_messages), []
    for message in shown:
        _show(message)


def place_of(notebook: Path, cell_id: str | None, source: str) -> dict[str, object] | None:
    """Which cell of the notebook that is, of how many; None for one that is not in the file."""
    if notebook.suffix != ".ipynb" or not notebook.is_file():
        return None
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        if cell.get("id") == cell_id or "".join(cell["source"]).strip() == source.strip():
            return {"notebook": notebook.stem, "cell": number, "of": len(code)}
    return None


def _show(message: Mapping[str, str]) -> None:
    from IPython.display import HTML, display

    link = message.get("link") or "/services/board/me"
    words = escape(message["text"])
    shown = f'<p><b>{words}</b> <a href="{escape(link)}" target="_blank">{escape(link)}</a></p>'
    display(HTML(shown))  # type: ignore[no-untyped-call]


def _send(report: Mapping[str, object]) -> None:
    """Post it; what the board answers are the instructor's messages since the last ones."""
    global _last_message
    url = f"{os.environ[BOARD_VARIABLE]}/report"
    with _lock:
        body = json.dumps({**report, "heard": _last_message}).encode()
    token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            told = json.loads(answer.read())
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError) as error:
        log.debug("the board did not hear it: %s", error)
        return
    with _lock:
        fresh = [message for message in told["messages"] if message["id"] > _last_message]
        _last_message = max([_last_message, *(message["id"] for message in fresh)])
        _messages.extend(fresh)
