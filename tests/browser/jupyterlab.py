"""What a test waits for in JupyterLab's page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

SECONDS = 60
MILLISECONDS = 1_000 * SECONDS


def wait_until_idle(page: Page) -> None:
    """The notebook is drawn and its kernel waits for work, as the status bar says."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=MILLISECONDS)
    idle = "document.body.innerText.includes('(ipykernel) | Idle')"
    page.wait_for_function(idle, timeout=MILLISECONDS)


def type_text(page: Page, text: str) -> None:
    """Hand text to the terminal's input as a key press would, wherever the page's focus is."""
    page.locator(".jp-Terminal .xterm-helper-textarea").evaluate(
        "(input, data) => input.dispatchEvent(new InputEvent('input',"
        " {data, inputType: 'insertText', bubbles: true, cancelable: true}))",
        text,
    )


def type_command(page: Page, command: str, prompts: Path, seconds: float = SECONDS) -> None:
    """Type a command and wait for the shell's next prompt."""
    before = prompts.stat().st_size if prompts.exists() else 0
    type_text(page, command.replace("\n", "\r") + "\r")
    deadline = time.monotonic() + seconds
    while not prompts.exists() or prompts.stat().st_size == before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no prompt after {command}")
        page.wait_for_timeout(50)


def prepare_shell(page: Page, folder: Path, prompts: Path) -> None:
    """A short prompt that leaves a mark; typed again while the terminal was not yet connected.

    The shell may be any: PROMPT_COMMAND would be Bash's alone.
    """
    setup = f"OUTPUT={folder}; PS1='$(echo . >> {prompts})$ '; clear"
    for _ in range(5):
        try:
            return type_command(page, setup, prompts, seconds=15)
        except TimeoutError as error:
            late = error
    raise late
