"""What a benchmark measures is there."""

from __future__ import annotations

import pytest

from benchmarks.mutation import AREAS
from tests.test_architecture import ROOT


@pytest.mark.parametrize("area", AREAS)
def test_the_files_and_the_tests_of_an_area_of_mutations_exist(area: str) -> None:
    patterns, tests = AREAS[area]
    assert all(list(ROOT.glob(pattern)) for pattern in patterns), patterns
    assert all((ROOT / path).exists() for path in tests), tests
