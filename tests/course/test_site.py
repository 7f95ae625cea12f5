"""The course as pages: what they hold, and that they need nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from irsa_helpers.course import site, tour

WIDGET = {"model_id": "x", "version_major": 2}


@pytest.fixture
def notebook() -> Any:
    """A notebook that has run: a link, a picture, and a widget with its text beside it."""
    links = "[next](04-service-account.ipynb), [all](refusals.md), [a lab](../labs/01-x.ipynb)"
    about = "- **Goal:** one role,\n  no more.\n- **Time:** 5 minutes."
    first = new_markdown_cell(f"# 03 · Who?\n\n{about}\n\n{links}\n\n| a |\n| --- |\n| b |")
    data = {site.WIDGET: WIDGET, "text/markdown": "**Who?**", "text/plain": "Widget()"}
    asked = new_code_cell('quiz("x")', outputs=[new_output("display_data", data=data)])
    svg = {"image/svg+xml": "<svg><title>t</title></svg>", "text/plain": "Handshake"}
    drawn = new_code_cell("handshake()", outputs=[new_output("display_data", data=svg)])
    return new_notebook(cells=[first, asked, drawn])


def test_a_widget_is_told_by_what_stands_beside_it(notebook: Any) -> None:
    body = site.notebook_body(notebook)
    assert "<strong>Who?</strong>" in body
    assert "widget-view" not in body
    assert "<svg" in body


def test_what_is_wide_scrolls_in_its_own_box() -> None:
    boxed = site._boxed("<p><img src='a'></p><table><tr></tr></table><svg id='s'>\n</svg>")
    assert boxed.count('class="scroll" tabindex="0"') == 3


def test_the_course_becomes_pages(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour, "execute", lambda path: nbformat.from_dict(notebook))
    pages = site.build(tmp_path)
    assert {path.name for path in pages} >= {"index.html", "03-trust-policy.html", "refusals.html"}
    assert (tmp_path / "images" / "handshake.svg").exists()
    page = (tmp_path / "03-trust-policy.html").read_text(encoding="utf-8")
    assert 'href="04-service-account.html"' in page
    assert 'href="refusals.html"' in page
    assert "a lab" in page
    assert "../labs" not in page, "a lab is no page"
    assert page.count("Next: 03 · Who?") == 2, "above and below"
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "one role, no more. (5 minutes)" in index
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"<script|<link|@import|url\(|src=\"http", text) == [], path.name
        for target in re.findall(r'(?:href|src)="([^"#:]+)"', text):
            assert (tmp_path / target).exists(), f"{path.name} leads to {target}"
