"""The views' ES modules: small, joined without clashes, and asking nobody for anything."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from irsa_helpers.ground.modules import STATIC, joined, widget_script
from irsa_sandbox.process import console

NAMES = sorted(path.stem for path in STATIC.glob("*.js") if path.stem != "base")
TOP_LEVEL = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE
)


def test_all_of_them_are_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.glob("*.js")) < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_a_widgets_module_stands_alone_and_has_its_view(name: str) -> None:
    text = widget_script(name)
    assert "import " not in text
    assert f"export function {name}(" in text
    addresses = set(re.findall(r"https?://[^\"'` ]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "a name, which nobody fetches"


def test_no_name_is_used_twice_where_modules_are_joined() -> None:
    counts = Counter(TOP_LEVEL.findall(joined(*NAMES)))
    assert counts["element"] == 1
    assert [name for name, count in counts.items() if count > 1] == []


def test_the_page_of_the_console_loads_nothing() -> None:
    page = console.page()
    assert re.findall(r"<link|@import|url\(|src=|import ", page) == []
    assert "default-src 'none'" in console.HEADERS["Content-Security-Policy"]
