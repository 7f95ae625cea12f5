"""The handshake's picture: every hop is in it, for the eye and for the ear."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from irsa_helpers.views.picture import ARROWS, handshake_picture
from irsa_helpers.views.svg import LANES, handshake_svg, lane, shorten

SVG = "{http://www.w3.org/2000/svg}"


def hop(source: str, target: str, outcome: str = "ok", **more: Any) -> dict[str, Any]:
    kind = {"kind": "assume-role", "summary": f"{source} asks {target}", "detail": {}}
    return kind | {"source": source, "target": target, "outcome": outcome} | more


def test_the_picture_is_well_formed_and_described() -> None:
    root = ElementTree.fromstring(handshake_svg([hop("Pod", "STS"), hop("STS", "IAM", "denied")]))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "The handshake, 2 of 2 hops"  # type: ignore[union-attr]
    assert "1. Pod asks STS" in root.find(f"{SVG}desc").text  # type: ignore[union-attr,operator]


def test_an_outcome_is_written_out() -> None:
    assert "2. DENIED: STS asks IAM" in handshake_svg(
        [hop("Pod", "STS"), hop("STS", "IAM", "denied")]
    )


def test_only_the_first_hops_are_drawn() -> None:
    hops = [hop("Pod", "STS"), hop("STS", "IAM")]
    assert "STS asks IAM" not in handshake_svg(hops, upto=1)


def test_what_a_hop_says_cannot_break_the_picture() -> None:
    text = handshake_svg([hop("Pod", "STS", summary="<script>&")])
    ElementTree.fromstring(text)
    assert "<script>" not in text


def test_every_participant_has_a_lane() -> None:
    assert lane("pod identity webhook") == LANES.index("webhook")
    assert lane("arn:aws:sts::111122223333:assumed-role/r/s") == LANES.index("Pod")
    assert lane("system:serviceaccount:default:app") == LANES.index("Pod")
    assert lane("s3") == LANES.index("AWS service")


def test_no_label_leaves_the_picture() -> None:
    assert shorten("abcdef", 4) == "abc…"
    long = "x" * 500
    assert long not in handshake_svg([hop("Pod", "STS", summary=long)]).partition("</desc>")[2]
    assert 'text-anchor="end"' in handshake_svg([hop("IAM", "issuer", summary="x" * 60)])


def test_the_picture_of_the_course_is_the_drawn_one() -> None:
    path = Path(__file__).parents[2] / "notebooks" / "images" / "handshake.svg"
    assert path.read_text(encoding="utf-8") == handshake_picture() + "\n"
    assert len(ARROWS) == 10
