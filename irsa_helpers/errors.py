"""The errors people see: what was wrong, what was expected, and the next step."""

from __future__ import annotations

import re

# Control characters other than line end and tab, and those that change the direction of writing: a
# name may hold them, and the text after them would look like something else.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text with each steering character shown as its number: `\\x1b`, `\\u202e`."""
    return _STEERING.sub(lambda character: character[0].encode("unicode_escape").decode(), text)


class IrsaLabError(Exception):
    """Something a person can act on; `next_step` says how."""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}\nNext step: {self.next_step}" if self.next_step else self.message

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone; this project's own lines explain nothing."""
        return [plain(f"{type(self).__name__}: {self}")]


class AwsError(Exception):
    """An error of an AWS service, as its client receives it.

    `code` and `message` go on the wire with `http_status`; `explanation` never does: AWS does not
    say which condition failed, so the reason is kept for the trace.
    """

    def __init__(self, code: str, http_status: int, message: str, *, explanation: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.http_status = http_status
        self.message = message
        self.explanation = explanation
