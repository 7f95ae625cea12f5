"""The permission bench: what an app called against what its role allows, as one types.

The evaluator decides; the page only shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from irsa_helpers import roles
from irsa_helpers.changes import Change
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.policy import validate_identity_policy
from irsa_helpers.policy.admission import of_every_call
from irsa_helpers.policy.permission_findings import check_permission_policy
from irsa_helpers.policy.recorded import Call, judge_calls
from irsa_helpers.printing.html import table
from irsa_helpers.views.editing import EditedPolicy, Verdict, role_to_edit
from irsa_helpers.worlds import World


class PermissionBench(EditedPolicy):
    """One inline policy of a role on the bench, and recorded calls before it."""

    module = "permissions"

    def __init__(self, world: World, role: str, policy: str, calls: Sequence[Call]) -> None:
        described = role_to_edit(roles.describe_role(world, role), role)
        inline = dict(described["InlinePolicies"])
        if policy not in inline:
            raise IrsaLabError(
                f"{role} has no inline policy {policy}, but {', '.join(inline) or 'none at all'}",
                next_step="name one of them, or write it first: ensure_role(world, …)",
            )
        super().__init__(world, role, inline.pop(policy))
        self._name, self._trust, self.calls = policy, described["TrustPolicy"], list(calls)
        attached = (roles.managed_policy(world, arn) for arn in described["AttachedPolicies"])
        self._others = [*inline.values(), *attached]
        self._context = {"aws:PrincipalArn": described["Arn"], **of_every_call(world.region)}

    def _judged(self, policy: Any, typed: str) -> Verdict:
        """Keys: those of `judge_calls`, and `findings`."""
        validate_identity_policy(policy)
        verdict = judge_calls(policy, self.calls, self._others, self._context)
        findings = [finding.to_dict() for finding in check_permission_policy(policy)]
        return {**verdict, "findings": findings}

    def _write(self, policy: Mapping[str, Any], *, approve: bool) -> Change:
        wanted = {self._name: policy}
        return roles.ensure_role(
            self._world, self._role, self._trust, permission_policies=wanted, approve=approve
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The bench where one can type, the verdict as a table where one cannot."""
        shown, _metadata = self.widget()._repr_mimebundle_()
        html = calls_html(self.judge(self.saved))
        return {**shown, "text/html": html, "text/plain": str(self)}

    def __str__(self) -> str:
        verdict = self.judge(self.saved)
        calls = [f"{_word(c):<10} {c['action']:<28} {c['resource']}" for c in verdict["calls"]]
        grants = [f"{_use(g):<10} {g['what']:<28} {g['statement']}" for g in verdict["grants"]]
        return "\n".join([*calls, *grants])


def permission_bench(
    world: World, role: str, policy: str, calls: Iterable[Call]
) -> PermissionBench:
    """Try one of a role's inline policies on recorded calls: used, unused, refused.

    `calls` is what `recorded_calls` gives. The role's other policies count as well; a permissions
    boundary, and what a bucket's own policy says, do not. Nothing is changed before `apply` is
    pressed; in a real world that shows the plan alone. Raises IrsaLabError where the role or its
    policy is not there.
    """
    return PermissionBench(world, role, policy, list(calls))


def calls_html(verdict: Verdict) -> str:
    """The verdict as two tables that need no script."""
    calls = [
        (_word(call), call["action"], call["resource"], call["fix"] or call["why"])
        for call in verdict["calls"]
    ]
    grants = [
        (_use(grant), grant["what"], grant["statement"], f"{grant['calls']} calls")
        for grant in verdict["grants"]
    ]
    return table(("now", "call", "on", "because"), calls, "What the app called") + table(
        ("use", "action", "stands in", "needed by"), grants, "What the policy names"
    )


def _word(call: Mapping[str, Any]) -> str:
    return "✓ allowed" if call["allowed"] else "✗ refused"


def _use(grant: Mapping[str, Any]) -> str:
    return "✓ used" if grant["calls"] else "! unused"
