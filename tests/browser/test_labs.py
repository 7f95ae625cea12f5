"""A lab, solved in JupyterLab's terminal while its goals tick beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.browser.jupyterlab import MILLISECONDS, prepare_shell, type_command, wait_until_idle
from tests.browser.test_views import run_cell, violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

LAB = "01-access-denied-in-a-new-namespace"
ROLE = "lab-01-app-role"
# As one mends it: the policy is read, its namespace changed, and written back.
MEND = (
    f"aws iam get-role --role-name {ROLE} --query Role.AssumeRolePolicyDocument"
    " | sed s/default:app-sa/lab-01:app-sa/ > $OUTPUT/trust.json",
    f"aws iam update-assume-role-policy --role-name {ROLE}"
    " --policy-document file://$OUTPUT/trust.json",
)


def test_a_lab_is_solved_in_the_terminal_while_its_goals_tick(
    page: Page, course_url: str, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1500, "height": 900})
    address, token = course_url.split("/lab", 1)[0], course_url.split("token=")[1]
    page.goto(f"{address}/lab/tree/labs/{LAB}.ipynb?token={token}&reset")
    wait_until_idle(page)
    # What is on the screen is not to be saved into the project.
    page.evaluate("window.jupyterapp.commands.execute('docmanager:toggle-autosave')")
    run_cell(page, "world = connect()")
    run_cell(page, "this.goals()")
    run_cell(page, "this.handshake()")
    # The terminal, and the goals below it, have opened by themselves.
    goals = page.locator(".jp-LinkedOutputView .irsa-goals li")
    goals.first.wait_for(timeout=MILLISECONDS)
    page.locator(".irsa-handshake").first.wait_for(state="attached", timeout=MILLISECONDS)
    assert goals.filter(has_text="reached").count() < goals.count()
    assert violations(page, ".jp-LinkedOutputView .irsa-view") == []

    page.locator(".jp-Terminal .xterm-screen").wait_for(timeout=MILLISECONDS)
    prepare_shell(page, tmp_path, tmp_path / "prompts")
    for command in MEND:
        type_command(page, command, tmp_path / "prompts")
    assert "lab-01:app-sa" in json.dumps(json.loads((tmp_path / "trust.json").read_text()))
    end = page.locator(".jp-LinkedOutputView .irsa-goals-end", has_text="All goals reached")
    end.wait_for(timeout=MILLISECONDS)
    assert goals.filter(has_text="not yet").count() == 0
    page.locator(".lm-TabBar-tabLabel", has_text="handshake").click()
    hop = page.locator(".jp-LinkedOutputView .irsa-hop", has_text="STS gives credentials of").first
    hop.wait_for(timeout=MILLISECONDS)
