"""Notebook 04: which role a ServiceAccount's new Pods would be given, in the world or by a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import (
    Case,
    Judgement,
    NotTriedError,
    SlipError,
    judged,
    the_text,
)
from irsa_helpers import course
from irsa_helpers.roles import role_arn
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN, ROLE_ARN_FORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from irsa_helpers.worlds import World

ACCOUNT = "reports-sa"
LIFE = f"{PREFIX}token-expiration"
NOTHING = "none"


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    return {"role": role_arn(world, course.ROLE)}


def annotate(world: World, _: Any) -> Judgement:
    """New Pods of default/reports-sa would be given the story's role."""
    listed = world.resource("v1", "ServiceAccount").get().items
    accounts = {
        account.metadata.namespace: account
        for account in listed
        if account.metadata.name == ACCOUNT
    }
    if not accounts:
        raise NotTriedError(f"There is no ServiceAccount `{ACCOUNT}` in the cluster yet.")
    if "default" not in accounts:
        case = Case(f"the namespace of {ACCOUNT}", "default", ", ".join(accounts))
        return Judgement("service-account-elsewhere", (case,))
    metadata = accounts["default"].metadata.to_dict()
    annotations = metadata.get("annotations") or {}
    wanted = role_arn(world, course.ROLE)
    case = Case("the role of new Pods", wanted, annotations.get(ROLE_ARN, NOTHING))
    return judged([case], _annotation_slips(annotations, wanted))


def manifest(world: World, answer: Any) -> Judgement:
    """The file makes analytics/reports-sa, whose Pods get the role and a token for an hour."""
    document = _read_yaml(the_text(answer))
    metadata = document["metadata"]
    annotations = metadata.get("annotations") or {}
    wanted = role_arn(world, course.ROLE)
    cases = (
        Case("what it makes", "ServiceAccount", str(document.get("kind"))),
        Case(
            "where, and its name",
            f"analytics/{ACCOUNT}",
            f"{metadata.get('namespace', 'default')}/{metadata.get('name')}",
        ),
        Case("the role of new Pods", wanted, str(annotations.get(ROLE_ARN, NOTHING))),
        Case("their token lives", "3600 s", _life(annotations.get(LIFE))),
    )
    return judged(cases, _manifest_slips(document, annotations, wanted))


def _read_yaml(text: str) -> dict[str, Any]:
    """The document. Raises SlipError where it is none, or the API server would not take it."""
    import yaml

    if "{role" in text:
        raise SlipError("no-f")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SlipError("no-yaml", f"this is no YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        raise SlipError("no-object")
    annotations = document["metadata"].get("annotations") or {}
    if not isinstance(annotations, dict):
        raise SlipError("no-object")
    if any(not isinstance(value, str) for value in annotations.values()):
        raise SlipError("number-for-text")
    return document


def _life(value: str | None) -> str:
    """The token's life as the webhook takes it: a day unless it is a number, 600 at the least."""
    if value is None or not re.fullmatch(r"\d+", value):
        return "86400 s"
    return f"{max(int(value), 600)} s"


def _manifest_slips(
    document: Mapping[str, Any], annotations: Mapping[str, str], wanted: str
) -> Iterator[str]:
    if document.get("kind") != "ServiceAccount":
        yield "other-kind"
    if ROLE_ARN in (document["metadata"].get("labels") or {}) or ROLE_ARN in document["metadata"]:
        yield "not-under-annotations"
    if annotations.get(ROLE_ARN) != wanted:
        yield from _annotation_slips(annotations, wanted)
    if document["metadata"].get("namespace") != "analytics":
        yield "namespace-of-file"
    if LIFE not in annotations:
        yield "no-life"
    elif not annotations[LIFE].isdigit():
        yield "unit"
    else:
        yield "another-life"


def _annotation_slips(annotations: Mapping[str, str], wanted: str) -> Iterator[str]:
    value = annotations.get(ROLE_ARN)
    if value is None:
        alike = [key for key in annotations if "role" in key.lower()]
        yield "key-misspelt" if alike else "no-annotation"
        return
    slips = {
        "quotes": bool({"'", '"'} & set(value)),
        "white-space": value != value.strip(),
        "role-name": ":" not in value,
        "policy-for-role": ":policy/" in value,
        "profile-for-role": ":instance-profile/" in value,
        "session-for-role": ":assumed-role/" in value,
        "no-role-arn": ROLE_ARN_FORM.fullmatch(value) is None,
        "role-of-account": value.split(":")[4:5] != wanted.split(":")[4:5],
    }
    yield from (slip for slip, holds in slips.items() if holds)
    yield "role-misspelt"
