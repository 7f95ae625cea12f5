"""The live views, as somebody with a mouse or a keyboard meets them."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from irsa_course.map import CourseMap, Place
from irsa_helpers import course, oidc, roles, storage, trust
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.browser.jupyterlab import wait_until_idle
from tests.hostile import HOSTILE, MARK

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

MILLISECONDS = 60_000
LAPTOP = {"width": 1280, "height": 720}
REASON_IS_IN_SIGHT = """() => [...document.querySelectorAll('.irsa-details .irsa-part')].some(
    part => part.textContent == 'Decision'
        && part.getBoundingClientRect().bottom < innerHeight - 60)"""


def violations(page: Page, place: str) -> list[str]:
    """What axe-core finds in a part of the page: rule and element."""
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page, context=place).response
    return [
        f"{rule['id']}: {node['html']}" for rule in results["violations"] for node in rule["nodes"]
    ]


def ask_sts(
    world: SandboxWorld, account: str, namespace: str = "default", role: str = "console-role"
) -> str:
    """Show STS the token of a ServiceAccount, as an SDK in a Pod does; returns the token."""
    accounts = world.resource("v1", "ServiceAccount")
    body = {"spec": {"audiences": [oidc.AUDIENCE]}}
    token = accounts.token.create(name=account, namespace=namespace, body=body).status.token
    with contextlib.suppress(ClientError):
        world.aws("sts").assume_role_with_web_identity(
            RoleArn=roles.role_arn(world, role),
            RoleSessionName="a-session",
            WebIdentityToken=token,
        )
    return str(token)


@pytest.fixture
def console(page: Page, world: SandboxWorld) -> Page:
    """The console, before a role that admits `default` and nobody else."""
    oidc.ensure_provider(world)
    policy = trust.build_trust_policy(oidc.provider_arn(world), "default", "default")
    roles.ensure_role(world, "console-role", policy)
    page.set_viewport_size(LAPTOP)
    page.goto(world.console_url())
    page.get_by_role("status").get_by_text("live").wait_for(timeout=MILLISECONDS)
    return page


def test_hops_come_to_the_console_and_are_walked_by_keyboard(
    console: Page, world: SandboxWorld
) -> None:
    assert "token=" not in console.url, "the token is not to be seen on a stage"
    ask_sts(world, "default")
    console.get_by_text("STS gives credentials of").first.wait_for(timeout=MILLISECONDS)
    chosen = console.locator('[aria-current="step"]')
    chosen.focus()
    console.keyboard.press("Home")
    assert chosen.get_attribute("aria-label").startswith("hop 1,")  # type: ignore[union-attr]
    console.keyboard.press("ArrowDown")
    assert chosen.get_attribute("aria-label").startswith("hop 2,")  # type: ignore[union-attr]
    following = console.get_by_role("button", name="next hop")
    following.focus()
    console.keyboard.press("Enter")
    console.keyboard.press("Enter")
    assert chosen.get_attribute("aria-label").startswith("hop 4,")  # type: ignore[union-attr]
    box = console.locator(".irsa-details").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= LAPTOP["height"], "details are not below the fold"
    assert violations(console, "body") == []


def test_a_refusal_ends_red_with_its_reason_and_two_are_compared(
    console: Page, world: SandboxWorld
) -> None:
    ask_sts(world, "default")
    roles.ensure_role(
        world,
        "console-role",
        trust.build_trust_policy(oidc.provider_arn(world), "default", "defaults"),
    )
    ask_sts(world, "default")
    refused = console.locator(".irsa-details.irsa-denied", has_text="default:defaults")
    refused.wait_for(timeout=MILLISECONDS)
    details = console.locator(".irsa-details").inner_text()
    assert "Nearest fix" in details
    assert "system:serviceaccount:default:defaults" in details
    chooser = console.locator(".irsa-handshake select")
    own = chooser.first.locator("option", has_text="default/default")
    let_in, kept_out = own.all()[-2:]
    other = kept_out.get_attribute("value")
    chooser.first.select_option(let_in.get_attribute("value"))
    chooser.nth(1).select_option(other)
    row = console.locator(".irsa-comparison tr", has=console.locator("th:text-is('trust policy')"))
    assert row.locator("td.irsa-ok").count() == 1
    assert row.locator("td.irsa-denied").count() == 1


def test_in_a_labs_namespace_the_reason_stays_folded(console: Page, world: SandboxWorld) -> None:
    namespaces, accounts = (world.resource("v1", kind) for kind in ("Namespace", "ServiceAccount"))
    namespaces.create(body={"metadata": {"name": "lab-00"}})
    accounts.create(body={"metadata": {"name": "app-sa"}}, namespace="lab-00")
    ask_sts(world, "app-sa", "lab-00")
    folded = console.locator(".irsa-details.irsa-denied details", has_text="lab-00")
    folded.wait_for(timeout=MILLISECONDS)
    reason = folded.get_by_text("Nearest fix")
    assert not reason.is_visible()
    folded.locator("summary").click()
    assert reason.is_visible()
    namespaces.delete(name="lab-00")
    nobody = trust.build_trust_policy(oidc.provider_arn(world), "lab-00", "nobody")
    roles.ensure_role(world, "lab-00-role", nobody)
    ask_sts(world, "default", role="lab-00-role")
    asked_from_outside = console.locator(".irsa-details.irsa-denied", has_text="lab-00-role")
    asked_from_outside.locator("details").wait_for(timeout=MILLISECONDS)
    assert not asked_from_outside.get_by_text("Nearest fix").is_visible()
    roles.ensure_no_role(world, "lab-00-role")


def test_the_token_on_the_console_ages_and_keeps_its_signature(
    console: Page, world: SandboxWorld, namespace: str
) -> None:
    token = ask_sts(world, "default", namespace)
    console.locator("#views button", has_text="token").click()
    view = console.locator(".irsa-token")
    subject = view.locator("tr", has=console.locator("th:text-is('sub')"))
    subject.get_by_text(f"system:serviceaccount:{namespace}:default").wait_for(timeout=MILLISECONDS)
    view.get_by_text("✓ good: ").wait_for(timeout=MILLISECONDS)
    view.get_by_text("✓ in force: ").wait_for(timeout=MILLISECONDS)
    assert subject.get_by_text("AWS looks at it").count() == 1
    assert violations(console, "body") == []
    assert token.rpartition(".")[2] not in console.content()
    for name in ("dark", "projector"):
        console.get_by_role("button", name=name, exact=True).click()
    assert violations(console, "body") == []
    world.advance_clock(2 * 86_400, namespace=namespace)
    view.get_by_text("✗ expired ").wait_for(timeout=MILLISECONDS)


def call_s3(world: SandboxWorld, namespace: str) -> None:
    """What a session of a role that may list its bucket, and no more, asks of S3."""
    role, bucket = f"caller-{namespace}", course.bucket_name(world)
    policy = trust.build_trust_policy(oidc.provider_arn(world), namespace, "default")
    listing = roles.build_bucket_read_policy(bucket)
    listing["Statement"].pop()
    roles.ensure_role(world, role, policy, permission_policies={"list": listing})
    storage.ensure_bucket(world, bucket)
    token = ask_sts(world, "default", namespace)
    session = world.aws("sts").assume_role_with_web_identity(
        RoleArn=roles.role_arn(world, role), RoleSessionName="caller", WebIdentityToken=token
    )
    s3 = world.aws("s3", credentials=session["Credentials"])
    s3.list_objects_v2(Bucket=bucket)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=bucket, Key="hello.txt")
    roles.ensure_no_role(world, role)


def test_recorded_calls_meet_a_policy_on_the_console(
    console: Page, world: SandboxWorld, namespace: str
) -> None:
    call_s3(world, namespace)
    console.locator("#views button", has_text="permissions").click()
    view = console.locator(".irsa-permissions")
    view.locator(f"option[selected]:text-is('caller-{namespace}')").wait_for(
        timeout=MILLISECONDS, state="attached"
    )
    rows = view.locator("table").first.locator("tbody tr")
    rows.filter(has_text="s3:GetObject").get_by_text("✗ refused").wait_for(timeout=MILLISECONDS)
    rows.filter(has_text="s3:ListBucket").get_by_text("✓ allowed").wait_for(timeout=MILLISECONDS)
    editor = view.locator("textarea")
    policy = editor.input_value()
    editor.fill(policy.replace("s3:ListBucket", "s3:ListBuckets"))
    view.get_by_text("! unused").wait_for(timeout=MILLISECONDS)
    rows.filter(has_text="s3:ListBucket").get_by_text("was allowed").wait_for(timeout=MILLISECONDS)
    assert violations(console, "body") == []
    for text in HOSTILE:
        hostile = policy.replace("s3:ListBucket", f"s3:{json.dumps(text)[1:-1]}")
        with console.expect_response("**/permissions", timeout=MILLISECONDS):
            editor.fill(hostile)
    editor.fill(policy)
    rows.filter(has_text="s3:ListBucket").get_by_text("✓ allowed").wait_for(timeout=MILLISECONDS)
    assert console.evaluate(f"window.{MARK}") is None
    assert view.locator("img, script, svg").count() == 0


def test_a_trust_policy_is_mended_on_the_console_and_the_map_tells_where_one_is(
    console: Page, world: SandboxWorld
) -> None:
    wrong = trust.build_trust_policy(oidc.provider_arn(world), "default", "defaults")
    roles.ensure_role(world, "console-role", wrong)
    ask_sts(world, "default")
    console.locator(".irsa-details.irsa-denied").wait_for(timeout=MILLISECONDS)
    console.locator("#views button", has_text="trust policy").click()
    view = console.locator(".irsa-bench")
    chosen = view.get_by_label("role", exact=True)
    chosen.locator("option[selected]:text-is('console-role')").wait_for(
        timeout=MILLISECONDS, state="attached"
    )
    verdict = view.locator(".irsa-verdict")
    verdict.get_by_text("this token is refused").wait_for(timeout=MILLISECONDS)
    editor = view.locator("textarea")
    editor.fill(editor.input_value().replace("default:defaults", "default:default"))
    verdict.get_by_text("this token gets in").wait_for(timeout=MILLISECONDS)
    assert violations(console, "body") == []
    view.get_by_role("button", name="apply to IAM").click()
    view.get_by_text("updated IAM role console-role").wait_for(timeout=MILLISECONDS)
    described = roles.describe_role(world, "console-role")
    assert described is not None
    assert "default:defaults" not in json.dumps(described["TrustPolicy"])
    roles.ensure_role(world, "console-role", wrong)
    verdict.get_by_text("this token is refused").wait_for(timeout=MILLISECONDS)
    console.locator("#views button", has_text="map").click()
    console.locator(".irsa-map .irsa-next").wait_for(timeout=MILLISECONDS)
    assert console.locator(".irsa-map .irsa-steps li").count() == 4
    assert violations(console, "body") == []


def test_the_certificate_is_saved_as_a_picture(page: Page, tmp_path: Path) -> None:
    course = CourseMap((Place("02-x", "A step", 15, 3, 3, "done"),), ())
    page.goto(course.certificate("Kim", tmp_path / "c.html").as_uri())
    with page.expect_download(timeout=MILLISECONDS) as saved:
        page.get_by_role("button", name="save as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    assert violations(page, "body") == []


def run_cell(page: Page, text: str) -> None:
    page.locator(".jp-CodeCell .cm-content", has_text=text).first.click()
    page.keyboard.press("Shift+Enter")


def test_the_first_act_is_played(open_notebook: Any, page: Page) -> None:
    page.set_viewport_size(LAPTOP)
    open_notebook("00-welcome.ipynb")
    run_cell(page, "world = connect()")
    run_cell(page, "first_act(world)")
    for title, then in (
        ("1. Let a Pod become a role", ":assumed-role/first-act-role/"),
        ("2. Break one letter", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        ("3. Mend it", "so is the answer"),
    ):
        page.get_by_role("button", name=title).click(timeout=MILLISECONDS)
        page.locator(".jp-OutputArea-output", has_text=then).first.wait_for(timeout=MILLISECONDS)
        if title.startswith("2"):
            page.locator(".irsa-details.irsa-denied").wait_for(timeout=MILLISECONDS)
            assert "visitot" in page.locator(".irsa-details").inner_text()
            page.wait_for_function(REASON_IS_IN_SIGHT, timeout=MILLISECONDS)
            assert violations(page, ".irsa-handshake") == []
    page.get_by_role("button", name=re.compile("Clear the stage")).click()
    page.get_by_text("All of it is gone").wait_for(timeout=MILLISECONDS)


def test_a_view_stands_beside_its_notebook_and_grows_for_an_audience(
    page: Page, course_url: str
) -> None:
    page.set_viewport_size(LAPTOP)
    address, token = course_url.split("/lab", 1)[0], course_url.split("token=")[1]
    page.goto(f"{address}/lab/tree/tests/browser/bench.ipynb?token={token}&reset")
    wait_until_idle(page)
    run_cell(page, "trust_bench(")
    page.get_by_role("button", name="open beside the notebook").click(timeout=MILLISECONDS)
    panel = page.locator(".jp-LinkedOutputView .irsa-bench")
    panel.wait_for(timeout=MILLISECONDS)
    size = "element => parseFloat(getComputedStyle(element).fontSize)"
    before = panel.evaluate(size)
    page.evaluate("jupyterapp.commands.execute('application:toggle-presentation-mode')")
    page.wait_for_function(
        f"before => ({size})(document.querySelector('.jp-LinkedOutputView .irsa-bench')) > before",
        arg=before,
        timeout=MILLISECONDS,
    )
    assert violations(page, ".jp-LinkedOutputView .irsa-view") == []
    page.evaluate("jupyterapp.commands.execute('application:toggle-presentation-mode')")


def test_a_policy_is_built_on_the_bench(open_notebook: Any, page: Page) -> None:
    page.set_viewport_size(LAPTOP)
    open_notebook("../tests/browser/bench.ipynb")
    run_cell(page, "trust_bench(")
    editor = page.locator("textarea.irsa-editor")
    editor.wait_for(timeout=MILLISECONDS)
    verdict = page.locator(".irsa-verdict")
    verdict.get_by_text("this token gets in").wait_for(timeout=MILLISECONDS)
    policy = editor.input_value()
    editor.fill(policy.replace("enginrect-sa", "enginrect-sb"))
    verdict.get_by_text("this token is refused").wait_for(timeout=MILLISECONDS)
    assert page.locator(".irsa-claim li.irsa-denied").count() == 1
    assert page.locator(".irsa-threads path.irsa-denied").count() == 1
    assert page.locator(".irsa-threads path.irsa-ok").count() == 1
    wide = policy.replace("default:enginrect-sa", "*").replace("StringEquals", "StringLike")
    editor.fill(wide)
    verdict.get_by_text("too-wide").wait_for(timeout=MILLISECONDS)
    assert verdict.locator("td .irsa-ok").count() >= 3
    assert verdict.locator("td .irsa-denied").count() == 0
    assert violations(page, ".irsa-bench") == []
    for text in HOSTILE:
        hostile = json.dumps(text)[1:-1]
        editor.fill(wide.replace("system:serviceaccount:*", hostile))
        page.locator(".irsa-bench pre", has_text=hostile[:5]).first.wait_for(timeout=MILLISECONDS)
    assert page.evaluate(f"window.{MARK}") is None
    others = page.locator(".irsa-bench").locator("img, script, svg:not(.irsa-threads)")
    assert others.count() == 0
    wait_until_idle(page)
