"""The trust-policy bench: the evaluator's word on a policy's text, and IAM changed on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup

from irsa_helpers import oidc, roles, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.views import trust_bench
from irsa_helpers.views.bench import TrustBench, Verdict, bench_html
from irsa_helpers.worlds.sandbox import SandboxWorld
from tests.hostile import HOSTILE

ROLE = "bench-role"


@pytest.fixture
def bench(world: SandboxWorld) -> Iterator[TrustBench]:
    oidc.ensure_provider(world)
    policy = trust.build_trust_policy(oidc.provider_arn(world), "default", "default")
    roles.ensure_role(world, ROLE, policy)
    yield trust_bench(world, ROLE, service_account="default")
    roles.ensure_no_role(world, ROLE)


def changed(bench: TrustBench, before: str, after: str) -> str:
    assert before in bench.saved
    return bench.saved.replace(before, after)


def matched(verdict: Verdict) -> dict[str, bool]:
    return {line["claim"]: line["matched"] for line in verdict["lines"]}


def test_the_claims_meet_their_conditions(bench: TrustBench) -> None:
    verdict = bench.judge(bench.saved)
    assert verdict["admitted"]
    assert {line["claim"]: line["matched"] for line in verdict["lines"]} == {
        "sub": True,
        "aud": True,
    }
    assert verdict["diff"] == []
    assert verdict["findings"] == []


def test_a_letter_less_and_the_condition_says_so(bench: TrustBench) -> None:
    verdict = bench.judge(changed(bench, "default:default", "default:defaul"))
    assert not verdict["admitted"]
    assert {line["claim"]: line["matched"] for line in verdict["lines"]} == {
        "sub": False,
        "aud": True,
    }
    assert "the ServiceAccount differs" in verdict["why"]
    assert any(line.startswith("+") and "defaul" in line for line in verdict["diff"])


def test_a_wildcard_lets_in_those_who_are_not_there_yet(bench: TrustBench) -> None:
    wide = changed(bench, "default:default", "*").replace("StringEquals", "StringLike")
    who = {each["subject"]: each for each in bench.judge(wide, typed="stage/anybody")["who"]}
    assert all(each["admitted"] for each in who.values())
    assert who["system:serviceaccount:stage:anybody"]["there"] == "does not exist yet"
    assert bench.judge(wide)["findings"][0]["severity"] == "too-wide"


@pytest.mark.parametrize(
    ("text", "said"), [("{", "no JSON"), ('{"Version": "2012-10-17"}', "IAM would not take it")]
)
def test_what_is_no_policy_is_said(bench: TrustBench, text: str, said: str) -> None:
    assert said in bench.judge(text)["error"]


def test_a_keystroke_is_answered_and_apply_changes_iam(
    bench: TrustBench, world: SandboxWorld
) -> None:
    view = bench.widget()
    text = changed(bench, "default:default", "default:other")
    view._handle_custom_msg({"policy": text}, [])
    assert not view.verdict["admitted"]
    view._handle_custom_msg({"policy": text, "apply": True}, [])
    assert view.verdict["diff"] == []
    found = roles.describe_role(world, ROLE)
    assert found is not None
    assert found["TrustPolicy"] == json.loads(text)
    view.close()


def test_a_role_that_is_not_there_is_named(world: SandboxWorld) -> None:
    with pytest.raises(IrsaLabError, match="there is no role none-such"):
        trust_bench(world, "none-such")


def test_without_a_kernel_tables_tell_the_same(bench: TrustBench) -> None:
    page = BeautifulSoup(bench._repr_mimebundle_()["text/html"], "html.parser")
    rows = [[cell.text for cell in row.select("td")] for row in page.select("tr")]
    assert ["system:serviceaccount:default:default", "exists", "✓ yes"] in rows
    assert sum("✗ no" in row for row in rows) >= 2
    subject = "system:serviceaccount:default:default"
    assert ["sub", subject, f"✓ fits statement 1: StringEquals {subject}"] in rows


@pytest.mark.parametrize("text", HOSTILE)
def test_what_the_tables_tell_is_text(text: str) -> None:
    asked = {"subject": text, "there": text, "admitted": False}
    line = {"claim": text, "matched": False, "statement": text, "operator": text, "wanted": [text]}
    finding = {"severity": text, "message": text, "fix": text}
    verdict = {"who": [asked], "why": text, "lines": [line], "findings": [finding]}
    page = BeautifulSoup(bench_html(text, {text: text}, verdict), "html.parser")
    assert page.select("img, script, svg, a") == []
