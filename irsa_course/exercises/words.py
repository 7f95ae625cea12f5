"""The exercises' words, and the functions that judge them: two files for each notebook.

`trust_policy.yaml` holds what a learner reads of the exercises of `03-trust-policy.ipynb`,
`trust_policy.py` the functions that judge their answers; `slips.yaml` the sentences for slips that
several exercises know.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.words import read_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from irsa_course.exercises.judging import Judge
    from irsa_helpers.worlds import World

PACKAGE = "irsa_course.exercises"
ROOMS = (
    "why_irsa",
    "oidc_association",
    "trust_policy",
    "service_account",
    "pod_verification",
    "least_privilege",
    "multi_tenancy",
    "pod_identity",
    "in_real_life",
)
ANSWER = "mine"  # the name that a starter, and a solution, gives to the answer


@dataclass(frozen=True)
class Words:
    """One exercise as it is written down; `after` is the notebook's cell that it stands behind.

    `starter` and `solution` are code that makes `mine`, or, where the answer is `in_world`, a
    comment and the commands to be typed. `slips` has a sentence for each slip of its own.
    """

    id: str
    room: str
    title: str
    after: str
    task: str
    starter: str
    hints: tuple[str, str, str]
    solution: str
    slips: Mapping[str, str]
    in_world: bool = False

    @property
    def notebook(self) -> str:
        """The notebook's name, such as `03-trust-policy`."""
        return f"{self.id[:2]}-{self.room.replace('_', '-')}"

    @property
    def call(self) -> str:
        """The line that checks the answer."""
        return f'exercise("{self.id}").check({"" if self.in_world else ANSWER})'

    @property
    def proof(self) -> str:
        """A cell that fails unless the untouched exercise did not pass, and its solution does."""
        solve = self.solution.strip()
        if self.in_world:
            solve = f'from {PACKAGE}.proving import type_in_terminal\ntype_in_terminal("{self.id}")'
        return (
            f'untouched = exercise("{self.id}").state\n'
            'assert untouched == "not tried", f"untouched, it is {untouched}"\n'
            f"{solve}\n"
            f"solved = {self.call}\n"
            'assert solved.state == "right", f"its solution: {solved}"'
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """What a starter asks about that is a dict with a gap for each."""
        return tuple(made(self.starter, {}))

    @property
    def judge(self) -> Judge:
        """The function that judges an answer."""
        name = self.id[3:].replace("-", "_")
        judge: Judge = getattr(self._module, name)
        return judge

    def names(self, world: World) -> dict[str, Any]:
        """What the notebook's cells have made by then, as far as an answer may need it."""
        made: dict[str, Any] = self._module.names(world)
        return made

    def solved(self, world: World) -> str:
        """The solution; commands have the values of this world in them."""
        return self.solution.format_map(self.names(world)) if self.in_world else self.solution

    def sentence(self, slip: str) -> str | None:
        """What is said of a slip, None where no file has a sentence for it."""
        return self.slips.get(slip) or shared_slips().get(slip)

    @property
    def _module(self) -> ModuleType:
        return import_module(f"{PACKAGE}.{self.room}")


@cache
def all_words() -> tuple[Words, ...]:
    """Every exercise, in the course's order."""
    return tuple(
        Words(id=name, room=room, **_typed(written))
        for room in ROOMS
        for name, written in _loaded(f"{room}.yaml").items()
    )


def find_words(name: str) -> Words:
    """The exercise of that id. Raises IrsaLabError, which names what is alike."""
    known = {words.id: words for words in all_words()}
    if name in known:
        return known[name]
    alike = get_close_matches(name, known, n=1) or [
        other for other in known if other[:2] == name[:2]
    ]
    raise IrsaLabError(
        f"there is no exercise {name!r}",
        next_step=f"did you mean {', '.join(alike)}?" if alike else "irsa-lab exercises lists them",
    )


@cache
def shared_slips() -> dict[str, str]:
    """The sentences for slips that several exercises know."""
    return _loaded("slips.yaml")


def _typed(written: dict[str, Any]) -> dict[str, Any]:
    return written | {"hints": tuple(written["hints"]), "slips": written.get("slips", {})}


def _loaded(name: str) -> dict[str, Any]:
    return read_words(files(PACKAGE).joinpath(name).read_text(encoding="utf-8"))


def made(code: str, names: dict[str, Any]) -> Any:
    """What a starter or a solution of this course calls `mine`."""
    space = dict(names)
    exec(code, space)
    return space[ANSWER]
