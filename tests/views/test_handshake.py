"""The handshake view: a widget where there is a kernel, a picture where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.views import handshake
from irsa_helpers.views.handshake import hop_html

HOPS: list[dict[str, Any]] = [
    {
        "kind": "trust-policy",
        "source": "STS",
        "target": "IAM",
        "summary": "the trust policy says no",
        "outcome": "denied",
        "detail": {"role_arn": "arn", "explanation": "`:sub` differs", "decision": {"a": 1}},
    },
    {
        "kind": "session",
        "source": "STS",
        "target": "Pod",
        "summary": "credentials",
        "outcome": "ok",
        "detail": {},
    },
]


def test_the_widget_has_a_picture_and_a_text_beside_it() -> None:
    bundle = handshake(HOPS)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "1. STS -> IAM: denied: the trust policy says no" in bundle["text/plain"]


def test_the_slider_moves_the_picture() -> None:
    slider, picture, details = handshake(HOPS).widget().children
    slider.value = 1
    assert "1 of 2 hops" in picture.value
    assert "<code>:sub</code> differs" in details.value


def test_the_explanation_is_shown_in_words_and_not_as_data() -> None:
    html = hop_html(HOPS[0])
    assert "<code>:sub</code> differs" in html
    assert "decision" not in html


def test_without_hops_the_next_step_is_told() -> None:
    with pytest.raises(ValueError, match="let a Pod call AWS first"):
        handshake([])
