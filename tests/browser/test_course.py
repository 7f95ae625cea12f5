"""The course as a learner sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.browser.jupyterlab import wait_until_idle
from tests.hostile import HOSTILE, MARK, VIEWS

if TYPE_CHECKING:
    from playwright.sync_api import Page


# Elements in the outputs that would run what a text asks for.
OWN_HANDLERS = f"""() => [...document.querySelectorAll('.jp-OutputArea-output *')]
    .filter(e => [...e.attributes].some(a => (a.name.startsWith('on') || a.name == 'href')
        && a.value.includes('{MARK}')))
    .map(e => e.outerHTML)"""


def run_all(page: Page) -> None:
    """Run every cell and wait until the last one has."""
    page.keyboard.press("Escape")
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.locator('li[data-command="runmenu:run-all"]').click()
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
            return prompts.length && prompts.every(p => /\\[\\d+\\]/.test(p.textContent));
        }""",
        timeout=90_000,
    )


def test_the_first_page_is_the_welcome(page: Page, course_url: str) -> None:
    page.goto(course_url)
    wait_until_idle(page)
    assert "00-welcome" in page.url
    assert page.locator(".Toastify__toast").count() == 0, "no pop-up greets the learner"


def test_pod_verification_runs_to_its_end(open_notebook: Any) -> None:
    page = open_notebook("05-pod-verification.ipynb")
    run_all(page)
    assert page.locator(".jp-mod-error, .jp-RenderedText:has-text('Traceback')").count() == 0
    assert page.locator(".irsa-handshake .irsa-hop").count() >= 6, "the handshake is drawn"
    answer_by_keyboard(page)


def test_a_cell_from_the_middle_names_the_cell_to_run_first(open_notebook: Any) -> None:
    page = open_notebook("03-trust-policy.ipynb")
    page.locator(".jp-CodeCell .cm-content", has_text="set_trust(trust)").last.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=is made by an earlier cell", timeout=20_000)
    assert page.locator("text=Run All Above Selected Cell").count() == 1


def test_the_table_of_refusals_opens_as_a_page(page: Page, course_url: str) -> None:
    address, token = course_url.split("/lab", 1)[0], course_url.split("token=")[1]
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{address}/lab/tree/notebooks/refusals.md?token={token}&reset")
    table = page.wait_for_selector(".jp-MarkdownViewer table", timeout=20_000)
    assert table is not None
    fits = "e => e.getBoundingClientRect().right <= innerWidth"
    assert table.evaluate(fits), "the last column, the reason, is on the page"


def test_nothing_that_is_shown_runs(open_notebook: Any) -> None:
    page = open_notebook("../tests/browser/hostile.ipynb")
    run_all(page)
    for name in VIEWS:
        cell = page.locator(".jp-CodeCell", has_text=f'show("{name}")')
        assert cell.locator(".jp-OutputArea-output").count() == len(HOSTILE), name
    page.wait_for_timeout(500)  # an image that is not there is tried a moment later
    assert page.evaluate(f"window.{MARK}") is None
    outputs = page.locator(".jp-OutputArea-output")
    assert outputs.locator("img[src=x], script, svg[onload], a[href^=javascript]").count() == 0
    assert page.evaluate(OWN_HANDLERS) == []
    assert outputs.get_by_text(f"window.{MARK}=1").count() > 100


def answer_by_keyboard(page: Page) -> None:
    """Choose the first, then the second answer of the closing question: Tab, and Space chooses."""
    cell = page.locator(".jp-CodeCell", has_text='quiz("not-authorized-to")')
    cell.locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    cell.locator("text=it did its part: the session exists").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    cell.locator("text=the session is there, the action is not allowed").wait_for()
