"""The handshake view: a widget where there is a kernel, a picture where there is none."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from irsa_helpers import oidc
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.views import handshake, live_handshake
from irsa_helpers.worlds.sandbox import SandboxWorld

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


def test_the_view_has_the_hops_and_who_takes_part() -> None:
    view = handshake(HOPS).widget()
    assert view.hops == HOPS
    assert view.actors["lanes"][0] == "Pod"
    assert 'from "./base.js"' not in view._esm, "a widget's module finds no file beside it"
    view.close()


def test_a_live_view_gets_each_hop_as_it_happens(world: SandboxWorld) -> None:
    view = live_handshake(world)
    oidc.ensure_provider(world)
    changed = threading.Event()
    view.observe(lambda _: changed.set(), "hops")
    with contextlib.suppress(ClientError):
        world.aws("sts").assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{world.cluster.account_id}:role/none-such",
            RoleSessionName="a-session",
            WebIdentityToken="no.token.this",
        )
    assert changed.wait(10)
    assert view.hops[0]["kind"] == "assume-role"
    view.close()


def test_without_hops_the_next_step_is_told() -> None:
    with pytest.raises(IrsaLabError, match="let a Pod call AWS"):
        handshake([])
