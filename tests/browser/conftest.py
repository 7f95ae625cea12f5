"""JupyterLab as `irsa-lab open` serves it, and a headless Chromium that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.jupyterlab import wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def course_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL, token included, of a JupyterLab that serves this project's course."""
    yield from _serve(tmp_path_factory.mktemp("browser"), 18888)


@pytest.fixture
def fresh_course_url(tmp_path: Path) -> Iterator[str]:
    """The same beside a sandbox in which nothing has been done yet."""
    yield from _serve(tmp_path, 18988)


def _serve(folder: Path, port: int) -> Iterator[str]:
    program = Path(sys.executable).with_name("irsa-lab")
    log = folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [program, "open", "--no-browser", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"IRSA_LAB_HOME": str(folder / "home")},
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """What JupyterLab prints when it is ready."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", log.read_text()):
            return found.group()
        time.sleep(0.05)
    raise AssertionError(f"JupyterLab did not tell its address: {log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; the tests are skipped where the machine has none.

    It ends with its module: Playwright keeps an event loop running, in which no other test may be.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, as wide as a laptop's and high enough for JupyterLab to draw every cell."""
    context = browser.new_context(viewport={"width": 1280, "height": 6000})
    yield context.new_page()
    context.close()


@pytest.fixture
def open_notebook(page: Page, course_url: str) -> Any:
    """Open a notebook by its file name, with the kernel idle; returns the page."""

    def open_(name: str) -> Page:
        address, token = course_url.split("/lab", 1)[0], course_url.split("token=")[1]
        page.goto(f"{address}/doc/tree/notebooks/{name}?token={token}&reset")
        wait_until_idle(page)
        return page

    return open_
