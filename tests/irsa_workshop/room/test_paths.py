"""The paths are what they say, and the guide tells of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    missing = [
        each.stem
        for each in (ROOT / "notebooks").glob("0*.ipynb")
        if f"## {each.stem}" not in GUIDE
    ]
    assert not missing
