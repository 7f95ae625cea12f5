"""The console beside a stage, where worlds come and go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from irsa_helpers.ground.state import SEED_VARIABLE
from irsa_helpers.worlds import launch
from irsa_workshop.stage.backstage import Backstage
from irsa_workshop.stage.model import Scene
from tests.browser.test_views import MILLISECONDS, ask_sts

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCENE = Scene(title="A role", minutes=1, given="provider", steps=())


@pytest.fixture
def backstage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstage]:
    """The world of a story, which ends with the test."""
    monkeypatch.setenv(SEED_VARIABLE, "1")
    yield Backstage(tmp_path / "home", tmp_path, 1)
    launch.stop_sandbox(tmp_path / "home")


def test_it_follows_into_a_world_that_is_made_anew(page: Page, backstage: Backstage) -> None:
    backstage.prepare(SCENE)
    page.goto(backstage.show_console())
    assert page.locator("body.irsa-large").count() == 1, "it opens as a projector wants it"
    for _ in range(2):
        ask_sts(backstage.world(), "default")
    page.locator(".irsa-hop.irsa-denied").nth(1).wait_for(timeout=MILLISECONDS)
    backstage.renew(SCENE)
    page.get_by_text("Nothing has happened yet").wait_for(timeout=MILLISECONDS)
    ask_sts(backstage.world(), "default")
    page.locator(".irsa-hop.irsa-denied").wait_for(timeout=MILLISECONDS)
