"""A diagnosis is data, text and a verdict."""

from __future__ import annotations

import json
from dataclasses import replace

from irsa_helpers.doctor.result import Diagnosis, Link, broken, ok, risk

FINE = replace(ok("all well"), name="issuer")
BROKEN = replace(
    broken("none", expected="a provider", error="InvalidIdentityToken", fix="eksctl utils\naws"),
    name="provider",
)
WIDE = replace(risk("a star", expected="a name", error="none", fix="narrow it"), name="trust-scope")
UNSEEN = Link("role", "cannot-see", "the right that is missing: iam:GetRole")


def diagnosis(*links: Link) -> Diagnosis:
    return Diagnosis("deployment/app", "default", links)


def test_it_is_ok_where_no_link_is_broken_or_at_risk() -> None:
    assert diagnosis(FINE).ok
    assert diagnosis(FINE, UNSEEN).ok
    assert not diagnosis(FINE, BROKEN).ok
    assert not diagnosis(FINE, WIDE).ok


def test_links_are_found_by_state_and_name() -> None:
    found = diagnosis(FINE, BROKEN, WIDE, UNSEEN)
    assert found.problems == (BROKEN, WIDE)
    assert found.unseen == (UNSEEN,)
    assert found["provider"] is BROKEN


def test_the_summary_is_one_sentence() -> None:
    assert diagnosis(FINE).summary == "every link holds"
    assert diagnosis(BROKEN, WIDE, UNSEEN).summary == (
        "broken: provider; at risk: trust-scope; unseen: role"
    )


def test_it_can_be_written_as_json() -> None:
    data = json.loads(json.dumps(diagnosis(FINE, BROKEN).to_dict()))
    assert data["ok"] is False
    assert [link["name"] for link in data["links"]] == ["issuer", "provider"]
    assert data["links"][1]["fix"] == "eksctl utils\naws"


def test_the_text_explains_problems_and_is_brief_about_the_rest() -> None:
    lines = str(diagnosis(FINE, BROKEN)).splitlines()
    assert lines[0] == "deployment/app in namespace default: broken: provider"
    assert lines[2].split() == ["ok", "issuer", "all", "well"]
    assert lines[3].startswith("broken     provider")
    assert [line.split()[0] for line in lines[4:]] == ["expected", "error", "fix", "aws"]
