"""A new lab's folder, made after the first lab's, which is the plainest."""

from __future__ import annotations

import re
from pathlib import Path

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.model import all_labs, labs_folder

NAME = re.compile(r"[a-z][a-z0-9-]*")


def new_lab(name: str) -> Path:
    """`labs/NN-name/` exists, a copy of the first lab under the next number, ready to be changed.

    Raises IrsaLabError for a name that is no slug (lower-case letters, digits and hyphens), and
    for one that a lab has.
    """
    if NAME.fullmatch(name) is None:
        raise IrsaLabError(f"{name!r} is no lab's name", next_step="write it as in `slow-clock`")
    known = all_labs()
    for lab in known:
        if lab.id.partition("-")[2] == name:
            raise IrsaLabError(f"there is a lab {lab.id}", next_step="choose another name")
    number = int(known[-1].number) + 1
    folder = labs_folder() / f"{number:02d}-{name}"
    folder.mkdir()
    model = known[0]
    for path in sorted(model.folder.iterdir()):
        if path.is_file():
            _copy(path, folder / path.name, model.number, f"{number:02d}")
            _retitle(folder / path.name, model.title, name.replace("-", " ").capitalize())
    return folder


def _retitle(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _copy(source: Path, target: Path, old: str, new: str) -> None:
    """The file, with the model's number replaced where it stands for the lab."""
    text = source.read_text(encoding="utf-8")
    for form in ('"{}"', "lab-{}", "lab{}-", "Lab {} "):
        text = text.replace(form.format(old), form.format(new))
    text = text.replace(f'lab(\\"{old}\\"', f'lab(\\"{new}\\"')
    target.write_text(text.replace(f'\\"lab-{old}\\"', f'\\"lab-{new}\\"'), encoding="utf-8")
