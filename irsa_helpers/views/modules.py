"""The views' ES modules, as they are put into a widget or a page: no build step, one text each.

A widget's module is loaded from memory, where it cannot import another one by its path: what all
views share stands before it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).with_name("static")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./base\.js";\n', re.MULTILINE)


@cache
def script(name: str) -> str:
    """The module of a view, such as `handshake`, with what it shares with others before it."""
    base, own = (STATIC / f"{each}.js" for each in ("base", name))
    return base.read_text("utf-8") + _IMPORT.sub("", own.read_text("utf-8"))


@cache
def styles() -> str:
    """The style sheet of all views."""
    return (STATIC / "views.css").read_text("utf-8")


@cache
def actors() -> dict[str, Any]:
    """Who takes part in a handshake: `lanes`, names that share one, how callers are named."""
    found: dict[str, Any] = json.loads((STATIC / "actors.json").read_text("utf-8"))
    return found


def widget(name: str, **state: Any) -> Any:
    """A widget that runs a view's module; `state` is what it shows, a trait for each name.

    The page sends messages by `on_msg`; a trait that is set here is shown there at once.
    """
    import anywidget
    import traitlets

    members: dict[str, Any] = {key: traitlets.Any().tag(sync=True) for key in state}
    members |= {"_esm": script(name), "_css": styles()}
    return type(f"{name.title()}View", (anywidget.AnyWidget,), members)(**state)
