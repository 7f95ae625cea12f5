"""The views' ES modules: small, joined without clashes, and asking nobody for anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

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


@pytest.mark.parametrize("name", NAMES)
def test_a_widgets_module_is_javascript(name: str, tmp_path: Path) -> None:
    """A name that is declared twice, say, would leave a notebook without its view."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine (make develop installs one)")
    module = tmp_path / f"{name}.mjs"
    module.write_text(widget_script(name), encoding="utf-8")
    said = subprocess.run([node, "--check", module], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_no_name_is_used_twice_where_modules_are_joined() -> None:
    counts = Counter(TOP_LEVEL.findall(joined(*NAMES)))
    assert counts["element"] == 1
    assert [name for name, count in counts.items() if count > 1] == []


def test_the_page_of_the_console_loads_nothing() -> None:
    page = console.page()
    assert re.findall(r"<link|@import|url\(|src=|import ", page) == []
    assert "default-src 'none'" in console.HEADERS["Content-Security-Policy"]
