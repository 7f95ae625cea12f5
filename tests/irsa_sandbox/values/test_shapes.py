"""A body that has not the shape its reader relies on is refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_sandbox.node import admission_review
from irsa_sandbox.values.shapes import check_shape

SHAPE = {"name!": str, "labels": {"*": str}, "items": [{"id!": int}]}


@pytest.mark.parametrize(
    "value",
    [
        {"name": "a"},
        {"name": "a", "labels": None, "items": []},
        {"name": "a", "labels": {"b": "c"}, "items": [{"id": 1}], "more": object()},
    ],
)
def test_what_fits_passes(value: Any) -> None:
    check_shape(value, SHAPE)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "the body is list, not dict"),
        ({}, "name is NoneType, not str"),
        ({"name": "a", "labels": {"b": 1}}, "labels.b is int, not str"),
        ({"name": "a", "items": [{"id": 1}, {}]}, r"items\[1\].id is NoneType, not int"),
        ({"name": "a", "items": {}}, "items is dict, not list"),
    ],
)
def test_what_does_not_is_named(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_shape(value, SHAPE)


@pytest.mark.parametrize("raw", [b"", b"null", b"{", b"\xff", b"[" * 100_000, b'{"request":{}}'])
def test_what_is_no_admission_review_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        admission_review.read(raw)
