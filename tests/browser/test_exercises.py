"""A learner predicts and writes: what comes of it is read in a light and in a dark JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.browser.jupyterlab import MILLISECONDS, wait_until_idle
from tests.browser.test_views import LAPTOP, run_cell, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

ANSWER = """second = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
mine = {"Url": second, "ClientIDList": ["AUDIENCE"]}
exercise("02-register", world).check(mine)"""
SCHEMES: tuple[tuple[Literal["dark", "light"], str], ...] = (("dark", "false"), ("light", "true"))
BOX = ".jp-OutputArea-output div[role=status]"


def write(page: Page, answer: str) -> None:
    """Put the answer in place of the cell that holds the exercise, and run it."""
    page.locator(".jp-CodeCell .cm-content", has_text="02-register").first.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(answer)
    page.keyboard.press("Shift+Enter")


def test_a_prediction_and_an_exercise_are_answered_wrongly_and_rightly(
    page: Page, course_url: str
) -> None:
    page.set_viewport_size(LAPTOP)
    address, token = course_url.split("/lab", 1)[0], course_url.split("token=")[1]
    page.goto(f"{address}/lab/tree/tests/browser/exercise.ipynb?token={token}&reset")
    wait_until_idle(page)
    run_cell(page, "predict(")
    page.get_by_label("no", exact=True).check(timeout=MILLISECONDS)
    page.locator(BOX, has_text="You say: no. Now run the next cell").wait_for(timeout=MILLISECONDS)
    page.get_by_text("Was I right?").click()
    page.locator(BOX, has_text="Not quite: nothing in the policy asks").last.wait_for()
    run_cell(page, "02-register")
    page.locator(BOX, has_text="Not tried yet.").wait_for(timeout=MILLISECONDS)
    write(page, ANSWER.replace("AUDIENCE", "vault"))
    page.locator(BOX, has_text="Not yet.").wait_for(timeout=MILLISECONDS)
    assert page.locator(f"{BOX} td").get_by_text("✗ NO", exact=True).count() >= 1
    run_cell(page, "passed(")
    page.locator(BOX, has_text="Done.").wait_for(timeout=MILLISECONDS)
    for scheme, light in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # JupyterLab follows the desktop
        theme = page.locator(f"body[data-jp-theme-light={light}]")
        theme.wait_for(state="attached", timeout=MILLISECONDS)
        assert violations(page, BOX) == [], scheme
    write(page, ANSWER.replace("AUDIENCE", "sts.amazonaws.com"))
    page.locator(BOX, has_text="✓ Right.").wait_for(timeout=MILLISECONDS)
