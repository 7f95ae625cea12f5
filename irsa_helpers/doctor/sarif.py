"""What the doctor found as SARIF 2.1.0, which code scanners and their dashboards read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from irsa_helpers.doctor.overview import Overview
from irsa_helpers.doctor.result import Diagnosis, Link
from irsa_helpers.doctor.survey import Survey

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"broken": "error", "risk": "warning", "cannot-see": "note"}


def sarif(examined: Diagnosis | Overview | Survey) -> dict[str, Any]:
    """A SARIF log with one result for each problem, and for each link that could not be seen."""
    results = list(_results(examined))
    rules = dict.fromkeys(str(result["ruleId"]) for result in results)
    driver = {
        "name": "irsa-lab doctor",
        "version": version("irsa-lab"),
        "rules": [{"id": rule, "shortDescription": {"text": _title(rule)}} for rule in rules],
    }
    run = {"tool": {"driver": driver}, "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _title(rule: str) -> str:
    return f"The link {rule} of the chain from a Pod to its role"


def _results(examined: Diagnosis | Overview | Survey) -> Iterator[dict[str, Any]]:
    if isinstance(examined, Diagnosis):
        for link in examined.links:
            yield from _of_link(link, [f"{examined.namespace}/{examined.target}"])
    elif isinstance(examined, Survey):
        for fault in examined.faults:
            yield from _of_link(fault.link, fault.workloads)
        for unseen in examined.not_seen:
            yield _result("unseen", "note", unseen, ["cluster"])
        yield from _of_roles(examined.roles)
    else:
        yield from _of_roles(examined)


def _of_link(link: Link, places: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One result of a link that is no good, or not seen, with the workloads in which it is so."""
    if link.state not in LEVELS:
        return
    texts = (link.found, f"expected: {link.expected}", f"fix:\n{link.fix}")
    given = (link.found, link.expected, link.fix)
    text = "\n".join(t for t, g in zip(texts, given, strict=True) if g)
    yield _result(link.name, LEVELS[link.state], text, places)


def _of_roles(roles: Overview) -> Iterator[dict[str, Any]]:
    for refusal in roles.refusals:
        where = f"{refusal.namespace}/serviceaccount/{refusal.service_account}"
        yield _result("refusal", "error", f"{refusal.role_arn}: {refusal.reason}", [where])
    for wide in roles.wide:
        yield _result("trust-scope", "warning", wide.reason, [wide.role_arn])
    for unseen in roles.unseen:
        yield _result("unseen", "note", unseen, ["cluster"])


def _result(rule: str, level: str, text: str, places: Iterable[str]) -> dict[str, Any]:
    """One result; its places are objects of the cluster or of the account, not files."""
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text or rule},
        "locations": [
            {"logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}]}
            for place in places
        ],
    }
