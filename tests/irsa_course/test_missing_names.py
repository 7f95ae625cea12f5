"""After a restart a cell from the middle says which cell makes the name that it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from irsa_course import missing_names

COURSE = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a, b = 1, 2\nc: int = 3", {"a", "b", "c"}),
        ("import json, os.path\nfrom x import y as z", {"json", "os", "z"}),
        ("def f(p):\n    q = 1\nclass C: pass", {"f", "C"}),
        ("for i in x:\n    last = i\nwith open(p) as s: pass", {"i", "last", "s"}),
        ("try:\n    made = 1\nexcept E:\n    pass", {"made"}),
        ("print([each for each in seen]); f(key=1); d['k'] = 2", set()),
        ("if (found := look()): pass", {"found"}),
        ("!ls\nthis is no Python", set()),
    ],
)
def test_the_names_that_a_cell_makes(source: str, names: set[str]) -> None:
    assert missing_names.names_made(source) == names


def test_the_first_cell_that_makes_the_name_is_told() -> None:
    said = missing_names.advice(COURSE / "03-trust-policy.ipynb", "world")
    assert said is not None
    assert "below '03 · Who may become the role?'" in said
    assert "Run All Above Selected Cell" in said


def test_a_misspelt_name_is_told_the_one_that_was_meant() -> None:
    said = missing_names.advice(COURSE / "03-trust-policy.ipynb", "wrold")
    assert said == "no cell makes 'wrold'.\nNext step: did you mean 'world'?"


def test_a_name_like_none_of_the_cells_is_pythons_matter() -> None:
    assert missing_names.advice(COURSE / "03-trust-policy.ipynb", "x9") is None
    assert missing_names.advice(COURSE / "no-such.ipynb", "world") is None
    assert missing_names.advice(Path(), "world") is None
