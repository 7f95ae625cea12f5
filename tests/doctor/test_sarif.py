"""SARIF that readers of SARIF take."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from irsa_helpers.doctor import Diagnosis, Link, Overview, Survey
from irsa_helpers.doctor.faults import Fault
from irsa_helpers.doctor.overview import Refusal, WideTrust
from irsa_helpers.doctor.sarif import sarif

# The members that are required, with their kinds. Source: SARIF Version 2.1.0, sections 3.13 (log),
# 3.14 (run), 3.18 (tool), 3.19 (driver), 3.27 (result), 3.28 (location), 3.33 (logical location).
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def members(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def listed(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "uniqueItems": True}


RULE = members(["id"], id=TEXT, shortDescription=members(["text"], text=TEXT))
DRIVER = members(["name"], name=TEXT, version=TEXT, rules=listed(RULE))
PLACE = members(["fullyQualifiedName"], fullyQualifiedName=TEXT, kind=TEXT)
RESULT = members(
    ["message"],
    ruleId=TEXT,
    level={"enum": ["none", "note", "warning", "error"]},
    message=members(["text"], text=TEXT),
    locations=listed(members([], logicalLocations=listed(PLACE))),
)
RUN = members(["tool"], tool=members(["driver"], driver=DRIVER), results=listed(RESULT))
LOG = members(
    ["version", "runs"], **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": listed(RUN)}
)
DIAGNOSIS = Diagnosis(
    "deployment/app",
    "shop",
    (
        Link("issuer", "ok", "https://x"),
        Link("role", "broken", "no role", "a role", fix="aws iam create-role"),
        Link("trust-scope", "risk", "wide"),
        Link("provider", "cannot-see", "iam:GetOpenIDConnectProvider"),
        Link("handshake", "skipped", "no need"),
    ),
)
OVERVIEW = Overview(
    (), (Refusal("shop", "app", "arn", "no"),), (WideTrust("arn", "wide"),), ("one",)
)


SURVEY = Survey(
    3,
    (Fault(Link("role", "broken", "no role", "a role", fix="x"), ("shop/pod/a", "shop/pod/b")),),
    OVERVIEW,
    ("app-log: not read",),
)


@pytest.mark.parametrize("found", [DIAGNOSIS, OVERVIEW, SURVEY, Diagnosis("sa/x", "y", ())])
def test_it_is_valid(found: Any) -> None:
    jsonschema.validate(json.loads(json.dumps(sarif(found))), LOG)


def test_each_problem_and_each_unseen_link_is_a_result_with_its_place() -> None:
    [run] = sarif(DIAGNOSIS)["runs"]
    told = [(each["ruleId"], each["level"]) for each in run["results"]]
    assert told == [("role", "error"), ("trust-scope", "warning"), ("provider", "note")]
    assert "fix:\naws iam create-role" in run["results"][0]["message"]["text"]
    [location] = run["results"][0]["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "shop/deployment/app"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [name for name, _ in told]


def test_an_overview_tells_its_refusals_and_wide_roles() -> None:
    [run] = sarif(OVERVIEW)["runs"]
    assert [each["level"] for each in run["results"]] == ["error", "warning", "note"]


def test_a_survey_tells_each_fault_once_with_all_its_places() -> None:
    [run] = sarif(SURVEY)["runs"]
    assert [each["level"] for each in run["results"]] == [
        *("error", "note"),
        *("error", "warning", "note"),
    ]
    places = [place["logicalLocations"][0] for place in run["results"][0]["locations"]]
    assert [place["fullyQualifiedName"] for place in places] == ["shop/pod/a", "shop/pod/b"]
