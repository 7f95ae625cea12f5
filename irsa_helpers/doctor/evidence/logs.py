"""What a workload's containers said: the last run of each and the one before, in every Pod."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError, read_kubernetes

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

LINES = 40
MOST_PODS = 50  # The logs of more Pods than these are not read.
MOST_WORKLOADS = 100  # Of a cluster with more workloads than these, no logs are read.
STARTED = {"running", "terminated"}
# Lines that do not show that the app went on well after an error.
TROUBLE = re.compile(
    r"error|exception|retry|fail|fatal|denied|exit|shut|sleep|wait|try|traceback|panic", re.I
)

# Lines of a stack begin so: they belong to the error before them.
INSIDE = (" ", "\t", "}", "]")


@dataclass(frozen=True)
class Said:
    """A container's log: the end of its run before, if it had one, then the end of its last.

    `died` says that the last run ended in failure.
    """

    pod: str
    container: str
    lines: tuple[str, ...]
    died: bool

    def last_error(self, signs: re.Pattern[str]) -> str:
        """The last line with one of the signs; empty where none has, or the app got over it."""
        at = next((n for n in reversed(range(len(self.lines))) if signs.search(self.lines[n])), -1)
        if at < 0 or (not self.died and self._went_on(at)):
            return ""
        return self.lines[at]

    def _went_on(self, at: int) -> bool:
        """Whether the app says something new after an error: not what it said before it as well."""
        before = {_form(line) for line in self.lines[:at]}
        after = [
            line
            for line in self.lines[at + 1 :]
            if not TROUBLE.search(line) and not line.startswith(INSIDE)
        ]
        return any(_form(line) not in before for line in after)


def _form(line: str) -> str:
    """A line without its numbers: times and counts differ from turn to turn."""
    return re.sub(r"\d+", "0", line)


def all_said(case: Case) -> list[Said]:
    """What each container of the workload's living Pods said, the newest Pod first.

    Raises SkipError where none has run.
    """
    every_log = [said for pod in case.live_pods[:MOST_PODS] for said in said_by(case, pod)]
    if not every_log:
        raise SkipError("no container has run")
    return every_log


def said_by(case: Case, pod: dict[str, Any]) -> Iterator[Said]:
    """What each container of a Pod said that has run: init containers and sidecars as well."""
    status = pod.get("status", {})
    for container in (
        *status.get("initContainerStatuses", []),
        *status.get("containerStatuses", []),
    ):
        now, before = container.get("state", {}), container.get("lastState", {})
        waits = "waiting" in now and "terminated" in before
        if not STARTED & now.keys() and not waits:
            continue
        name = container["name"]
        # While it waits both are the same run, unless the next one begins just now.
        lines = _read(case, pod, name, previous=True) if before else []
        lines += _read(case, pod, name)
        ended = now.get("terminated") or (before["terminated"] if waits else {})
        yield Said(pod["metadata"]["name"], name, tuple(lines), ended.get("exitCode", 0) != 0)


def _read(case: Case, pod: dict[str, Any], container: str, previous: bool = False) -> list[str]:
    path = f"/api/v1/namespaces/{case.namespace}/pods/{pod['metadata']['name']}/log"
    query: dict[str, str | int] = {"container": container, "tailLines": LINES}
    if previous:
        query["previous"] = "true"
    text = read_kubernetes(case.world, "get pods/log", path, optional=previous, **query)
    return [_plain(line) for line in str(text or "").splitlines() if line.strip()]


def _plain(line: str) -> str:
    """The texts of a JSON line, such as structured loggers write; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        members = json.loads(line)
    except ValueError:
        return line
    return " ".join(str(value) for value in members.values() if isinstance(value, str))


def lines_of(case: Case) -> list[str]:
    """All lines of all logs, those of the newest Pod last; none where they cannot be seen."""
    try:
        return [line for said in reversed(all_said(case)) for line in said.lines]
    except (CannotSeeError, SkipError):
        return []
