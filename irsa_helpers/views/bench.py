"""The trust-policy bench: a token left, a policy right, and who gets in, as one types.

The evaluator decides, here and in the sandbox's STS alike; the page only shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from irsa_helpers import oidc, roles, trust
from irsa_helpers.changes import Change
from irsa_helpers.policy import Decision, explain, validate_trust_policy
from irsa_helpers.policy.admission import TokenFacts, ask_trust_policy
from irsa_helpers.printing.boxes import shown
from irsa_helpers.printing.html import table
from irsa_helpers.views.editing import EditedPolicy, Verdict, role_to_edit
from irsa_helpers.worlds import World


class TrustBench(EditedPolicy):
    """A role's trust policy on the bench, and the token of a ServiceAccount before it."""

    module = "bench"

    def __init__(self, world: World, role: str, namespace: str, account: str) -> None:
        described = role_to_edit(roles.describe_role(world, role), role)
        super().__init__(world, role, described["TrustPolicy"])
        self._arn = described["Arn"]
        self.subject = trust.subject(namespace, account)
        self._account = f"{namespace}/{account}"
        self._issuer, self._provider = oidc.issuer_url(world), oidc.provider_arn(world)
        self._accounts = sorted(_subjects(world))

    def _judged(self, policy: Any, typed: str) -> Verdict:
        """Keys: `admitted`, `why`, `lines` (claim and condition), `who`, `findings`.

        `typed` is `namespace/name` of one more ServiceAccount.
        """
        validate_trust_policy(policy)
        own = self._ask(policy, self.subject)
        findings = trust.check_trust_policy(policy, self._provider)
        return {
            "admitted": own.allowed,
            "why": "" if own.allowed else explain(own),
            "lines": list(_lines(own)),
            "who": [self._admits(policy, *asked) for asked in self._asked(typed)],
            "findings": [finding.to_dict() for finding in findings],
        }

    def claims(self) -> dict[str, str]:
        """The claims of the token that a trust policy can ask for."""
        return {"iss": self._issuer, "sub": self.subject, "aud": oidc.AUDIENCE}

    def _shown(self) -> dict[str, Any]:
        return {"claims": self.claims(), "account": self._account}

    def _write(self, policy: Mapping[str, Any], *, approve: bool) -> Change:
        return roles.ensure_role(self._world, self._role, policy, approve=approve)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The bench where one can type, the verdict as a table where one cannot."""
        shown, _metadata = self.widget()._repr_mimebundle_()
        html = bench_html(self._role, self.claims(), self.judge(self.saved))
        return {**shown, "text/html": html, "text/plain": str(self)}

    def __str__(self) -> str:
        verdict = self.judge(self.saved)
        inside = [asked["subject"] for asked in verdict.get("who", []) if asked["admitted"]]
        return f"{self._role} admits: {', '.join(inside) or 'nobody'}\n{verdict.get('why', '')}"

    def _asked(self, typed: str) -> Iterator[tuple[str, str]]:
        """Subjects, each with whether it is there: those of the cluster, and some that are not."""
        known = [subject for subject in self._accounts if subject != self.subject]
        if self.subject in self._accounts:
            known.insert(0, self.subject)
        yield from ((subject, "exists") for subject in known)
        namespace, _, name = typed.partition("/")
        _, _, own_namespace, own_name = self.subject.split(":")
        others = [
            self.subject,
            trust.subject(own_namespace, "not-there-yet"),
            trust.subject("another-namespace", own_name),
            *([trust.subject(namespace, name)] if name else []),
        ]
        missing = (subject for subject in others if subject not in self._accounts)
        yield from ((subject, "does not exist yet") for subject in missing)

    def _admits(self, policy: Mapping[str, Any], subject: str, there: str) -> dict[str, Any]:
        return {"subject": subject, "there": there, "admitted": self._ask(policy, subject).allowed}

    def _ask(self, policy: Mapping[str, Any], subject: str) -> Decision:
        token = TokenFacts(self._provider, self._issuer, subject, oidc.AUDIENCE)
        return ask_trust_policy(self._arn, dict(policy), token)


def trust_bench(
    world: World, role: str, *, namespace: str = "default", service_account: str = "enginrect-sa"
) -> TrustBench:
    """Try a role's trust policy on a ServiceAccount's token. Raises IrsaLabError without the role.

    Nothing is changed before `apply` is pressed; in a real world that shows the plan alone.
    """
    return TrustBench(world, role, namespace, service_account)


def bench_html(role: str, claims: Mapping[str, str], verdict: Verdict) -> str:
    """What the bench shows of the policy that IAM has, as tables that need no script."""
    asked = [
        (line["claim"], claims.get(line["claim"], "no such claim"), _condition(line))
        for line in verdict["lines"]
    ]
    who = [
        (who["subject"], who["there"], "✓ yes" if who["admitted"] else "✗ no")
        for who in verdict["who"]
    ]
    findings = "".join(
        f"<p><b>{escape(one['severity'])}:</b> {shown(one['message'])} Fix: {shown(one['fix'])}</p>"
        for one in verdict["findings"]
    )
    head = ("claim", "the token says", "the trust policy asks")
    return (
        table(head, asked, f"A token before the trust policy of {role}")
        + f"<p style='white-space:pre-line'>{shown(verdict['why'])}</p>{findings}"
        + table(("ServiceAccount", "there?", "in?"), who, f"Who gets into {role}?")
    )


def _condition(line: Mapping[str, Any]) -> str:
    """Whether a condition fits, which one it is, and what it wants."""
    fits = "✓ fits" if line["matched"] else "✗ differs"
    return f"{fits} {line['statement']}: {line['operator']} {', '.join(line['wanted'])}"


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
