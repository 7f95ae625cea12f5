"""The course around the notebooks: exercises, questions and labs; progress, map, tour and site.

A notebook takes the names below from here, and all that works on a cluster from `irsa_helpers`.
Each is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_helpers.ground.doors import door

if TYPE_CHECKING:
    from irsa_course.exercises import exercise as exercise
    from irsa_course.labs.notebook import board as board
    from irsa_course.labs.notebook import lab as lab
    from irsa_course.questions import predict as predict
    from irsa_course.questions import quiz as quiz

_HOME_OF = {
    "board": "labs.notebook",
    "exercise": "exercises",
    "lab": "labs.notebook",
    "predict": "questions",
    "quiz": "questions",
}

__all__ = sorted(_HOME_OF)
__getattr__ = door(__name__, _HOME_OF)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
