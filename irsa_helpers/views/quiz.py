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
    """A question, its choices (text to the reason why it is right or wrong), the right one."""

    def __init__(self, question: str, choices: Mapping[str, str], right: str) -> None:
        if right not in choices:
            raise ValueError(f"{right!r} is none of the choices {list(choices)}")
        self.question = question
        self.choices = dict(choices)
        self.right = right

    def verdict(self, choice: str) -> str:
        """`Right` or `Not quite`, and why."""
        word = "Right" if choice == self.right else "Not quite"
        return f"{word}: {self.choices[choice]}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = dict(self.widget()._repr_mimebundle_() or {})
        return bundle | {"text/markdown": self._markdown(), "text/plain": self.question}

    def _markdown(self) -> str:
        """The question with its answer folded, for pages without a kernel."""
        listed = "\n".join(f"- {cell(choice)}" for choice in self.choices)
        why = f"{escape(self.right)}: {escape(self.choices[self.right])}"
        answer = f"<details><summary>Answer</summary>{why}</details>"
        return f"**{cell(self.question)}**\n\n{listed}\n\n{answer}"

    def widget(self) -> Any:
        """Radio buttons; choosing one shows its verdict."""
        import ipywidgets

        buttons = ipywidgets.RadioButtons(
            options=list(self.choices), value=None, layout={"width": "max-content"}
        )
        verdict = ipywidgets.HTML()

        def answered(change: Mapping[str, Any]) -> None:
            choice = change["new"]
            verdict.value = f"<p>{escape(self.verdict(choice))}</p>"
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
    return Quiz(found["question"], found["choices"], found["right"])


@cache
def questions() -> dict[str, Any]:
    """The course's questions by name, from `questions.yaml`: `question`, `choices`, `right`."""
    import yaml

    text = files("irsa_helpers.views").joinpath("questions.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
