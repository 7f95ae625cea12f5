"""Files of the sandbox that are damaged: set aside under another name, named, made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from irsa_sandbox import disk, identity, notices
from irsa_sandbox.aws.callers.sessions import Sessions
from irsa_sandbox.certificates import Authority
from irsa_sandbox.issuer import SigningKeys


def first(folder: Path, pattern: str) -> Path:
    return next(folder.rglob(pattern))


@pytest.mark.parametrize("content", [b"", b"half", b"\xff" * 40, b"[]", b'{"tokens": 1}'])
@pytest.mark.parametrize(
    ("make", "pattern"),
    [
        (lambda folder: identity.load_or_create(folder / "identity.json"), "identity.json"),
        (Authority, "ca.key"),
        (Authority, "ca.crt"),
        (SigningKeys.load_or_create, "*.pem"),
        (lambda folder: Sessions.load_or_create(folder / "session.key"), "session.key"),
    ],
)
def test_a_damaged_file_is_set_aside_and_the_sandbox_starts(
    tmp_path: Path, make: Callable[[Path], object], pattern: str, content: bytes
) -> None:
    make(tmp_path)
    damaged = first(tmp_path, pattern)
    damaged.write_bytes(content)
    make(tmp_path)
    assert list(tmp_path.rglob("*.damaged-1"))
    assert any("is damaged" in text and str(tmp_path) in text for text in notices.told())
    before = first(tmp_path, pattern).read_bytes()
    make(tmp_path)
    assert first(tmp_path, pattern).read_bytes() == before, "a second start finds all well"


def test_a_second_damaged_file_does_not_take_the_place_of_the_first(tmp_path: Path) -> None:
    for text in ("one", "two"):
        path = tmp_path / "file"
        path.write_text(text)
        disk.set_aside(path, "test")
    kept = [(tmp_path / f"file.damaged-{number}").read_text() for number in (1, 2)]
    assert kept == ["one", "two"]


def test_what_is_settled_is_not_said_any_more() -> None:
    notices.tell("topic", "said")
    assert "said" in notices.told()
    notices.settle("topic")
    assert "said" not in notices.told()
