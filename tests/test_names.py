"""A local is named for what it holds: the cluster, the statement, not that it was found."""

from __future__ import annotations

import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import PACKAGES

ROOT = Path(__file__).parents[1]
# They tell how a value was come by, and nothing of what it is.
SAYS_NOTHING = {"found", "each"}
PLACES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in (ROOT / package).iterdir()
    if path.suffix == ".py" or any(path.rglob("*.py"))
)


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """A module's own scope, and those of its functions, lambdas and comprehensions."""
    # A class's names are attributes: a check may well have something `found`.
    if table.get_type() != "class":
        yield table
    for inner in table.get_children():
        yield from scopes(inner)


def names_that_say_nothing(text: str, file: str) -> set[str]:
    """`file:line name` for each parameter and each bound name; the line is that of its scope."""
    return {
        f"{file}:{scope.get_lineno()} {symbol.get_name()}"
        for scope in scopes(symtable.symtable(text, file, "exec"))
        for symbol in scope.get_symbols()
        if symbol.get_name() in SAYS_NOTHING and (symbol.is_parameter() or symbol.is_assigned())
    }


@pytest.mark.parametrize("place", PLACES)
def test_a_local_is_named_for_what_it_holds(place: str) -> None:
    path = ROOT / place
    unnamed = {
        name
        for file in (path.rglob("*.py") if path.is_dir() else [path])
        for name in names_that_say_nothing(file.read_text("utf-8"), file.name)
    }
    assert not unnamed, "name them for what they hold: a cluster, a statement, a Pod"


@pytest.mark.parametrize(
    "text",
    [
        "found = 1",
        "async def f(found): ...",
        "def f(*, each=1): ...",
        "def f():\n    for _, each in []: ...",
        "def f():\n    with open('a') as found: ...",
        "def f():\n    if found := 1: ...",
        "[1 for each in []]",
        "lambda each: 1",
        "try: ...\nexcept OSError as found: ...",
    ],
)
def test_a_name_is_seen_wherever_python_binds_it(text: str) -> None:
    assert names_that_say_nothing(text, "module.py")


@pytest.mark.parametrize(
    "text",
    ["class Goal:\n    found: str", "goal.found", "Goal(found='a role')", "'found each'"],
)
def test_a_member_of_something_may_be_what_was_found(text: str) -> None:
    assert not names_that_say_nothing(text, "module.py")
