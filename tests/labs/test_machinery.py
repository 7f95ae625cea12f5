"""A solution is shown whole: whoever pastes it into a notebook may run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from irsa_helpers.labs import machinery
from irsa_helpers.labs.model import all_labs, find_lab


def test_every_solution_names_nothing_that_it_does_not_bring(tmp_path: Path) -> None:
    for lab in all_labs():
        (tmp_path / f"{lab.id}.py").write_text(machinery.solution_text(lab), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F"]
    found = subprocess.run([*ruff, tmp_path], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_a_solution_is_told_without_what_breaks_and_judges() -> None:
    text = machinery.solution_text(find_lab("31"))
    assert "def _green(scene: Scene)" in text
    assert text.endswith('solution(lab("31").scene)\n')
    assert "def setup" not in text
    assert "WALL" not in text
    assert "chain_goals" not in text
