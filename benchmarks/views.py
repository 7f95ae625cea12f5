"""The live views: how long until a hop shows, and until a keystroke on a bench is answered.

Seen by a headless Chromium on the console: from the hop's own time, and from the key event on.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from playwright.sync_api import sync_playwright

from benchmarks.measure import sandbox, spread
from irsa_helpers import oidc, roles, trust
from irsa_helpers.ground.modules import STATIC
from irsa_helpers.views import trust_bench

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from irsa_helpers.worlds.sandbox import SandboxWorld

ROUNDS = 20
ROLE = "views-role"
LAST_SHOWN = """() => {
    window.shown = new Map();
    const look = () => {
        const count = document.querySelectorAll('.irsa-hop').length;
        if (!window.shown.has(count)) window.shown.set(count, Date.now());
    };
    new MutationObserver(look).observe(document.getElementById('handshake'),
        {childList: true, subtree: true});
}"""
KEYSTROKE = """([view, text]) => new Promise(done => {
    const editor = document.querySelector(`${view} textarea`);
    const begun = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        done(performance.now() - begun);
    }).observe(document.querySelector(`${view} .irsa-verdict`), {childList: true});
    editor.value = text;
    editor.dispatchEvent(new Event('input'));
})"""


def report() -> Iterator[tuple[str, str]]:
    """What was measured, and its figure."""
    size = sum(path.stat().st_size for path in STATIC.glob("*.js"))
    yield "all views' JavaScript", f"{size / 1000:.0f} kB"
    with sandbox() as (world, _), sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(world.console_url())
        page.get_by_role("status").get_by_text("live").wait_for()
        page.evaluate(LAST_SHOWN)
        yield "a hop shows after", spread(list(_hops(page, world)), "ms", 0)
        _call_s3(world)
        permissions = list(_keystrokes(page, "permissions", ".irsa-permissions"))
        yield "a keystroke on the permission bench", spread(permissions, "ms", 0)
        yield (
            "a keystroke on the trust bench",
            spread(list(_keystrokes(page, "trust policy", ".irsa-bench")), "ms", 0),
        )
        yield "a keystroke judged on the trust bench", spread(list(_judgements(world)), "ms", 0)
        browser.close()


def _hops(page: Page, world: SandboxWorld) -> Iterator[float]:
    """Milliseconds from each hop of some refused calls to its place on the page."""
    for _ in range(ROUNDS):
        before = page.locator(".irsa-hop").count()
        with contextlib.suppress(ClientError):
            world.aws("sts").assume_role_with_web_identity(
                RoleArn=roles.role_arn(world, ROLE), RoleSessionName="x1", WebIdentityToken="no.no"
            )
        page.wait_for_function("count => window.shown.has(count)", arg=before + 1)
        shown = page.evaluate("count => window.shown.get(count)", before + 1)
        yield shown - datetime.fromisoformat(world.trace()[-1]["at"]).timestamp() * 1000


def _call_s3(world: SandboxWorld) -> None:
    """A role whose session has called something."""
    oidc.ensure_provider(world)
    policy = trust.build_trust_policy(oidc.provider_arn(world), "default", "default")
    listing = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    policies = {"list": {"Version": "2012-10-17", "Statement": listing}}
    roles.ensure_role(world, ROLE, policy, permission_policies=policies)
    body = {"spec": {"audiences": [oidc.AUDIENCE]}}
    accounts = world.resource("v1", "ServiceAccount")
    token = accounts.token.create(name="default", namespace="default", body=body).status.token
    session = world.aws("sts").assume_role_with_web_identity(
        RoleArn=roles.role_arn(world, ROLE), RoleSessionName="x1", WebIdentityToken=token
    )
    world.aws("s3", credentials=session["Credentials"]).list_buckets()


def _keystrokes(page: Page, button: str, view: str) -> Iterator[float]:
    """Milliseconds from a key event in a bench's editor to the verdict that is drawn anew."""
    page.locator("#views button", has_text=button).click()
    page.locator(f"{view} td").first.wait_for()
    text = page.locator(f"{view} textarea").input_value()
    for number in range(ROUNDS):
        yield page.evaluate(KEYSTROKE, [view, text + " " * (number % 2 + 1)])


def _judgements(world: SandboxWorld) -> Iterator[float]:
    """Milliseconds for the kernel's part of a keystroke."""
    bench = trust_bench(world, ROLE, service_account="default")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        bench.judge(bench.saved)
        yield (time.perf_counter() - begun) * 1000
