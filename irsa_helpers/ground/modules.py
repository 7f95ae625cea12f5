"""The views' ES modules, as they are put into a widget or a page: no build step, one text each.

A widget's module is loaded from memory, where it cannot import another one by its path, and so is
the console's: the modules are joined, what all views share first. So a name at their top level is
used once among all of them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parents[1] / "views" / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z]+)\.js";\n', re.MULTILINE)


@cache
def joined(*names: str) -> str:
    """The modules of these views, such as `handshake`, each once and after those it imports."""
    ordered = dict.fromkeys(needed for name in ("base", *names) for needed in _with_needs(name))
    return "".join(_IMPORT.sub("", _text(name)) for name in ordered)


def _with_needs(name: str) -> list[str]:
    """A module behind those that it imports."""
    needs = [other for need in _IMPORT.findall(_text(name)) for other in _with_needs(need)]
    return [*needs, name]


def _text(name: str) -> str:
    return (STATIC / f"{name}.js").read_text("utf-8")


@cache
def widget_script(name: str) -> str:
    """The module of one view for a widget, which calls `render`."""
    return f"{joined(name)}\nexport const render = withPanel({name}, {json.dumps(name)});\n"


@cache
def styles() -> str:
    """The style sheet of all views."""
    return (STATIC / "views.css").read_text("utf-8")


@cache
def actors() -> dict[str, Any]:
    """Who takes part in a handshake: `lanes`, names that share one, how callers are named."""
    read: dict[str, Any] = json.loads((STATIC / "actors.json").read_text("utf-8"))
    return read
