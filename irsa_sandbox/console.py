"""The page that shows the handshake as it happens: one text, which loads nothing from anywhere.

It is made of the views of the notebooks, whose files are read here and not imported.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path

import irsa_helpers

VIEWS = Path(irsa_helpers.__file__).parent / "views" / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[a-z]+\.js";\n', re.MULTILINE)


@cache
def _script() -> str:
    """The views' modules and the page's own, one after another."""
    files = [VIEWS / "base.js", VIEWS / "handshake.js", Path(__file__).with_name("console.js")]
    actors = json.loads((VIEWS / "actors.json").read_text("utf-8"))
    text = "".join(_IMPORT.sub("", file.read_text("utf-8")) for file in files)
    return f"{text}\nstart({json.dumps(actors)});\n"


@cache
def page() -> str:
    """The page; it takes the token from its own address, and out of it."""
    template = Path(__file__).with_name("console.html").read_text("utf-8")
    styles = (VIEWS / "views.css").read_text("utf-8")
    return template.replace("/* styles */", styles).replace("/* script */", _script())


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
