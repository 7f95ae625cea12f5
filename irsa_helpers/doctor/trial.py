"""Fixes that change the cluster are tried with the API server's dry run before they are shown.

Nothing is stored by it: validation and admission answer as they would.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.fixes import commands, comment
from irsa_helpers.doctor.reading import send_kubernetes
from irsa_helpers.doctor.target import KINDS

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case
    from irsa_helpers.doctor.result import Link

PATHS = {kind.name: f"{kind.api}/namespaces/{{}}/{kind.plural}" for kind in KINDS} | {
    "configmap": "api/v1/namespaces/{}/configmaps",
    "secret": "api/v1/namespaces/{}/secrets",
}
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


def tried(case: Case, link: Link) -> Link:
    """The link, its fix with a comment on each change that the API server would not take."""
    lines = []
    for line in link.fix.splitlines():
        lines += [line, *(comment(text) for text in [_refusal(case, line)] if text)]
    return replace(link, fix=commands(*lines)) if link.fix else link


def _refusal(case: Case, line: str) -> str:
    """What the API server says against a command of ours; empty for all that it would take."""
    found = _patch_of(line)
    if found is None:
        return ""
    path, body, kind = found
    status, text = send_kubernetes(
        case.world, "PATCH", path, body, content_type=kind, dryRun="All", fieldManager="irsa-lab"
    )
    if status == 403:
        return "not tried: you may not make this change"
    return f"the API server would refuse it: {_message(text)}" if status >= 400 else ""


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]


def _patch_of(line: str) -> tuple[str, dict[str, Any], str] | None:
    """(path, patch, its kind) of a `kubectl patch` or `kubectl annotate` in the form of our fixes.

    None for all else.
    """
    if not line.startswith(("kubectl patch ", "kubectl annotate ")):
        return None
    _, verb, kind, name, *rest = shlex.split(line)
    options = dict(zip(rest[::2], rest[1::2], strict=False))
    if kind not in PATHS or "-n" not in options:
        return None
    path = f"/{PATHS[kind].format(options['-n'])}/{name}"
    if verb == "annotate":
        key, _, value = rest[-1].partition("=")
        return path, {"metadata": {"annotations": {key: value}}}, MERGE
    body = json.loads(options["-p"])
    return path, body, MERGE if options.get("--type") == "merge" else STRATEGIC
