"""Every notebook has the course's form, and is stored without outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_LINES = 12

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
    assert any("**Predict first:**" in text(cell) for cell in cells(path, "markdown"))


@by_name
def test_a_code_cell_is_short(path: Path) -> None:
    long = [cell["id"] for cell in cells(path, "code") if len(cell["source"]) > MOST_LINES]
    assert long == []


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
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#\s]+)\)", text(cell)):
            assert target.startswith("https://") or (path.parent / target).exists(), target


@by_name
def test_a_picture_has_a_text_for_those_who_do_not_see_it(path: Path) -> None:
    for cell in cells(path, "markdown"):
        assert not re.search(r"!\[\s*\]\(", text(cell))
