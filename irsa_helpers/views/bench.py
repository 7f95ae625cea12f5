"""The trust-policy bench: a token left, a policy right, and who gets in, as one types.

The evaluator decides, here and in the sandbox's STS alike; the page only shows it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from irsa_helpers import oidc, roles, trust
from irsa_helpers.doctor.admission import TokenFacts, ask_trust_policy
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.policy import Decision, PolicyError, explain, validate_trust_policy
from irsa_helpers.views.widgets import widget
from irsa_helpers.worlds import World

Verdict = dict[str, Any]


class TrustBench:
    """A role's trust policy on the bench, and the token of a ServiceAccount before it."""

    def __init__(self, world: World, role: str, namespace: str, account: str) -> None:
        self._world, self._role = world, role
        found = roles.describe_role(world, role)
        if found is None:
            raise IrsaLabError(
                f"there is no role {role}",
                next_step="make it first: notebook 03, or catch_up(world, through='role')",
            )
        self.saved = json.dumps(found["TrustPolicy"], indent=2)
        self._arn = found["Arn"]
        self.subject = trust.subject(namespace, account)
        self._issuer, self._provider = oidc.issuer_url(world), oidc.provider_arn(world)
        self._accounts = sorted(_subjects(world))

    def judge(self, text: str, typed: str = "") -> Verdict:
        """What the evaluator and the linter say of a policy's text; `typed` is `namespace/name`.

        Keys: `error`, or `admitted`, `why`, `lines` (claim and condition), `who`, `findings`,
        `diff` against IAM.
        """
        verdict: Verdict = {"diff": self._diff(text), "error": None}
        try:
            policy = json.loads(text)
            validate_trust_policy(policy)
        except ValueError as error:
            return verdict | {"error": f"no JSON: {error}"}
        except PolicyError as error:
            return verdict | {"error": f"IAM would not take it: {error}"}
        own = self._ask(policy, self.subject)
        return verdict | {
            "admitted": own.allowed,
            "why": "" if own.allowed else explain(own),
            "lines": list(_lines(own)),
            "who": [self._admits(policy, *each) for each in self._asked(typed)],
            "findings": [
                each.to_dict() for each in trust.check_trust_policy(policy, self._provider)
            ],
        }

    def claims(self) -> dict[str, str]:
        """The claims of the token that a trust policy can ask for."""
        return {"iss": self._issuer, "sub": self.subject, "aud": oidc.AUDIENCE}

    def apply(self, text: str, *, approve: bool) -> str:
        """The role has this trust policy; a plan unless approved. Returns what was done."""
        policy = json.loads(text)
        change = roles.ensure_role(self._world, self._role, policy, approve=approve)
        if change.applied:
            self.saved = text
        return str(change)

    def widget(self) -> Any:
        """The bench; each keystroke is judged by this kernel."""
        verdict = self.judge(self.saved)
        view = widget(
            "bench",
            policy=self.saved,
            claims=self.claims(),
            verdict=verdict,
            role=self._role,
            said="",
        )

        def answer(view: Any, message: Mapping[str, Any], _buffers: object) -> None:
            text = str(message.get("policy", ""))
            if message.get("apply"):
                view.said = self._applied(text)
            view.verdict = self.judge(text, str(message.get("typed", "")))

        view.on_msg(answer)
        return view

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The bench where one can type, the verdict as text where one cannot."""
        return {**(self.widget()._repr_mimebundle_()[0]), "text/plain": str(self)}

    def __str__(self) -> str:
        verdict = self.judge(self.saved)
        inside = [each["subject"] for each in verdict.get("who", []) if each["admitted"]]
        return f"{self._role} admits: {', '.join(inside) or 'nobody'}\n{verdict.get('why', '')}"

    def _applied(self, text: str) -> str:
        try:
            return self.apply(text, approve=not self._world.needs_approval)
        except (IrsaLabError, ValueError) as error:
            return str(error)

    def _asked(self, typed: str) -> Iterator[tuple[str, str]]:
        """Subjects, each with whether it is there: those of the cluster, and some that are not."""
        yield from ((subject, "exists") for subject in self._accounts)
        namespace, _, name = typed.partition("/")
        _, _, own_namespace, own_name = self.subject.split(":")
        others = [
            trust.subject(own_namespace, "not-there-yet"),
            trust.subject("another-namespace", own_name),
            *([trust.subject(namespace, name)] if name else []),
        ]
        yield from ((each, "does not exist yet") for each in others if each not in self._accounts)

    def _admits(self, policy: Mapping[str, Any], subject: str, there: str) -> dict[str, Any]:
        return {"subject": subject, "there": there, "admitted": self._ask(policy, subject).allowed}

    def _ask(self, policy: Mapping[str, Any], subject: str) -> Decision:
        token = TokenFacts(self._provider, self._issuer, subject, oidc.AUDIENCE)
        return ask_trust_policy(self._arn, dict(policy), token)

    def _diff(self, text: str) -> list[str]:
        lines = difflib.unified_diff(
            self.saved.splitlines(), text.splitlines(), "in IAM", "here", lineterm="", n=1
        )
        return list(lines)


def trust_bench(
    world: World, role: str, *, namespace: str = "default", service_account: str = "enginrect-sa"
) -> TrustBench:
    """Try a role's trust policy on a ServiceAccount's token. Raises IrsaLabError without the role.

    Nothing is changed before `apply` is pressed; in a real world that shows the plan alone.
    """
    return TrustBench(world, role, namespace, service_account)


def _subjects(world: World) -> Iterator[str]:
    """The subjects of the cluster's ServiceAccounts, without Kubernetes' own controllers'."""
    for account in world.resource("v1", "ServiceAccount").get().items:
        if not account.metadata.namespace.startswith("kube-"):
            yield trust.subject(account.metadata.namespace, account.metadata.name)


def _lines(decision: Decision) -> Iterator[dict[str, Any]]:
    """A line from each claim to the condition that asks for it: `claim` is `sub`, `aud`, …."""
    for statement in decision.reasons:
        for condition in statement.conditions:
            yield {
                "claim": condition.key.rpartition(":")[2],
                "statement": statement.statement,
                "effect": statement.effect,
                "operator": condition.operator,
                "key": condition.key,
                "wanted": list(condition.wanted),
                "matched": condition.matched,
            }
