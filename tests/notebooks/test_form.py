"""Every notebook has the course's form, and is stored without outputs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from irsa_course.questions import written

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_LINES = 12
MOST_COLUMNS = 90  # what JupyterLab shows beside its side bars in a window of 900 pixels
MOST_WORDS = 80
ONLY_HERE = "raises-exception"  # the tag of a cell that only the sandbox can run
# What a real world refuses, and what reads it.
SANDBOX_ONLY = re.compile(
    r"\.trace\(|\.advance_clock\(|\.rotate_signing_key\(|\bin_account\(|\bensure_node_proxy\("
    r"|\brecorded_calls\(|world_sandbox|irsa_helpers\.sandbox"
)

# A client's calls that change something.
WRITES = re.compile(
    r"(create|put|delete|update|attach|detach|patch|replace|add|remove|tag|untag|set)(_\w+)?"
)

by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str = "") -> list[dict[str, Any]]:
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in every if kind in ("", cell["cell_type"])]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@by_name
def test_it_opens_with_its_question_and_says_what_it_takes(path: Path) -> None:
    first = text(cells(path)[0])
    assert re.match(rf"# {path.stem[:2]} · .+\?$", first.splitlines()[0])
    for word in ("**Goal:**", "**You will have:**", "**Time:**"):
        assert word in first


@by_name
def test_it_ends_with_what_was_done_and_what_comes_next(path: Path) -> None:
    last = text(cells(path)[-1])
    assert "## What you just did" in last
    assert "**Next:**" in last


@by_name
def test_it_asks_before_it_tells(path: Path) -> None:
    """Each question of the text is followed by its choices, and these by the cell that tells."""
    every = cells(path)
    asking = [place for place, cell in enumerate(every) if "**Predict first:**" in text(cell)]
    chosen = [re.search(r'^predict\("([\w-]+)"\)$', text(cell), re.MULTILINE) for cell in every]
    assert asking
    assert [place for place, name in enumerate(chosen) if name] == [place + 1 for place in asking]
    known = [name for name in written("predictions") if name[:2] == path.stem[:2]]
    assert [name[1] for name in chosen if name] == known
    assert all(every[place + 2]["cell_type"] == "code" or path.stem[:2] == "00" for place in asking)


@by_name
def test_it_ends_with_a_question_to_check_oneself(path: Path) -> None:
    assert any("quiz(" in text(cell) for cell in cells(path, "code"))


@by_name
def test_a_text_is_short(path: Path) -> None:
    """Tables, folded answers, pictures' texts and links' addresses do not count."""
    aside = r"<details>.*?</details>|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)|^\|.*?$"
    for cell in cells(path, "markdown")[1:-1]:
        words = re.sub(aside, "", text(cell), flags=re.DOTALL | re.MULTILINE).split()
        assert len(words) <= MOST_WORDS, cell["id"]


@by_name
def test_what_only_the_sandbox_can_do_is_marked_and_said(path: Path) -> None:
    every = cells(path)
    for place, cell in enumerate(every):
        if cell["cell_type"] == "code" and SANDBOX_ONLY.search(text(cell)):
            assert ONLY_HERE in cell["metadata"].get("tags", []), cell["id"]
        if ONLY_HERE in cell["metadata"].get("tags", []):
            before = " ".join(text(c) for c in every[:place] if c["cell_type"] == "markdown")
            assert re.search(r"real (account|cluster|world)", before), cell["id"]


def writes_of(cell: str) -> list[ast.Call]:
    """The calls by which a cell itself changes an account or a cluster.

    Not a token that is asked for (`accounts.token.create`), nor a text's `replace`:
    clients take their parameters by name.
    """
    calls = [node for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call)]
    return [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and WRITES.fullmatch(call.func.attr)
        and call.keywords
        and not ast.unparse(call.func).endswith(".token.create")
    ]


@by_name
def test_a_cell_that_changes_something_itself_asks_first(path: Path) -> None:
    for cell in cells(path, "code"):
        source = text(cell)
        lines = source.splitlines()
        asked = [n for n, line in enumerate(lines, 1) if re.search(r"\b(ask|only_\w+)\(", line)]
        for call in writes_of(source):
            assert asked, f"{cell['id']}: {ast.unparse(call)}"
            assert asked[0] < call.lineno, cell["id"]
        assert not re.search(r"^(!|%%(bash|sh)\b)", source, re.MULTILINE), cell["id"]


def test_the_writes_are_found() -> None:
    found = [
        call.lineno
        for path in NOTEBOOKS
        for cell in cells(path, "code")
        for call in writes_of(text(cell))
    ]
    assert len(found) > 8


@by_name
def test_a_code_cell_is_short(path: Path) -> None:
    for cell in cells(path, "code"):
        lines = text(cell).splitlines()
        assert len(lines) <= MOST_LINES, cell["id"]
        assert max(map(len, lines)) <= MOST_COLUMNS, cell["id"]


@by_name
def test_it_is_stored_without_outputs(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@by_name
def test_its_cells_have_ids_of_their_own(path: Path) -> None:
    ids = [cell["id"] for cell in cells(path)]
    assert len(ids) == len(set(ids))
    assert all(each.startswith(f"{path.stem[:2]}-") for each in ids)


@by_name
def test_a_tables_heads_stand_over_their_columns(path: Path) -> None:
    """Without a colon JupyterLab centres the heads, and sets the cells to the left."""
    rules = [line for cell in cells(path, "markdown") for line in text(cell).splitlines()
             if re.fullmatch(r"\|[| :-]*---[| :-]*", line)]  # fmt: skip
    assert rules == []


@by_name
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#\s]+)\)", text(cell)):
            assert target.startswith("https://") or (path.parent / target).exists(), target


@by_name
def test_a_picture_has_a_text_for_those_who_do_not_see_it(path: Path) -> None:
    for cell in cells(path, "markdown"):
        assert not re.search(r"!\[\s*\]\(", text(cell))
