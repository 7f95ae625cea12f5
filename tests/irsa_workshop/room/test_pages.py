"""The board and a learner's own page in a browser: what one does is seen on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_workshop.room.trial import OpenRoom

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUESTION = "why is <b>my</b> token refused?"
SLOWEST = 60_000  # milliseconds, on a machine that does other things


def opened(browser: Browser, room: OpenRoom, page: str, **form: str) -> Page:
    """That page of the board, for whoever comes in by that form."""
    shown = browser.new_context().new_page()
    shown.set_default_timeout(SLOWEST)
    shown.goto(f"{room.url}/hub/login?next=/services/board/{page}")
    for name, value in form.items():
        shown.fill(f"[name={name}]", value)
    shown.check("[name=shares][value=yes]")
    shown.click("button[type=submit]")
    return shown


def test_a_hand_and_a_hint_reach_the_other_page(browser: Browser, room: OpenRoom) -> None:
    mine = opened(browser, room, "me", username="Cleo", word=room.word)
    board = opened(browser, room, "", username="instructor", word=room.instructor_word)
    mine.get_by_label("What you wonder").fill(QUESTION)
    mine.get_by_role("button", name="Raise my hand").click()
    mine.get_by_text("Your hand is up.").wait_for()
    row = board.locator("#rows tr", has_text="Cleo")
    row.get_by_text(QUESTION).wait_for()
    board.get_by_label("hint").fill("look at its audience")
    board.get_by_role("button", name="Send").click()
    board.get_by_text("Sent to everybody: look at its audience").wait_for()
    mine.reload()
    mine.locator("#messages").get_by_text("look at its audience").wait_for()
    board.get_by_role("link", name="projector view").click()
    board.locator("#places .hand").wait_for()
    assert "Cleo" not in board.content()
    assert "token refused" not in board.content()
