"""The permission bench: recorded calls against a role's policy, judged as one types."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup

from irsa_helpers import oidc, roles, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.policy.recorded import Call
from irsa_helpers.views import permission_bench
from irsa_helpers.views.permissions import PermissionBench, calls_html
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.hostile import HOSTILE

ROLE = "permission-bench-role"
SESSION = f"arn:aws:sts::111122223333:assumed-role/{ROLE}/s"
CALLS = [
    Call("s3:ListBucket", "arn:aws:s3:::b", True, SESSION),
    Call("s3:GetObject", "arn:aws:s3:::b/k", True, SESSION),
    Call("secretsmanager:ListSecrets", "*", True, SESSION),
]


@pytest.fixture
def bench(world: SandboxWorld) -> Iterator[PermissionBench]:
    oidc.ensure_provider(world)
    policy = trust.build_trust_policy(oidc.provider_arn(world), "default", "default")
    secrets = {"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}
    policies = {
        "read": roles.build_bucket_read_policy("b"),
        "other": {"Version": "2012-10-17", "Statement": secrets},
    }
    roles.ensure_role(world, ROLE, policy, permission_policies=policies)
    yield permission_bench(world, ROLE, "read", CALLS)
    roles.ensure_no_role(world, ROLE)


def test_calls_are_used_unused_and_refused_as_one_types(bench: PermissionBench) -> None:
    view = bench.widget()
    assert [call["allowed"] for call in view.verdict["calls"]] == [True, True, True]
    assert view.verdict["findings"] == []
    text = bench.saved.replace("s3:ListBucket", "s3:*")
    view._handle_custom_msg({"policy": text.replace("s3:GetObject", "s3:PutObject")}, [])
    calls, grants = view.verdict["calls"], view.verdict["grants"]
    assert [call["allowed"] for call in calls] == [True, False, True]
    assert {grant["what"]: grant["calls"] for grant in grants} == {"s3:*": 1, "s3:PutObject": 0}
    assert {finding["name"] for finding in view.verdict["findings"]} >= {"wide-action"}
    view.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "no JSON"), ("[]", "IAM would not take it"), ('{"Version": "1"}', "IAM would not take")],
)
def test_what_is_no_policy_is_said(bench: PermissionBench, text: str, said: str) -> None:
    assert said in bench.judge(text)["error"]


def test_apply_changes_this_policy_alone(bench: PermissionBench, world: SandboxWorld) -> None:
    view = bench.widget()
    text = bench.saved.replace("s3:GetObject", "s3:GetObjectTagging")
    view._handle_custom_msg({"policy": text}, [])
    assert any("GetObjectTagging" in line for line in view.verdict["diff"])
    view._handle_custom_msg({"policy": text, "apply": True}, [])
    assert view.verdict["diff"] == []
    assert "inline policy read" in view.said
    described = roles.describe_role(world, ROLE)
    assert described is not None
    assert described["InlinePolicies"]["read"] == json.loads(text)
    assert set(described["InlinePolicies"]) == {"read", "other"}
    view.close()


def test_without_a_kernel_two_tables_tell_the_same(bench: PermissionBench) -> None:
    shown = bench._repr_mimebundle_()
    assert shown["text/plain"].splitlines()[0].startswith("✓ allowed  s3:ListBucket")
    told = BeautifulSoup(shown["text/html"], "html.parser")
    rows = [[cell.text for cell in row.select("td")] for row in told.select("tr")]
    assert ["✓ used", "s3:GetObject"] in [row[:2] for row in rows]
    for text in HOSTILE:
        call = {"action": text, "resource": text, "fix": text, "why": text, "allowed": False}
        grant = {"what": text, "statement": text, "calls": 0}
        page = BeautifulSoup(calls_html({"calls": [call], "grants": [grant]}), "html.parser")
        assert page.select("img, script, svg, a") == []


@pytest.mark.parametrize(("role", "policy"), [("none-such", "read"), (ROLE, "none-such")])
def test_what_is_not_there_is_named(
    bench: PermissionBench, world: SandboxWorld, role: str, policy: str
) -> None:
    with pytest.raises(IrsaLabError, match="none-such"):
        permission_bench(world, role, policy, CALLS)
