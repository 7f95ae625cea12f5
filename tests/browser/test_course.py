"""The course as a learner sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


def run_all(page: Page) -> None:
    """Run every cell and wait until the last one has."""
    page.keyboard.press("Escape")
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
    page.locator('li[data-command="runmenu:run-all"]').click()
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
            return prompts.length && prompts.every(p => /\\[\\d+\\]/.test(p.innerText));
        }""",
        timeout=90_000,
    )


def test_the_first_page_is_the_welcome(page: Page, course_url: str) -> None:
    page.goto(course_url)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.wait_for_function("document.body.innerText.includes('(ipykernel) | Idle')")
    assert "00-welcome" in page.url
    assert page.locator(".Toastify__toast").count() == 0, "no pop-up greets the learner"


def test_pod_verification_runs_to_its_end(open_notebook: Any) -> None:
    page = open_notebook("05-pod-verification.ipynb")
    run_all(page)
    assert page.locator(".jp-mod-error, .jp-RenderedText:has-text('Traceback')").count() == 0
    assert page.locator("svg[role=img]").count() >= 1, "the handshake is drawn"
