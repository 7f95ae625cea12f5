"""Texts that would be more than text, in every field of every view that is shown to a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from irsa_course.exercises import Case, Outcome
from irsa_course.map import CourseMap, Place
from irsa_course.questions import Quiz
from irsa_course.tenants import Answer, Walls, Way
from irsa_helpers.changes import Change
from irsa_helpers.doctor import Survey
from irsa_helpers.doctor.faults import Fault
from irsa_helpers.doctor.overview import Access, Overview, Refusal, WideTrust
from irsa_helpers.doctor.result import Diagnosis, broken, ok
from irsa_helpers.ground.claims import Token, token_facts
from irsa_helpers.labs.engine import Verdict
from irsa_helpers.labs.model import Goal
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.printing.boxes import Passed
from irsa_helpers.views import decision_table, handshake
from irsa_helpers.views.tables import Listing, MarkdownTable
from irsa_helpers.views.token import TokenView

MARK = "hacked"
IMAGE = f"<img src=x onerror=window.{MARK}=1>"
HOSTILE = [
    IMAGE,
    f"a`{IMAGE}`b",
    f"``` \n{IMAGE}\n```",
    f"|{IMAGE}|`",
    f"` {IMAGE}\n\n{IMAGE}",
    f"[x](javascript:window.{MARK}=1)",
    f"</script><script>window.{MARK}=1</script>",
    f'"><svg onload=window.{MARK}=1>',
    f"$$\\href{{javascript:window.{MARK}=1}}{{x}}$$",
    f"\\(\\href{{javascript:window.{MARK}=1}}{{x}}\\)",
]


def decided(text: str) -> Any:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/i"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"i:sub": text.replace("$", "${$}")}},
    }
    request = Request(
        "arn:aws:iam::111122223333:oidc-provider/i",
        "sts:AssumeRoleWithWebIdentity",
        "arn:aws:iam::111122223333:role/r",
        {"i:sub": text + "!"},
    )
    return evaluate(request, resource_policy={"Version": "2012-10-17", "Statement": statement})


def token(text: str) -> dict[str, Any]:
    """What a view shows of a token that nobody signed."""
    read = Token({"alg": "RS256", "kid": text}, {"sub": text, "aud": [text], text: text})
    return token_facts(read, good=False, said=text) | {"label": text}


def hop(text: str) -> dict[str, Any]:
    detail = {"explanation": text, text: text, "role_arn": text}
    names = {"kind": "trust-policy", "source": "STS", "target": text, "summary": text}
    when = {"seq": 1, "at": "2026-01-01T00:00:00+00:00"}
    return {**when, **names, "outcome": "denied", "detail": detail}


VIEWS: dict[str, Callable[[str], Any]] = {
    "Change": lambda text: Change("create", "IAM role", text, (text,)),
    "decision_table": lambda text: decision_table(decided(text)),
    "TokenView": lambda text: TokenView(token(text), lambda: datetime.now(UTC)),
    "MarkdownTable": lambda text: MarkdownTable(("a", "b"), [(text, text)], text),
    "Listing": lambda text: Listing(text, text),
    "Diagnosis": lambda text: Diagnosis(
        f"pod/{text}", "default", (ok(text), broken(text, expected=text, error=text, fix=text))
    ),
    "Link": lambda text: ok(text),
    "Overview": lambda text: Overview(
        (Access(text, text, text, annotated=True),),
        (Refusal(text, text, text, text),),
        (WideTrust(text, text),),
        (text,),
    ),
    "Survey": lambda text: Survey(
        1,
        (Fault(broken(text, expected=text, error=text, fix=text), (text,)),),
        Overview((), (), ()),
        (text,),
    ),
    "Verdict": lambda text: Verdict("01", (Goal(text, False, text, text),), text),
    "Outcome": lambda text: Outcome(
        "03-write", text, "wrong", text, text, (Case(text, text, text + "!"),)
    ),
    "Quiz": lambda text: Quiz(text, {text: text, "other": text}, text),
    "Passed": lambda text: Passed([text]),
    "Walls": lambda text: Walls({(text, text): Answer(False, text)}),
    "Way": lambda text: Way(text, text, Answer(True, text), ((text, text),)),
    "Handshake": lambda text: handshake([hop(text)]),
    "CourseMap": lambda text: CourseMap((Place("03-x", text, 1, 0, 1, text),), ()),
}
# These show the course's own words.
OWN_WORDS = {"Text", "FirstAct", "LiveGoals"}
# Needs a world: a browser's test types a hostile policy into it.
IN_BROWSER = {"TrustBench", "PermissionBench"}
