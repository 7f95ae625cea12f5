"""What a test waits for in JupyterLab's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

MILLISECONDS = 60_000


def wait_until_idle(page: Page) -> None:
    """The notebook is drawn and its kernel waits for work, as the status bar says."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MILLISECONDS)
    idle = "document.body.innerText.includes('(ipykernel) | Idle')"
    page.wait_for_function(idle, timeout=MILLISECONDS)
