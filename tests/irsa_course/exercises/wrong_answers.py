"""The wrong answers of `wrong_answers.yaml`, and what their expressions are made with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from irsa_course.exercises import made
from irsa_course.exercises.words import find_words
from irsa_helpers.worlds import World

FILE = Path(__file__).with_suffix(".yaml")
WRONG_ANSWERS: dict[str, dict[str, str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def wrong_answer(world: World, name: str, slip: str) -> Any:
    """The answer to that exercise in which that slip is made."""
    words = find_words(name)
    names = words.names(world)
    tools = {"right": made(words.solution, names), "swap": swap, "without": without}
    return eval(WRONG_ANSWERS[name][slip], names | tools)


def swap(answer: Any, old: str, new: str) -> Any:
    """The answer with one text in place of another in all that it holds."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    assert old in text, f"{old} is not in {text}"
    changed = text.replace(old, new)
    return changed if isinstance(answer, str) else json.loads(changed)


def without(answer: Any, member: str) -> Any:
    """The answer without that member."""
    if isinstance(answer, list):
        return [without(each, member) for each in answer]
    if isinstance(answer, dict):
        return {key: without(each, member) for key, each in answer.items() if key != member}
    return answer
