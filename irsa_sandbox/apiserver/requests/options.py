"""The query of a request: what a list, a watch or a change may be asked with.

Source: apimachinery, ListOptions and its validation; runtime's conversion of query parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import QueryParams

from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import Cause, StatusError, bad_request, invalid
from irsa_sandbox.apiserver.validation.causes import forbidden, required, too_long, unsupported
from irsa_sandbox.values.numbers import whole_number

_LIST_OPTIONS = Resource("meta.k8s.io", "v1", "listoptions", "ListOptions")
EXACT, NOT_OLDER = "Exact", "NotOlderThan"
_MATCH = "resourceVersionMatch"


def truth(query: QueryParams, name: str) -> bool | None:
    """A query parameter as a boolean, None where it is not given; only `false` and `0` are no."""
    value = query.get(name)
    return None if value is None else value.lower() not in {"false", "0"}


def number(query: QueryParams, name: str) -> int | None:
    """A query parameter as a whole number. Raises StatusError 400 for anything else."""
    value = query.get(name)
    if not value:
        return None
    try:
        return int(value)
    except ValueError as error:
        text = f'strconv.ParseInt: parsing "{value}": invalid syntax'
        raise bad_request(text) from error


@dataclass(frozen=True)
class ListOptions:
    """What a list or a watch is asked with; see the fields' names in the API reference."""

    watch: bool
    limit: int
    continue_token: str
    resource_version: str
    match: str
    timeout_seconds: int | None
    bookmarks: bool
    send_initial_events: bool | None

    @property
    def revision(self) -> int | None:
        """The revision that is named; None for none, or for "any" (`0`).

        Raises StatusError 500, as the API server does, for one that is no number.
        """
        text = self.resource_version
        if text in {"", "0"}:
            return None
        number = whole_number(text)
        if number is None or number >= 2**64:
            why = "value out of range" if text.isascii() and text.isdigit() else "invalid syntax"
            said = (
                f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": '
            )
            raise StatusError(500, "", said + why)
        return number


def list_options(query: QueryParams) -> ListOptions:
    """The options of a query. Raises StatusError 400 or 422 for those that make no sense."""
    options = ListOptions(
        watch=bool(truth(query, "watch")),
        limit=max(number(query, "limit") or 0, 0),
        continue_token=query.get("continue", ""),
        resource_version=query.get("resourceVersion", ""),
        match=query.get(_MATCH, ""),
        timeout_seconds=number(query, "timeoutSeconds"),
        bookmarks=bool(truth(query, "allowWatchBookmarks")),
        send_initial_events=truth(query, "sendInitialEvents"),
    )
    causes = _watch_causes(options) if options.watch else _list_causes(options)
    if causes:
        raise invalid(_LIST_OPTIONS, "", causes)
    if options.continue_token and options.resource_version not in {"", "0"} and not options.watch:
        raise bad_request("specifying resource version is not allowed when using continue")
    return options


def _list_causes(asked: ListOptions) -> list[Cause]:
    causes: list[Cause] = []
    if asked.match:
        if not asked.resource_version:
            text = f"{_MATCH} is forbidden unless resourceVersion is provided"
            causes.append(forbidden(_MATCH, text))
        if asked.continue_token:
            causes.append(forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
        if asked.match not in {EXACT, NOT_OLDER}:
            causes.append(unsupported(_MATCH, asked.match, (EXACT, NOT_OLDER, "")))
        if (asked.match, asked.resource_version) == (EXACT, "0"):
            text = f'{_MATCH} "exact" is forbidden for resourceVersion "0"'
            causes.append(forbidden(_MATCH, text))
    if asked.send_initial_events is not None:
        text = "sendInitialEvents is forbidden for list"
        causes.append(forbidden("sendInitialEvents", text))
    return causes


def _watch_causes(asked: ListOptions) -> list[Cause]:
    causes: list[Cause] = []
    if asked.send_initial_events is not None and asked.match != NOT_OLDER:
        text = f"sendInitialEvents requires setting {_MATCH} to {NOT_OLDER}"
        causes.append(forbidden(_MATCH, text))
    if asked.match:
        if asked.send_initial_events is None:
            text = f"{_MATCH} is forbidden for watch unless sendInitialEvents is provided"
            causes.append(forbidden(_MATCH, text))
        if asked.match != NOT_OLDER:
            causes.append(unsupported(_MATCH, asked.match, (NOT_OLDER,)))
        if asked.continue_token:
            causes.append(forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
    return causes


CHANGE_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}
VALIDATION_MODES = ("", "Ignore", "Strict", "Warn")


def check_change_options(query: QueryParams, method: str, *, applies: bool) -> None:
    """Raises StatusError 422 for a dryRun, fieldValidation or fieldManager that is not allowed.

    Source: apimachinery, pkg/apis/meta/v1/validation.
    """
    causes: list[Cause] = []
    kind = CHANGE_OPTIONS.get(method, "DeleteOptions")
    manager = query.get("fieldManager", "")
    if kind == "PatchOptions":
        if applies and not manager:
            causes.append(required("fieldManager", "is required for apply patch"))
        elif not applies and query.get("force") is not None:
            causes.append(forbidden("force", "may not be specified for non-apply patch"))
    if len(manager) > 128:
        causes.append(too_long("fieldManager", 128))
    dry_runs = query.getlist("dryRun")
    if any(choice not in {"", "All"} for choice in dry_runs):
        causes.append(unsupported("dryRun", dry_runs, ("All",)))
    mode = query.get("fieldValidation", "")
    if mode not in VALIDATION_MODES:
        causes.append(unsupported("fieldValidation", mode, VALIDATION_MODES))
    if causes:
        raise invalid(Resource("meta.k8s.io", "v1", "", kind), "", causes)
