"""What is shown is text: nothing in a token, a policy or a name becomes markup."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import mistune
import pytest
from bs4 import BeautifulSoup

from irsa_helpers.changes import Change
from irsa_helpers.doctor.result import Diagnosis, broken, ok
from irsa_helpers.markdown import block, cell, code
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.views import decision_table
from irsa_helpers.views.tables import Listing, token_table

IMAGE = "<img src=x onerror=alert(1)>"
HOSTILE = [
    IMAGE,
    f"a`{IMAGE}`b",
    f"``` \n{IMAGE}\n```",
    f"|{IMAGE}|`",
    f"` {IMAGE}\n\n{IMAGE}",
    "[x](javascript:alert(1))",
]


def decided(text: str) -> Any:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/i"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"i:sub": text}},
    }
    request = Request(
        "arn:aws:iam::111122223333:oidc-provider/i",
        "sts:AssumeRoleWithWebIdentity",
        "arn:aws:iam::111122223333:role/r",
        {"i:sub": text + "!"},
    )
    return evaluate(request, resource_policy={"Version": "2012-10-17", "Statement": statement})


def jwt(claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    parts = [{"alg": "RS256", "kid": "k"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in encoded), "AAAA"])


def diagnosis(text: str) -> Any:
    problem = broken(text, expected=text, error=text, fix=text)
    return Diagnosis(f"pod/{text}", "default", (ok(text), problem))


VIEWS: dict[str, Callable[[str], Any]] = {
    "change": lambda text: Change("create", "IAM role", text, (text,)),
    "decision": lambda text: decision_table(decided(text)),
    "token": lambda text: token_table(jwt({"sub": text, "aud": [text], text: text})),
    "listing": lambda text: Listing(text, text),
    "diagnosis": diagnosis,
    "link": lambda text: ok(text),
}


def markup(markdown: str) -> BeautifulSoup:
    """The page that Markdown with HTML in it becomes."""
    render: Any = mistune.create_markdown(escape=False, plugins=["table"])
    return BeautifulSoup(render(markdown), "html.parser")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("view", [cell, code, block])
def test_text_stays_text(view: Callable[[str], str], text: str) -> None:
    page = markup(f"before {view(text)} after" if view is not block else view(text))
    assert page.find_all(["img", "script", "a"]) == []


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", VIEWS)
def test_no_view_makes_markup_of_what_it_shows(name: str, text: str) -> None:
    view = VIEWS[name](text)
    page = markup(view._repr_markdown_())
    assert page.find_all(["img", "script", "a"]) == []
    assert "onerror" in page.get_text() or "javascript" in page.get_text()
