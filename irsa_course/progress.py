"""What the learner wrote and predicted in the notebooks, kept where the labs' progress is."""

from __future__ import annotations

from dataclasses import dataclass

from irsa_helpers.ground.store import Store, help_in_words, now

EXERCISES = """
CREATE TABLE IF NOT EXISTS exercises (
    id TEXT PRIMARY KEY,
    right_at TEXT,
    slip TEXT NOT NULL DEFAULT '',
    checks INTEGER NOT NULL DEFAULT 0,
    hints_used INTEGER NOT NULL DEFAULT 0,
    solution_seen INTEGER NOT NULL DEFAULT 0
)
"""
PREDICTIONS = """
CREATE TABLE IF NOT EXISTS predictions (
    id TEXT PRIMARY KEY,
    choice TEXT NOT NULL,
    made_at TEXT NOT NULL
)
"""


@dataclass(frozen=True)
class Attempt:
    """One exercise's row; `slip` is what was wrong at the latest check, empty after a right one."""

    id: str
    right_at: str | None = None
    slip: str = ""
    checks: int = 0
    hints_used: int = 0
    solution_seen: bool = False

    @property
    def state(self) -> str:
        """`right`, once it was; else `wrong` or `not tried`."""
        if self.right_at:
            return "right"
        return "wrong" if self.checks else "not tried"

    @property
    def help_used(self) -> str:
        """What was asked for, in words: `2 hints, solution`; empty for nothing."""
        return help_in_words(self.hints_used, self.solution_seen)


class Attempts(Store):
    """The exercises and predictions of one learner."""

    tables = (EXERCISES, PREDICTIONS)

    def all(self) -> dict[str, Attempt]:
        """Every exercise that was touched, by its id."""
        query = "SELECT id, right_at, slip, checks, hints_used, solution_seen FROM exercises"
        return {row[0]: Attempt(*(*row[:5], bool(row[5]))) for row in self._read(query)}

    def of(self, exercise: str) -> Attempt:
        """That exercise's row; a new one where it was never touched."""
        return self.all().get(exercise, Attempt(exercise))

    def checked(self, exercise: str, slip: str) -> None:
        """An answer was checked; without a slip it was right, and the exercise stays so."""
        right_at = None if slip else now()
        self._change(
            exercise,
            "checks = checks + 1, slip = ?, right_at = COALESCE(right_at, ?)",
            slip,
            right_at,
        )

    def hinted(self, exercise: str, count: int) -> None:
        """That many hints have been shown; after a right answer a hint is no help any more."""
        self._change(
            exercise,
            "hints_used = CASE WHEN right_at IS NULL THEN MAX(hints_used, ?) ELSE hints_used END",
            count,
        )

    def solution_shown(self, exercise: str) -> None:
        """The solution was shown; after a right answer that is no help any more."""
        self._change(exercise, "solution_seen = MAX(solution_seen, right_at IS NULL)")

    def predicted(self, question: str, choice: str) -> None:
        """A question of the notebooks was answered; the latest answer counts."""
        self._write("INSERT OR REPLACE INTO predictions VALUES (?, ?, ?)", question, choice, now())

    def predictions(self) -> dict[str, str]:
        """The choice made at each question that was answered, by the question's name."""
        return dict(self._read("SELECT id, choice FROM predictions"))

    def _change(self, exercise: str, change: str, *values: object) -> None:
        self._write("INSERT OR IGNORE INTO exercises (id) VALUES (?)", exercise)
        self._write(f"UPDATE exercises SET {change} WHERE id = ?", *values, exercise)
