"""The paths are what they say, and the guide tells of each."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[3]
PATHS: dict[Any, Any] = yaml.safe_load((ROOT / "workshop/paths.yaml").read_text(encoding="utf-8"))
GUIDE = (ROOT / "workshop/guide.md").read_text(encoding="utf-8")
HALF_A_DAY = 240


@pytest.mark.parametrize("name", PATHS)
def test_the_minutes_add_up(name: Any) -> None:
    path = PATHS[name]
    spent = sum(step.get("minutes", 0) + step.get("pause", 0) for step in path["steps"])
    assert spent + path["debrief"] == (HALF_A_DAY if name == "half-day" else name)


@pytest.mark.parametrize("name", PATHS)
def test_each_step_is_there_and_in_the_guide(name: Any) -> None:
    assert PATHS[name]["title"] in GUIDE
    for step in PATHS[name]["steps"]:
        if "notebook" in step:
            assert (ROOT / "notebooks" / f"{step['notebook']}.ipynb").exists()
            assert f"## {step['notebook']}" in GUIDE
        elif "lab" in step:
            assert list((ROOT / "labs").glob(f"{step['lab']}-*.ipynb"))


def test_every_notebook_has_its_notes() -> None:
    names = [path.stem for path in (ROOT / "notebooks").glob("0*.ipynb")]
    assert [name for name in names if f"## {name}" not in GUIDE] == []
    for notes in re.split("^## ", GUIDE, flags=re.MULTILINE):
        if notes.partition("\n")[0] in names:
            assert all(
                f"* {word}" in notes for word in ("Say:", "They ask", "They get stuck:", "Skip:")
            )


def test_the_guide_names_exercises_and_labs_that_there_are() -> None:
    of_notebooks = "".join(path.read_text() for path in (ROOT / "notebooks").glob("0*.ipynb"))
    named = re.findall(r"`(\d\d-[a-z-]+)`", GUIDE)
    assert named
    assert [name for name in named if f'exercise(\\"{name}\\")' not in of_notebooks] == []
    table = GUIDE.partition("| a room of |")[2].partition("\n\n")[0]
    labs = re.findall(r"\d\d", "".join(re.findall(r"\| ([\d, ]+):", table)))
    assert "19" in labs
    assert [lab for lab in labs if not list((ROOT / "labs").glob(f"{lab}-*.ipynb"))] == []


def parts(path: Path) -> dict[str, tuple[int, str]]:
    """Each heading of a notebook, with the number of its cell and its marks."""
    notebook = nbformat.read(path, as_version=4)
    return {
        title: (number, marks)
        for number, cell in enumerate(notebook.cells)
        for marks, title in re.findall(r"^(#+) (.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown"
    }


def read_on_a_path(step: dict[str, Any]) -> str:
    """The code of the cells that a room runs in this step's notebook."""
    path = ROOT / "notebooks" / f"{step['notebook']}.ipynb"
    headings, cells = parts(path), nbformat.read(path, as_version=4).cells
    end = headings[step["to"]][0] if "to" in step else len(cells)
    left_out = {
        number for title in step.get("skip", ()) for number in span(headings, title, len(cells))
    }
    kept = [cell for number, cell in enumerate(cells[:end]) if number not in left_out]
    return "\n".join(cell.source for cell in kept if cell.cell_type == "code")


def leave_outs() -> Iterator[dict[str, Any]]:
    """What the paths leave out, and what the notes say may be left out."""
    for path in PATHS.values():
        yield from [step for step in path["steps"] if "notebook" in step]
    for name, skip in re.findall(r"^## (0\d-\S+)$[^#]+?^\* Skip: (.+)$", GUIDE, re.MULTILINE):
        titles = re.findall(r"\*(.+?)\*", skip)
        if skip.startswith("all from"):
            yield {"notebook": name, "to": titles[0]}
        elif "no cell" not in skip:
            yield {"notebook": name, "skip": titles}


def test_what_is_left_out_is_told_and_not_missed(tmp_path: Path) -> None:
    """No cell that is run needs a name of a cell that is not."""
    for number, step in enumerate(leave_outs()):
        code = read_on_a_path(step)
        for exercise in step.get("exercises", ()):
            assert f'exercise("{exercise}")' in code
            assert f"`{exercise}`" in GUIDE
        for title in [step.get("to"), *step.get("skip", ())]:
            assert title is None or f"*{title}*" in GUIDE
        (tmp_path / f"{step['notebook']}-{number}.py").write_text(code, encoding="utf-8")
    assert len(list(tmp_path.iterdir())) > len(PATHS)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


def span(headings: dict[str, tuple[int, str]], title: str, end: int) -> range:
    """The cells below a heading, to the next one of its rank."""
    begin, marks = headings[title]
    later = [number for number, other in headings.values() if number > begin and other <= marks]
    return range(begin, min([*later, end]))
