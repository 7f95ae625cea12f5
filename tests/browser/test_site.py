"""The course's pages on a phone: they fit, they are searched, they ask nobody for anything."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from irsa_course import site, tour
from irsa_helpers.labs.model import all_labs
from tests.browser.test_views import violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PHONE = {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the notebooks as they are stored, not run."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tour, "execute", lambda path: nbformat.read(path, as_version=4))
        patch.setattr(tour, "own_world", nullcontext)
        site.build(folder)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_reads_and_searches_it(pages: Path, browser: Browser, scheme: Any) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("index", "03-trust-policy", "refusals", f"lab-{all_labs()[0].id}"):
        page.goto((pages / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    assert violations(page, "body") == []
    page.get_by_role("searchbox").fill("refusals InvalidIdentityToken")
    page.locator("#results li a").first.click()
    page.wait_for_url("**/refusals.html*")
    assert {url.partition(":")[0] for url in asked} == {"file"}
    context.close()
