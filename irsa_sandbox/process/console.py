"""The page that shows the sandbox as it works: one text, which loads nothing from anywhere.

It is made of the modules of the notebooks' views, and of a script that gives them what they show.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from irsa_helpers.ground.modules import actors, joined, styles

VIEWS = ("handshake", "token", "bench", "permissions", "map")


@cache
def _script() -> str:
    """The views' modules and the page's own, one after another."""
    own = Path(__file__).with_name("console.js").read_text("utf-8")
    return f"{joined(*VIEWS)}{own}\nstart({json.dumps(actors())});\n"


@cache
def page() -> str:
    """The page; it takes the token from its own address, and out of it."""
    template = Path(__file__).with_name("console.html").read_text("utf-8")
    return template.replace("/* styles */", styles()).replace("/* script */", _script())


def _allowed() -> str:
    digest = hashlib.sha256(_script().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_allowed()}; style-src 'unsafe-inline'; "
        "connect-src 'self'; frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
