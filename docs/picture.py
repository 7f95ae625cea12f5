"""The README's moving picture: `make picture` makes it anew.

A Pod becomes a role in a sandbox of its own, is refused for one letter, and the console is
photographed at each hop by a headless Chromium.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright

from irsa_course.first_act import Act
from irsa_course.tour import own_world
from irsa_helpers import connect

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURE = Path(__file__).parents[1] / "notebooks" / "images" / "handshake-live.png"
SIZE = {"width": 960, "height": 520}
STEP_MS, END_MS = 900, 3500
COLOURS = 32
WAIT_MS = 60_000


def handshakes(page: Page, world: Any) -> Iterator[tuple[bytes, int]]:
    """Each photograph, and for how long it is shown."""
    act = Act(world)
    act.begin()
    act.break_a_letter()
    page.goto(world.console_url())
    page.locator(".irsa-hop.irsa-denied").first.wait_for(timeout=WAIT_MS)
    for attempt in range(2):
        page.locator(".irsa-handshake select").first.select_option(str(attempt))
        yield from _walk(page)


def _walk(page: Page) -> Iterator[tuple[bytes, int]]:
    """The chosen handshake from its first hop to its last."""
    hops = page.locator(".irsa-hop")
    hops.first.click()
    for number in range(hops.count()):
        if number:
            page.keyboard.press("ArrowDown")
        last = number == hops.count() - 1
        yield page.screenshot(animations="disabled"), END_MS if last else STEP_MS


def write(photographs: list[tuple[bytes, int]], path: Path) -> None:
    """An animated PNG of few colours: what does not know it shows its first frame."""
    images = [Image.open(io.BytesIO(photograph)).convert("RGB") for photograph, _ in photographs]
    colours = images[-1].quantize(COLOURS)
    frames = [image.quantize(palette=colours, dither=Image.Dither.NONE) for image in images]
    times = [milliseconds for _, milliseconds in photographs]
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True
    )


def main() -> None:
    """Make the picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with own_world(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        photographs = list(handshakes(context.new_page(), connect()))
        browser.close()
    write(photographs, PICTURE)
    print(f"{PICTURE}: {len(photographs)} frames, {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
