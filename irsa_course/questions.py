"""A question with choices, answered by mouse or keyboard; the answer's reason follows at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from irsa_course.progress import Attempts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.happenings import happened
from irsa_helpers.ground.words import read_words
from irsa_helpers.printing.boxes import box
from irsa_helpers.printing.markdown import cell


class Quiz:
    """A question, its choices (text to the reason why it is right or wrong), the right one.

    The answer to one that has a name is remembered.
    """

    def __init__(
        self, question: str, choices: Mapping[str, str], right: str, *, name: str = ""
    ) -> None:
        if right not in choices:
            raise ValueError(f"{right!r} is none of the choices {list(choices)}")
        self.question = question
        self.choices = dict(choices)
        self.right = right
        self.name = name

    def verdict(self, choice: str) -> str:
        """`Right` or `Not quite`, and why."""
        return f"{self._word(choice)}: {self.choices[choice]}"

    def verdict_html(self, choice: str) -> str:
        """The verdict as a box."""
        kind = "right" if choice == self.right else "wrong"
        return box(kind, f"{self._word(choice)}:", self.choices[choice])

    def _word(self, choice: str) -> str:
        return "Right" if choice == self.right else "Not quite"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = dict(self.widget()._repr_mimebundle_() or {})
        return bundle | {"text/markdown": self._markdown(), "text/plain": self.question}

    def _markdown(self) -> str:
        """The question with its answer folded, for pages without a kernel."""
        listed = "\n".join(f"- {cell(choice)}" for choice in self.choices)
        why = f"{escape(self.right)}: {escape(self.choices[self.right])}"
        answer = f"<details><summary>Answer</summary>{why}</details>"
        return f"**{cell(self.question)}**\n\n{listed}\n\n{answer}"

    @property
    def title(self) -> str:
        """What stands above the choices."""
        return self.question

    @property
    def remembered(self) -> str | None:
        """The choice of an earlier day, None where there was none."""
        if not self.name:
            return None

        choice = Attempts().predictions().get(self.name)
        return choice if choice in self.choices else None

    def widget(self) -> Any:
        """Radio buttons; choosing one shows what is said of it. An earlier choice is chosen."""
        import ipywidgets

        before = self.remembered
        buttons = ipywidgets.RadioButtons(
            options=list(self.choices), value=before, layout={"width": "max-content"}
        )
        verdict = ipywidgets.HTML(self.verdict_html(before) if before else "")

        def answered(change: Mapping[str, Any]) -> None:
            choice = change["new"]
            verdict.value = self.verdict_html(choice)
            if self.name:
                Attempts().predicted(self.name, choice)
            happened("answer", question=self.question, choice=choice, right=choice == self.right)

        buttons.observe(answered, "value")
        title = ipywidgets.HTML(f"<b>{escape(self.title)}</b>")
        return ipywidgets.VBox([title, buttons, verdict])


class Prediction(Quiz):
    """What a learner thinks that the next cell will show.

    Its reason stays folded, so that the cell can be run first.
    """

    @property
    def title(self) -> str:
        """The notebook's text asks; here it is chosen."""
        return "Your prediction"

    def verdict_html(self, choice: str) -> str:
        """The choice in a box; whether it is right, and why, folded below it."""
        why = f"<details><summary>Was I right?</summary>{super().verdict_html(choice)}</details>"
        return box("open", "You say:", f"{choice}. Now run the next cell, and see.", why)


def quiz(name: str) -> Quiz:
    """Ask a question of the course. Raises IrsaLabError for a name that there is none of."""
    return Quiz(**asked("questions", name), name=name)


def predict(name: str) -> Prediction:
    """Ask what a cell will show, before it is run. Raises IrsaLabError for an unknown name."""
    return Prediction(**asked("predictions", name), name=name)


def asked(kind: str, name: str) -> dict[str, Any]:
    """One of `questions` or `predictions`: its `question`, `choices` and `right`.

    Raises IrsaLabError for a name that there is none of.
    """
    known = written(kind)
    if name not in known:
        raise IrsaLabError(
            f"there is no {kind[:-1]} {name!r}", next_step=f"one of {', '.join(known)}"
        )
    return dict(known[name])


@cache
def written(kind: str) -> dict[str, Any]:
    """The course's `questions` or `predictions` by name, as their file has them."""
    return read_words(files("irsa_course").joinpath(f"{kind}.yaml").read_text(encoding="utf-8"))
