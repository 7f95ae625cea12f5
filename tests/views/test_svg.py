"""The handshake's picture: every hop is in it, for the eye and for the ear."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from irsa_helpers.views.dark import COLOURS, STYLE, with_dark
from irsa_helpers.views.picture import ARROWS, handshake_picture
from irsa_helpers.views.svg import LANES, handshake_svg, lane, shorten

PICTURES = sorted((Path(__file__).parents[2] / "notebooks" / "images").glob("*.svg"))
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
    assert shorten("abcdef", 4) == "ab…f"
    assert shorten("abcd", 4) == "abcd"
    long = "x" * 500
    assert long not in handshake_svg([hop("Pod", "STS", summary=long)]).partition("</desc>")[2]
    assert 'text-anchor="end"' in handshake_svg([hop("IAM", "issuer", summary="x" * 60)])


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_has_colours_for_a_dark_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert with_dark(text) == text, "python -m irsa_helpers.views.dark writes them into it"
    drawn = STYLE.sub("", text)
    assert set(re.findall(r'(?:fill|stroke)="(#\w+)"', drawn)) <= set(COLOURS)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_pictures_text_has_11_px_where_a_notebook_leaves_it_860(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    width = float(ElementTree.fromstring(text).get("viewBox", "").split()[2])
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', text)]
    assert min(sizes) * min(1, 860 / width) >= 11


@pytest.mark.parametrize("text", ["#1f2328", "#57606a", "#0a3069", "#1a7f37", "#cf222e", "#0969da"])
@pytest.mark.parametrize("ground", ["#ffffff", "#ddf4ff", "#dafbe1", "#ffebe9", "#f6f8fa"])
def test_what_is_written_reads_on_every_ground_of_a_dark_page(text: str, ground: str) -> None:
    """Source: WCAG 2.2, contrast (minimum)."""
    lighter, darker = sorted((_luminance(COLOURS[text]), _luminance(COLOURS[ground])))[::-1]
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_picture_of_the_course_is_the_drawn_one() -> None:
    path = Path(__file__).parents[2] / "notebooks" / "images" / "handshake.svg"
    assert path.read_text(encoding="utf-8") == handshake_picture() + "\n"
    assert len(ARROWS) == 10
