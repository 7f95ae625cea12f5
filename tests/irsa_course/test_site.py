"""The course as pages: what they hold, and that they need nothing from elsewhere."""

from __future__ import annotations

import re
from contextlib import nullcontext
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from irsa_course import site, site_page, tour
from irsa_helpers.labs.model import all_labs

WIDGET = {"model_id": "x", "version_major": 2}


@pytest.fixture(scope="module")
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
    boxed = site_page.boxed("<p><img src='a'></p><table><tr></tr></table><svg id='s'>\n</svg>")
    assert boxed.count('class="scroll" tabindex="0"') == 3


def test_the_search_finds_sections_and_not_what_was_printed() -> None:
    body = (
        "<h1 id='a'>A <b>title</b></h1><p>fi<b>rst</b></p><div class='output'>printed</div>"
        "<h2>Next</h2><p>second</p>"
    )
    listed = list(site_page.sections(site_page.Page("p", "P", body)))
    assert [(each["page"], each["heading"], each["text"]) for each in listed] == [
        ("p.html#a", "A title", "first"),
        ("p.html", "Next", "second"),
    ]


@pytest.fixture(scope="module")
def built(notebook: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, with the same notebook in the place of each."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tour, "execute", lambda path: nbformat.from_dict(notebook))
        patch.setattr(tour, "own_world", nullcontext)
        site.build(folder)
    return folder


def test_the_course_becomes_pages(built: Path) -> None:
    assert (built / "images" / "handshake.svg").exists()
    page = (built / "03-trust-policy.html").read_text(encoding="utf-8")
    assert 'href="04-service-account.html"' in page
    assert 'href="refusals.html"' in page
    assert "a lab" in page
    assert "../labs" not in page
    assert page.count("Next: 03 · Who?") == 2, "above and below"
    index = (built / "index.html").read_text(encoding="utf-8")
    assert "one role, no more. (5 minutes)" in index
    pages = sorted(built.glob("*.html"))
    assert {path.name for path in pages} >= {"index.html", "refusals.html"}
    for path in pages:
        text = path.read_text(encoding="utf-8")
        loads = re.findall(r'<script[^>]*>|<link|@import|url\(|src="http', text)
        assert loads == ['<script src="search.js" defer>'], path.name
        for target in re.findall(r'(?:href|src)="([^"#:]+)"', text):
            if "lab-01-x" not in target:  # the lab of this test's notebook
                assert (built / target).exists(), f"{path.name} leads to {target}"


def test_a_lab_is_told_without_its_answer(built: Path) -> None:
    labs = all_labs()
    index = (built / "index.html").read_text(encoding="utf-8")
    for lab in labs:
        assert f'href="lab-{lab.id}.html"' in index
    everything = "".join(
        path.read_text(encoding="utf-8") for path in built.iterdir() if path.is_file()
    )
    assert f"<title>{labs[0].title}</title>" in everything
    for lab in labs:
        answers = [*lab.hints, *([lab.debrief] if lab.debrief else [])]
        for answer in answers:
            assert escape(answer.strip(), quote=False) not in everything, lab.id
    first = (built / f"lab-{labs[0].id}.html").read_text(encoding="utf-8")
    assert f'href="lab-{labs[1].id}.html"' in first
    assert f'href="{labs[0].lesson}.html"' in first
