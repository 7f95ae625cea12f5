"""A new lab: its two files, whose gaps say what to fill in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.model import GAP, Lab, all_labs, load_lab, machinery_folder

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9-]*")
WORDS = f"""\
# The lab does not start while a gap is left, here or in the functions beside it.
title: '{GAP}: what people say of it, not what is wrong'
level: one link  # or: two links, capstone
minutes: 10
lesson: '{GAP}: the notebook that teaches the broken link, as in 03-trust-policy'
story: '{GAP}: what happened before, and the symptom in the words of the error; no cause'
# What the check of a whole chain asks for. A lab with a `check` of its own names its own goals.
goals:
- the app reads its bucket
- the app acts as its own role
- the trust policy admits the app's ServiceAccount and nobody else
- the role may read its bucket and nothing more, and nobody else may
broken:
- '{GAP}: each of these goals that is missed right after the start'
links:
- '{GAP}: each link that `irsa-lab doctor deployment/app -n lab-NN` then names'
hints:
- '{GAP}: a nudge, where to look'
- '{GAP}: a pointer, what to compare with what'
- '{GAP}: nearly the answer'
debrief: '{GAP}: the kind of fault, told to whoever has mended it'
seen:
- url: '{GAP}: a public thread where it was met; read it first'
  what: '{GAP}: what it was there, in words of your own'
"""
FUNCTIONS = f"""\
from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys


def setup(scene: Scene) -> None:
    # {GAP}: break a link; the chain stands in health, but for the app's Pods
    scene.deploy()


def solution(scene: Scene) -> None:
    # {GAP}: mend it, as a learner would
    scene.restart()


# {GAP}: two fixes or more that a learner may be tempted by, each a function of the scene
FIXES = [static_keys]
"""


def new_lab(name: str) -> Lab:
    """The words and the functions of a lab with the next number exist, with gaps; returns it.

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
    words = machinery_folder() / f"{number:02d}-{name}.yaml"
    _write(words, WORDS.replace("lab-NN", f"lab-{number:02d}"))
    _write(words.with_suffix(".py"), FUNCTIONS)
    return load_lab(words)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
