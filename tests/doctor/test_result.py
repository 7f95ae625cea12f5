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
    assert lines[3].split() == ["broken", "provider", "see", "below"]
    assert lines[5] == "BROKEN provider"
    assert [line.split()[0] for line in lines[6:10]] == ["found", "expected", "error", "fix"]
    assert lines[10:] == ["eksctl utils", "aws"], "at the left edge: it is there to be copied"


def test_the_text_fits_a_terminal_of_80_columns() -> None:
    arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.ap-northeast-2.amazonaws.com/id/X"
    long = replace(BROKEN, found=f"it has no such provider as {arn} " * 3)
    text = diagnosis(replace(FINE, found=f"{arn}, {arn}"), long).text(80)
    words = {word for line in text.splitlines() if len(line) > 80 for word in line.split()}
    assert words <= {arn}, "only what must stay whole is longer"
    assert "arn:aws" in text.splitlines()[2]


def test_a_notebook_shows_problems_first_and_folds_the_rest() -> None:
    markdown = diagnosis(FINE, replace(BROKEN, found="a | b *"))._repr_markdown_()
    head, _, folded = markdown.partition("<details>")
    assert "**broken: `provider`**" in head
    assert "```bash\neksctl utils\naws\n```" in head
    assert "a \\| b \\*" in head
    assert "issuer" not in head
    assert "issuer" in folded


def test_all_is_well_only_where_all_was_seen() -> None:
    seen, unseen = Link("role", "ok"), Link("issuer", "cannot-see", "the right that is missing")
    assert Diagnosis("pod/x", "default", (seen,)).summary == "every link holds"
    told = Diagnosis("pod/x", "default", (seen, unseen)).summary
    assert told == "nothing broken among what could be seen; unseen: issuer"
