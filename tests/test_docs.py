"""What the pages for those who work on the project say of its modules is so."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from tests.test_architecture import MODULES, PACKAGES, ROOT, dotted, modules_used, part

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {"docs/architecture.md": ARCHITECTURE, "CONTRIBUTING.md": CONTRIBUTING}
MADE_BY_THE_READER = re.compile(r"NN|NAME|<|^pkg/")  # and Kubernetes' own source

Edges = set[tuple[str, str]]

# Where the sandbox's loose modules stand in the picture; its folders are parts by themselves, but
# for one that is ground as well.
LOOSE = {"process": {"__main__"}, "apiclient": {"apiclient"}, "ground": {"values"}}


def box(module: str) -> str:
    """The box of the picture that a module is in."""
    package, _, rest = module.partition(".")
    if package != "irsa_sandbox":
        return part(module)
    first = rest.partition(".")[0]
    loose = next((name for name, modules in LOOSE.items() if first in modules), None)
    folder = first if (ROOT / package / first).is_dir() else "ground"
    return loose or folder


def real_edges() -> Edges:
    """Which box imports from which; the packages' front doors are in none."""
    pairs = {
        (box(dotted(path)), box(used))
        for path in MODULES
        if dotted(path) not in PACKAGES
        for used in modules_used(path) - set(PACKAGES)
    }
    return {(one, other) for one, other in pairs if one != other}


def without_shortcuts(edges: Edges) -> Edges:
    """The arrows that are left when those go that a way of several arrows says as well."""
    reach = set(edges)
    names = {name for edge in edges for name in edge}
    for through, one, other in product(names, repeat=3):
        if {(one, through), (through, other)} <= reach:
            reach.add((one, other))
    assert not any((name, name) in reach for name in names), "the boxes are in a circle"
    return {
        (one, other)
        for one, other in edges
        if not any({(one, it), (it, other)} <= reach for it in names)
    }


def test_the_picture_shows_the_imports_as_they_are() -> None:
    [picture] = re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE, re.DOTALL)
    drawn = set(re.findall(r"^ *(\w+) --> (\w+)$", picture, re.MULTILINE))
    assert drawn == without_shortcuts(real_edges())


def test_the_picture_has_every_part() -> None:
    boxes = set(re.findall(r"^ *(\w+)\[", ARCHITECTURE, re.MULTILINE))
    assert boxes == {box(dotted(path)) for path in MODULES if dotted(path) not in PACKAGES}


def modules_named(text: str) -> set[str]:
    """Dotted names of ours in backticks, `irsa_sandbox.aws.handshake.jwks`."""
    return set(re.findall(rf"`((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`", text))


@pytest.mark.parametrize("page", PAGES)
def test_every_module_that_is_named_exists(page: str) -> None:
    named = modules_named(PAGES[page])
    assert named <= {dotted(path) for path in MODULES}


@pytest.mark.parametrize("heading", ["AssumeRoleWithWebIdentity", "A Pod is created"])
def test_a_walk_names_its_rooms_in_an_order(heading: str) -> None:
    [walk] = re.findall(rf"^## [^\n]*{heading}[^\n]*\n(.*?)(?=^## |\Z)", ARCHITECTURE, re.M | re.S)
    steps = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", walk, re.MULTILINE | re.DOTALL)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) > 5
    assert all(modules_named(text) for _, text in steps)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_exists(page: str) -> None:
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)#]+)\)", PAGES[page])
    missing = [link for link in links if "://" not in link and not (folder / link).exists()]
    paths = re.findall(r"`([\w.-]+/[\w./-]*)`", PAGES[page])
    missing += [it for it in paths if not MADE_BY_THE_READER.search(it) and not _is_there(it)]
    assert missing == []


def _is_there(path: str) -> bool:
    return Path(ROOT / path).exists()
