"""What the doctor found as SARIF 2.1.0, which code scanners and their dashboards read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irsa_helpers.doctor import Diagnosis, Overview

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"broken": "error", "risk": "warning", "cannot-see": "note"}


def sarif(found: Diagnosis | Overview) -> dict[str, Any]:
    """A SARIF log with one result for each problem, and for each link that could not be seen."""
    results = [dict(each) for each in _results(found)]
    rules = dict.fromkeys(str(each["ruleId"]) for each in results)
    driver = {
        "name": "irsa-lab doctor",
        "version": version("irsa-lab"),
        "rules": [{"id": rule, "shortDescription": {"text": _title(rule)}} for rule in rules],
    }
    run = {"tool": {"driver": driver}, "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _title(rule: str) -> str:
    return f"The link {rule} of the chain from a Pod to its role"


def _results(found: Diagnosis | Overview) -> Iterator[dict[str, Any]]:
    from irsa_helpers.doctor import Diagnosis

    if isinstance(found, Diagnosis):
        where = f"{found.namespace}/{found.target}"
        for link in found.links:
            if link.state in LEVELS:
                texts = (link.found, f"expected: {link.expected}", f"fix:\n{link.fix}")
                given = (link.found, link.expected, link.fix)
                text = "\n".join(t for t, g in zip(texts, given, strict=True) if g)
                yield _result(link.name, LEVELS[link.state], text, where)
        return
    for refusal in found.refusals:
        where = f"{refusal.namespace}/serviceaccount/{refusal.service_account}"
        yield _result("refusal", "error", f"{refusal.role_arn}: {refusal.reason}", where)
    for wide in found.wide:
        yield _result("trust-scope", "warning", wide.reason, wide.role_arn)
    for unseen in found.unseen:
        yield _result("unseen", "note", unseen, "cluster")


def _result(rule: str, level: str, text: str, where: str) -> dict[str, Any]:
    """One result; its place is an object of the cluster or of the account, not a file."""
    place = {"fullyQualifiedName": where, "kind": "resource"}
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text or rule},
        "locations": [{"logicalLocations": [place]}],
    }
