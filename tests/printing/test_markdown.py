"""What is shown is text: nothing in a token, a policy or a name becomes markup."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import mistune
import nbformat
import pytest
from bs4 import BeautifulSoup

from irsa_course.site import notebook_body
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.printing import terminal
from irsa_helpers.printing.markdown import block, cell, code
from tests.hostile import HOSTILE, IN_BROWSER, MARK, OWN_WORDS, VIEWS
from tests.test_architecture import MODULES, dotted


def markup(markdown: str) -> BeautifulSoup:
    """The page that Markdown with HTML in it becomes."""
    render: Any = mistune.create_markdown(escape=False, plugins=["table"])
    return BeautifulSoup(render(markdown), "html.parser")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("view", [cell, code, block])
def test_text_stays_text(view: Callable[[str], str], text: str) -> None:
    page = markup(f"before {view(text)} after" if view is not block else view(text))
    assert page.find_all(["img", "script", "svg", "a"]) == []


def bundle(view: Any) -> dict[str, str]:
    """What a view hands to a notebook, but for its widget."""
    if not hasattr(view, "_repr_mimebundle_"):
        return {"text/markdown": view._repr_markdown_(), "text/plain": str(view)}
    whole = view._repr_mimebundle_()
    return {kind: data for kind, data in whole.items() if "widget" not in kind}


def handlers(page: BeautifulSoup) -> list[Any]:
    """The elements that would run something."""
    every = page.find_all(True)
    running = [tag for tag in every if any(name.startswith("on") for name in tag.attrs)]
    links = page.find_all(href=lambda href: href and "javascript" in href)
    return running + links + page.find_all(["img", "script"])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", VIEWS)
def test_no_view_makes_markup_of_what_it_shows(name: str, text: str) -> None:
    shown = bundle(VIEWS[name](text))
    assert handlers(BeautifulSoup(shown.get("image/svg+xml", ""), "html.parser")) == []
    assert handlers(BeautifulSoup(shown.get("text/html", ""), "html.parser")) == []
    page = markup(shown.get("text/markdown", MARK))
    assert handlers(page) == []
    assert MARK in page.get_text()


@pytest.mark.parametrize("name", VIEWS)
def test_no_page_of_the_site_makes_markup_of_what_it_shows(name: str) -> None:
    outputs = [
        nbformat.v4.new_output("display_data", data=bundle(VIEWS[name](text))) for text in HOSTILE
    ]
    cell = nbformat.v4.new_code_cell("show", outputs=outputs)
    body = notebook_body(nbformat.v4.new_notebook(cells=[cell]))
    page = BeautifulSoup(body, "html.parser")
    assert handlers(page) == []
    assert page.get_text().count(MARK) >= len(HOSTILE)


def test_the_walk_leaves_no_view_out() -> None:
    """Whatever shows itself in a notebook is among the views that are shown hostile texts."""
    showing = {
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name.startswith("_repr_m")
    }
    shown = {type(make("x")).__name__ for make in VIEWS.values()}
    assert showing - OWN_WORDS - IN_BROWSER == shown


def test_what_is_printed_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("a\x1b[31mred\x07\u202egnp\r\tb\nc\x9b")
    assert capsys.readouterr().out == "a\\x1b[31mred\\x07\\u202egnp\\r\tb\nc\\x9b\n"


def test_the_command_line_prints_nothing_past_that() -> None:
    """Who writes HTML files tells their paths alone."""
    printing = {
        dotted(path)
        for path in MODULES
        if not dotted(path).startswith("irsa_sandbox")
        and "click.echo(" in path.read_text(encoding="utf-8")
    }
    writers = {"irsa_course.site", "irsa_course.labs.pages", "irsa_workshop.stage.slides"}
    assert printing - writers == {"irsa_helpers.printing.terminal"}


def test_a_diagnosis_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Diagnosis", "Outcome", "Overview", "Survey", "Verdict"):
        terminal.say(str(VIEWS[name]("a\x1b[2Jb")))
    assert "\x1b" not in capsys.readouterr().out
    assert "\x1b" not in IrsaLabError("a\x1b[2Jb")._render_traceback_()[0]


@pytest.mark.parametrize("name", VIEWS)
def test_a_tables_heads_stand_over_their_columns(name: str) -> None:
    """Without a colon JupyterLab centres the heads, and sets the cells to the left."""
    shown = bundle(VIEWS[name]("a text")).get("text/markdown", "")
    assert re.findall(r"^\|[| :-]*---[| :-]*$", shown, re.MULTILINE) == []
