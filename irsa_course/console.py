"""What the console's page asks of the course: the trust-policy bench and the map.

A program beside the sandbox, which starts it when a page asks for the first time, and knows it by
its lines of JSON alone: a question comes in, an answer goes out. So the page shows the very bench
and map of the notebooks. It ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from irsa_course.map import course_map
from irsa_helpers import course, serviceaccounts
from irsa_helpers.doctor.evidence.roles import all_roles
from irsa_helpers.doctor.open_labs import open_labs
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state
from irsa_helpers.policy.trust_rules import describe_trust_policy
from irsa_helpers.verify import Step, steps
from irsa_helpers.views.bench import TrustBench
from irsa_helpers.worlds.sandbox import SandboxWorld

NOTHING: dict[str, Any] = {"diff": [], "findings": [], "who": [], "lines": [], "error": None}


class Desk:
    """Answers what a page of that world asks; the bench that was asked for last is kept."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world
        self._choice: dict[str, Any] = {}
        self._bench: TrustBench | None = None
        self._steps: tuple[list[int], list[Step]] | None = None

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question: `view` is `map` or `trust`. What went wrong is its `error`."""
        try:
            return self.map() if asked["view"] == "map" else self.trust(asked)
        except IrsaLabError as error:
            return {"error": str(error)}

    def map(self) -> dict[str, Any]:
        """Where the learner is: the keys of `CourseMap.to_dict`.

        To look at the steps is a call of the course's Pod, which everybody sees as a hop: they are
        looked at again only where AWS or the cluster has changed since.
        """
        if self._steps is None or self._steps[0] != self._world.changes():
            held = steps(self._world)
            self._steps = self._world.changes(), held
        return course_map(self._world, self._steps[1]).to_dict()

    def trust(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the trust-policy bench shows.

        `asked` may have `role` and `account` (`namespace/name`); `policy`, the text to judge, in
        place of the one that IAM has; `typed`, one more account; `apply`; `again`, to look at the
        world before a typed text is judged. Keys: those of the view's model, and `choice`'s.
        """
        role, account = str(asked.get("role", "")), str(asked.get("account", ""))
        text = asked.get("policy")
        if text is None or asked.get("again") or not self._holds(role, account):
            self._choice = choice(self._world, role, account)
            self._bench = self._new_bench()
        if self._bench is None:
            return {**self._choice, "policy": "", "claims": {}, "said": "", "verdict": NOTHING}
        said = self._bench.applied(str(text)) if asked.get("apply") else ""
        judged = self._bench.saved if text is None else str(text)
        return {
            **self._choice,
            "policy": self._bench.saved,
            "claims": self._bench.claims(),
            "said": said,
            "verdict": self._bench.judge(judged, str(asked.get("typed", ""))),
        }

    def _holds(self, role: str, account: str) -> bool:
        """Whether the bench that is kept is the one for these."""
        return self._bench is not None and (role, account) == (
            self._choice["role"],
            self._choice["account"],
        )

    def _new_bench(self) -> TrustBench | None:
        if not self._choice["role"]:
            return None
        namespace, _, name = self._choice["account"].partition("/")
        return TrustBench(self._world, self._choice["role"], namespace, name)


def choice(world: SandboxWorld, role: str, account: str) -> dict[str, Any]:
    """What may stand on the bench, and what does: the wanted ones where they are there.

    Keys: `roles` and `accounts`, `role` and `account`; `withheld`, the numbers of the labs that are
    open. Their roles and accounts are left out: what is wrong there is for the learner to find.
    """
    labs = open_labs(world)
    named = {
        f"{account.metadata.namespace}/{account.metadata.name}": _role_of(account)
        for account in world.resource("v1", "ServiceAccount").get().items
        if not account.metadata.namespace.startswith("kube-")
        and not any(lab.holds(account.metadata.namespace) for lab in labs)
    }
    roles = [name for name in _roles(world, named) if not any(lab.holds(name) for lab in labs)]
    chosen = _one_of(roles, role, course.ROLE)
    own = next((name for name, annotated in named.items() if annotated == chosen), "")
    story = f"{course.NAMESPACE}/{course.SERVICE_ACCOUNT}"
    return {
        "roles": roles,
        "role": chosen,
        "accounts": list(named),
        "account": _one_of(list(named), account, own, story),
        "withheld": [lab.id.split("-")[0] for lab in labs],
    }


def _one_of(names: list[str], *wanted: str) -> str:
    """The first of the wanted names that is there, else the first there is; empty for none."""
    return next((name for name in wanted if name in names), names[0] if names else "")


def _roles(world: SandboxWorld, named: Mapping[str, str]) -> Iterator[str]:
    """The roles that trust a provider, or that a ServiceAccount names."""
    for role in all_roles(world):
        rules = describe_trust_policy(role["AssumeRolePolicyDocument"])
        if any(rule.providers for rule in rules) or role["RoleName"] in named.values():
            yield role["RoleName"]


def _role_of(account: Any) -> str:
    """The name of the role in a ServiceAccount's annotation; empty without one."""
    annotations = account.metadata.annotations or {}
    return str(annotations.get(serviceaccounts.ROLE_ARN) or "").rpartition("/")[2]


def main(home: str) -> None:
    """Answer questions about the sandbox of that folder, until there are no more."""
    # What else is printed goes where a program's complaints go: answers stand alone.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if state.project_root(Path(home)) is None:
        os.chdir(Path(__file__).parents[1])
    desk = Desk(_world(Path(home)))
    for line in sys.stdin:
        print(json.dumps(desk.answer(json.loads(line))), file=answers, flush=True)


def _world(home: Path) -> SandboxWorld:
    """The world of a sandbox that runs. Raises IrsaLabError where none does."""
    sandbox = state.read(home)
    if sandbox is None:
        raise IrsaLabError(f"no sandbox runs in {home}", next_step="start one: irsa-lab up")
    return SandboxWorld(sandbox)


if __name__ == "__main__":
    main(*sys.argv[1:])
