"""What counts as a finding."""

from __future__ import annotations

import http.client
import json
import re
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks.fuzzing.calls import Call, Reply
from benchmarks.fuzzing.keeping import tidy
from benchmarks.fuzzing.sandbox import Sandbox
from benchmarks.fuzzing.watched import HELD, LONGEST_SECONDS

TRIES = 6  # a wait counts where every one of them waits: the machine may be busy
# 500 and more that a real API server answers too.
REAL = re.compile(
    rb"failed calling webhook|without impersonating a user|requested \[|"
    rb"failed to create typed patch object|strconv.ParseUint|Too large resource version|"
    rb"the server is currently unable|proxy error"
)
_FRAME = re.compile(r'File "[^"]*?([^/"]+/[^/"]+)", line (\d+), in (\S+)')
_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+")


@dataclass(frozen=True)
class Fault:
    """A finding: what is wrong with an answer, by a name that all of its kind share."""

    name: str
    detail: str


class FoundError(AssertionError):
    """A finding that was not known before."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.name}\n{fault.detail[:4_000]}")
        self.fault = fault


def judged(sandbox: Sandbox, calls: tuple[Call, ...], *, timed: bool = True) -> Fault | None:
    """Send the calls in order; the first thing that is wrong, or None. Waits count if `timed`."""
    for call in calls:
        fault = _tried(sandbox, call)
        if fault and fault.name.startswith("slow"):
            fault = _slow_again(sandbox, calls, call) if timed else None
        if fault:
            return fault
    return None


def _slow_again(sandbox: Sandbox, calls: tuple[Call, ...], slow: Call) -> Fault | None:
    """The wait, if each further try from the start of the calls waits as well."""
    fault = None
    for attempt in range(TRIES - 1):
        time.sleep(0.05 * 2**attempt)
        tidy(sandbox, calls)
        for call in calls[: calls.index(slow)]:
            _tried(sandbox, call)
        fault = _tried(sandbox, slow)
        if fault is None:
            return None
    return fault


def _tried(sandbox: Sandbox, call: Call) -> Fault | None:
    try:
        reply = sandbox.send(call)
    except (OSError, http.client.HTTPException) as error:
        return Fault(f"hung up: {type(error).__name__}", f"{error!r}\n{sandbox.log()}")
    said = sandbox.log()
    if "Traceback (most recent call last)" in said:
        return Fault(_exception_name(said), said)
    if reply.status >= 500 and reply.status != 501 and not _is_real(call, reply):
        return Fault(f"{reply.status}: {_NUMBERS.sub('#', _shown(reply))[:150]}", _shown(reply))
    if broken := _broken(call, reply):
        return Fault(f"broken answer: {broken[:80]}", _shown(reply))
    if HELD in said or (reply.seconds > LONGEST_SECONDS and not call.endless):
        return Fault(f"slow {_place(said)}", f"{reply.seconds:.3f} s\n{said}")
    return None


def _is_real(call: Call, reply: Reply) -> bool:
    """Whether a real server answers 500 as well; the answer to HEAD does not say why."""
    if call.method == "HEAD" and any(name.startswith("Impersonate") for name in call.headers):
        return True
    return bool(REAL.search(reply.body))


def _shown(reply: Reply) -> str:
    return reply.body[:2_000].decode("utf-8", "replace")


def _exception_name(said: str) -> str:
    """The last line of a traceback without its numbers, and the last place in it."""
    lines = said.partition("Traceback")[2].splitlines()
    last = next((line for line in lines[1:] if line and not line.startswith(" ")), "")
    return f"exception {_NUMBERS.sub('#', last)[:100]} at {_place(said)}"


def _place(said: str) -> str:
    own = [each for each in _FRAME.findall(said) if "fuzzing" not in each[0]]
    return ":".join(own[-1]) if own else ""


def _broken(call: Call, reply: Reply) -> str:
    """Why an answer cannot be read by its own content type; empty for one that can."""
    kind = reply.headers.get("content-type", "")
    if call.method == "HEAD" or not reply.body:
        return ""
    try:
        if "protobuf" in kind:
            return "" if reply.body.startswith(b"k8s\x00") else "no protobuf"
        text = reply.body.decode()
        if "yaml" in kind:
            yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        elif "json" in kind:
            _check_json(text, call.endless)
        elif "xml" in kind and call.who:
            ElementTree.fromstring(text)
    except (ValueError, yaml.YAMLError, ElementTree.ParseError) as error:
        return repr(error)
    return ""


def _check_json(text: str, may_be_lines: bool) -> None:
    """Raises ValueError where a text is neither JSON nor, in a watch, lines of it."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except ValueError:
        if not may_be_lines:
            raise
        for line in text.splitlines():
            json.loads(line, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
