"""The four steps in JupyterLab's own terminal, with `aws` and `kubectl` alone.

`IRSA_LAB_CAPTURE=FILE.png` keeps the picture of the session.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.jupyterlab import prepare_shell, type_command, wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Page

TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",'
    ' "Principal": {"Federated": "$PROVIDER"}, "Action": "sts:AssumeRoleWithWebIdentity",'
    ' "Condition": {"StringEquals": {"${ISSUER#https://}:aud": "sts.amazonaws.com",'
    ' "${ISSUER#https://}:sub": "system:serviceaccount:default:enginrect-sa"}}}]}'
)

SESSION = [
    "# 1. Tell IAM about the cluster's issuer",
    "ISSUER=$(aws eks describe-cluster --name enginrect-cluster"
    " --query cluster.identity.oidc.issuer --output text); echo $ISSUER",
    "PROVIDER=$(aws iam create-open-id-connect-provider --url $ISSUER"
    " --client-id-list sts.amazonaws.com --query OpenIDConnectProviderArn --output text)",
    "# 2. A role that trusts one ServiceAccount, and may read S3",
    f"cat > /tmp/trust-$$.json <<END\n{TRUST}\nEND",
    "aws iam create-role --role-name enginrect-irsa-role"
    " --assume-role-policy-document file:///tmp/trust-$$.json --query Role.Arn --output text",
    "aws iam attach-role-policy --role-name enginrect-irsa-role"
    " --policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    "# 3. The ServiceAccount, annotated",
    "kubectl create serviceaccount enginrect-sa",
    "kubectl annotate serviceaccount enginrect-sa eks.amazonaws.com/role-arn=$(aws iam get-role"
    " --role-name enginrect-irsa-role --query Role.Arn --output text)",
    "# 4. A Pod with it, verified",
    "kubectl create deployment s3-access-app --image=amazon/aws-cli -- sleep infinity",
    "kubectl set serviceaccount deployment s3-access-app enginrect-sa",
    "kubectl rollout status deployment s3-access-app",
    "kubectl exec deploy/s3-access-app -- env | grep ^AWS_",
    "kubectl exec deploy/s3-access-app -- aws sts get-caller-identity | tee $OUTPUT/identity",
    "kubectl exec deploy/s3-access-app -- aws s3api list-buckets --query Buckets",
]


@pytest.fixture
def terminal(page: Page, fresh_course_url: str) -> Page:
    """JupyterLab with a terminal, opened when the notebook has loaded: that takes the focus."""
    page.set_viewport_size({"width": 1500, "height": 740})
    page.goto(fresh_course_url)
    wait_until_idle(page)
    page.locator(".lm-MenuBar-itemLabel", has_text="File").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="New").first.hover()
    page.locator('li[data-command="terminal:create-new"]').click()
    page.wait_for_selector(".jp-Terminal .xterm-screen", timeout=30_000)
    return page


def test_the_four_steps(terminal: Page, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts"
    prepare_shell(terminal, tmp_path, prompts)
    for command in SESSION:
        type_command(terminal, command, prompts)
    terminal.wait_for_timeout(300)
    if capture := os.environ.get("IRSA_LAB_CAPTURE"):
        terminal.locator(".jp-Terminal").screenshot(path=capture)
    identity = (tmp_path / "identity").read_text()
    assert ":assumed-role/enginrect-irsa-role/" in identity


def run_code_cells(page: Page, count: int) -> None:
    """Run the notebook's first cells with code, as a learner does."""
    for number in range(count):
        page.locator(".jp-CodeCell .cm-content").nth(number).click()
        page.keyboard.press("Shift+Enter")
        wait_until_idle(page)


def test_what_is_open_goes_on_after_a_reset(terminal: Page, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts"
    prepare_shell(terminal, tmp_path, prompts)
    asked = "aws sts get-caller-identity --query Arn --output text"
    for command in (
        f"{asked} > $OUTPUT/before; aws iam create-user --user-name gone > $OUTPUT/user",
        "irsa-lab reset --yes > $OUTPUT/reset; echo $? > $OUTPUT/status",
        f"{asked} > $OUTPUT/after; kubectl get namespaces -o name > $OUTPUT/namespaces",
        "aws iam list-users --query 'Users[].UserName' --output text > $OUTPUT/users",
    ):
        type_command(terminal, command, prompts)
    said = {path.name: path.read_text().strip() for path in tmp_path.iterdir() if path.is_file()}
    assert said["status"] == "0", said
    assert said["after"] == said["before"]
    assert "gone" in said["user"]
    assert "gone" not in said["users"].split()
    assert "namespace/default" in said["namespaces"]
    terminal.locator(".lm-TabBar-tabLabel", has_text="00-welcome").click()
    run_code_cells(terminal, count=2)
    errors = terminal.locator('.jp-OutputArea-output[data-mime-type*="stderr"], .jp-RenderedError')
    assert errors.count() == 0
    assert terminal.locator(".jp-CodeCell .jp-OutputArea-output").count() >= 1
