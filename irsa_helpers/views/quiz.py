"""A question with choices, answered by mouse or keyboard; the answer's reason follows at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.happenings import happened
from irsa_helpers.markdown import cell


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
        word = "Right" if choice == self.right else "Not quite"
        return f"{word}: {self.choices[choice]}"

    def _verdict_html(self, choice: str) -> str:
        return f"<p>{escape(self.verdict(choice))}</p>"

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
    def remembered(self) -> str | None:
        """The choice of an earlier day, None where there was none."""
        if not self.name:
            return None
        from irsa_helpers.course.progress import Attempts

        choice = Attempts().predictions().get(self.name)
        return choice if choice in self.choices else None

    def widget(self) -> Any:
        """Radio buttons; choosing one shows its verdict, and what was chosen before is chosen."""
        import ipywidgets

        from irsa_helpers.course.progress import Attempts

        before = self.remembered
        buttons = ipywidgets.RadioButtons(
            options=list(self.choices), value=before, layout={"width": "max-content"}
        )
        verdict = ipywidgets.HTML(self._verdict_html(before) if before else "")

        def answered(change: Mapping[str, Any]) -> None:
            choice = change["new"]
            verdict.value = self._verdict_html(choice)
            if self.name:
                Attempts().predicted(self.name, choice)
            happened("answer", question=self.question, choice=choice, right=choice == self.right)

        buttons.observe(answered, "value")
        title = ipywidgets.HTML(f"<b>{escape(self.question)}</b>")
        return ipywidgets.VBox([title, buttons, verdict])


def quiz(name: str) -> Quiz:
    """Ask a question of the course. Raises IrsaLabError for a name that there is none of."""
    found = questions().get(name)
    if found is None:
        known = ", ".join(questions())
        raise IrsaLabError(f"there is no question {name!r}", next_step=f"one of {known}")
    return Quiz(found["question"], found["choices"], found["right"], name=name)


@cache
def questions() -> dict[str, Any]:
    """The course's questions by name, from `questions.yaml`: `question`, `choices`, `right`."""
    import yaml

    text = files("irsa_helpers.views").joinpath("questions.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
