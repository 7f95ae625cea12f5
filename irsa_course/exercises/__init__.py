"""What the learner writes: `exercise("03-write").check(mine)`, `.hint()`, `.solution()`.

A check looks at what an answer does (who is admitted and who is not, what may be called, what the
world holds), never at how it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import Case, Judgement, NotTriedError, SlipError, gap
from irsa_course.exercises.outcome import Outcome
from irsa_course.exercises.words import Words, all_words, find_words, made
from irsa_course.progress import Attempts
from irsa_helpers.ground.happenings import happened

if TYPE_CHECKING:
    from irsa_course.labs.notebook import Text
    from irsa_helpers.worlds import World

__all__ = ["Case", "Exercise", "Outcome", "all_words", "exercise", "made"]

OTHER = "Something else comes of it than it should: look at the rows with ✗."


@dataclass(frozen=True)
class Exercise:
    """One exercise, with the three things that a learner does to it."""

    words: Words
    world: World

    @property
    def state(self) -> str:
        """`not tried`, `wrong` or `right`; once right, it stays so."""
        return Attempts().of(self.words.id).state

    def check(self, answer: Any = None) -> Outcome:
        """Judge the answer, or, where the answer is in the world, the world.

        What is not tried yet is said to be so, and not counted.
        """
        try:
            judgement = self._judgement(answer)
        except NotTriedError as reason:
            return self._outcome("not tried", Judgement(says=str(reason)))
        except SlipError as error:
            judgement = error.judgement
        Attempts().checked(self.words.id, judgement.slip)
        self._tell(judgement.slip)
        return self._outcome("wrong" if judgement.slip else "right", judgement)

    def _tell(self, slip: str) -> None:
        """A room hears which slip it was, in the course's own words: nothing that was written."""
        title = f"{self.words.id}: {self.words.title}"
        said = (self.words.sentence(slip) or slip) if slip else "right"
        happened("answer", question=title, choice=said, right=not slip)

    def hint(self) -> Text:
        """The next hint of three: a nudge, a pointer, nearly the answer."""
        from irsa_course.labs.notebook import Text

        hints = self.words.hints
        number = min(Attempts().of(self.words.id).hints_used + 1, len(hints))
        Attempts().hinted(self.words.id, number)
        return Text(f"Hint {number} of {len(hints)}: {hints[number - 1]}")

    def solution(self) -> Text:
        """One way to do it."""
        from irsa_course.labs.notebook import Text
        from irsa_helpers.printing.markdown import block

        Attempts().solution_shown(self.words.id)
        language = "sh" if self.words.in_world else "python"
        return Text(block(self.words.solved(self.world), language))

    def __repr__(self) -> str:
        ways = f"{self.words.call}, .hint(), .solution()"
        return f"{self.words.title} ({self.state})\n{self.words.task.strip()}\n{ways}"

    def _judgement(self, answer: Any) -> Judgement:
        if not self.words.in_world:
            if place := gap(answer):
                raise NotTriedError(f"There is still a gap at {place}: put your answer there.")
            if answer == made(self.words.starter, self.words.names(self.world)):
                raise NotTriedError(
                    "This is still what stood here: change it, and run the cell again."
                )
        return self.words.judge(self.world, answer)

    def _outcome(self, state: str, judgement: Judgement) -> Outcome:
        words, slip = self.words, judgement.slip
        says = (slip and words.sentence(slip)) or judgement.says or (slip and OTHER)
        return Outcome(words.id, words.title, state, slip, says, judgement.cases)


def exercise(name: str, world: World | None = None) -> Exercise:
    """The exercise of that id; in the world of `connect()` unless another is given.

    Raises IrsaLabError for a name that none has.
    """
    from irsa_helpers.worlds import connect

    return Exercise(find_words(name), world or connect())
