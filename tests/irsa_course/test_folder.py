"""The course's notebooks are found by their numbers."""

from __future__ import annotations

import pytest

from irsa_course.folder import notebooks
from irsa_helpers.errors import IrsaLabError


def test_a_notebook_is_found_by_its_number() -> None:
    assert [path.stem for path in notebooks("03")] == ["03-trust-policy"]


def test_an_unknown_notebook_is_refused() -> None:
    with pytest.raises(IrsaLabError, match="no notebook '77'"):
        notebooks("77")
