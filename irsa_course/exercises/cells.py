"""`python -m irsa_course.exercises.cells`: each exercise's two cells stand in its notebook.

Their text comes from the exercises' words alone, and so does their place.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.words import all_words
from irsa_course.folder import notebooks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from irsa_course.exercises.words import Words

IMPORT = "from irsa_course import exercise"


def with_exercises(cells: Sequence[dict[str, Any]], exercises: Sequence[Words]) -> list[Any]:
    """A notebook's cells, with those of its exercises as they are written down now."""
    own = {words.id for words in exercises}
    kept = [cell for cell in cells if cell["id"].removesuffix("-task") not in own]
    behind = {words.after: words for words in exercises}
    if missing := set(behind) - {cell["id"] for cell in kept}:
        raise ValueError(f"no cell {', '.join(sorted(missing))}, which an exercise stands behind")
    order, first = [], True
    for cell in kept:
        order.append(cell)
        if words := behind.get(cell["id"]):
            order += _cells(words, first)
            first = False
    return order


def _cells(words: Words, first: bool) -> list[dict[str, Any]]:
    task = f"### Now you: {words.title}\n\n{words.task.strip()}"
    begin = f"{IMPORT}\n\n" if first else ""
    code = f"{begin}{words.starter.strip()}\n{words.call}"
    return [
        {"cell_type": "markdown", "id": f"{words.id}-task", "metadata": {}, "source": _lines(task)},
        {
            "cell_type": "code",
            "execution_count": None,
            "id": words.id,
            "metadata": {},
            "outputs": [],
            "source": _lines(code),
        },
    ]


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def notebook_text(path: Path) -> str:
    """The notebook's file as it should be."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    exercises = [words for words in all_words() if words.notebook == path.stem]
    notebook["cells"] = with_exercises(notebook["cells"], exercises)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the exercises into every notebook."""
    for path in notebooks():
        path.write_text(notebook_text(path), encoding="utf-8")


if __name__ == "__main__":
    main()
