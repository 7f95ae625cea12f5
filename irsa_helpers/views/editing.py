"""A policy that is edited in a view: judged at each keystroke, written to IAM only on demand."""

from __future__ import annotations

import difflib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from irsa_helpers.changes import Change
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.policy import PolicyError
from irsa_helpers.views.widgets import widget
from irsa_helpers.worlds import World

Verdict = dict[str, Any]


class EditedPolicy(ABC):
    """A role's policy: `saved` is its text as IAM has it."""

    module: str
    """The ES module that shows it."""

    def __init__(self, world: World, role: str, saved: Mapping[str, Any]) -> None:
        self._world, self._role = world, role
        self.saved = json.dumps(saved, indent=2)

    def judge(self, text: str, typed: str = "") -> Verdict:
        """What there is to say of a policy's text; `typed` is what else was asked for.

        Keys: `diff` against IAM, `error`, and, where that is None, those of the view.
        """
        verdict: Verdict = {"diff": self._diff(text), "error": None}
        try:
            return verdict | self._judged(json.loads(text), typed)
        except PolicyError as error:
            return verdict | {"error": f"IAM would not take it: {error}"}
        except ValueError as error:
            return verdict | {"error": f"no JSON: {error}"}

    def apply(self, text: str, *, approve: bool) -> str:
        """IAM has this policy; a plan unless approved. Returns what was done."""
        change = self._write(json.loads(text), approve=approve)
        if change.applied:
            self.saved = text
        return str(change)

    def applied(self, text: str) -> str:
        """What came of applying a policy, in words: the change, its plan, or why not."""
        from botocore.exceptions import ClientError

        try:
            return self.apply(text, approve=not self._world.needs_approval)
        except (IrsaLabError, ValueError, ClientError) as error:
            return str(error)

    def widget(self) -> Any:
        """The view; each keystroke is judged by this kernel."""
        view = widget(
            self.module,
            policy=self.saved,
            verdict=self.judge(self.saved),
            role=self._role,
            said="",
            **self._shown(),
        )

        def answer(view: Any, message: Mapping[str, Any], _buffers: object) -> None:
            text = str(message.get("policy", ""))
            if message.get("apply"):
                view.said = self.applied(text)
            view.verdict = self.judge(text, str(message.get("typed", "")))

        view.on_msg(answer)
        return view

    @abstractmethod
    def _judged(self, policy: Any, typed: str) -> Verdict:
        """The verdict on a policy. Raises PolicyError for one that IAM would not take."""

    @abstractmethod
    def _write(self, policy: Mapping[str, Any], *, approve: bool) -> Change:
        """Write it to IAM, or plan to."""

    def _shown(self) -> dict[str, Any]:
        """What else the view shows."""
        return {}

    def _diff(self, text: str) -> list[str]:
        lines = difflib.unified_diff(
            self.saved.splitlines(), text.splitlines(), "in IAM", "here", lineterm="", n=1
        )
        return list(lines)


def role_to_edit(described: dict[str, Any] | None, role: str) -> dict[str, Any]:
    """The role as `describe_role` tells of it. Raises IrsaLabError where there is none."""
    if described is None:
        raise IrsaLabError(
            f"there is no role {role}",
            next_step="make it first: notebook 03, or catch_up(world, through='role')",
        )
    return described
