"""Two teams and a wall: who reads whose plan, and by which right. Used by notebook 07."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles, trust
from irsa_helpers.errors import IrsaLabError, plain
from irsa_helpers.pods import caller_in_pod, exec_in_pod, ready_pod_name
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.admission import TokenFacts, ask_trust_policy
from irsa_helpers.printing.boxes import box, line, shown
from irsa_helpers.printing.markdown import cell
from irsa_helpers.serviceaccounts import describe_service_account
from irsa_helpers.views import MarkdownTable

if TYPE_CHECKING:
    from irsa_helpers.policy import Decision
    from irsa_helpers.worlds import World

APP = "app"  # Each team's ServiceAccount and Deployment.
BEGUN_BEFORE = (
    ("and yet", "its session is older than this trust policy, which is asked when one begins"),
)
REFUSAL = re.compile(r".*\((?P<code>\w+)\) when calling the (?P<operation>\w+) operation.*")


@dataclass(frozen=True)
class Answer:
    """What came of reading a plan: its text, or what AWS said instead."""

    read: bool
    said: str

    @property
    def short(self) -> str:
        """The refusal in two words: `AccessDenied on GetObject`."""
        return REFUSAL.sub(r"\g<code> on \g<operation>", self.said)


def read_plan(world: World, bucket: str, team: str, *, of: str) -> Answer:
    """What the app of the namespace `team` gets when it reads the plan of the namespace `of`."""
    command = f"aws s3api get-object --bucket {bucket} --key {of}/plan.txt /tmp/plan >&2"
    pod = ready_pod_name(world, APP, namespace=team)
    done = exec_in_pod(world, pod, ["sh", "-c", f"{command} && cat /tmp/plan"], namespace=team)
    return Answer(
        done.exit_code == 0, (done.stdout if done.exit_code == 0 else done.stderr).strip()
    )


@dataclass(frozen=True)
class Walls:
    """Every team's answer about every team's plan, by (reader, owner)."""

    answers: Mapping[tuple[str, str], Answer]

    @property
    def faults(self) -> list[str]:
        """Who reads another's plan, and who is locked out of its own."""
        return [
            f"{reader} reads the plan of {owner}" if answer.read else f"{reader} is locked out"
            for (reader, owner), answer in self.answers.items()
            if answer.read != (reader == owner)
        ]

    def _table(self) -> MarkdownTable:
        owners = list(dict.fromkeys(owner for _, owner in self.answers))
        rows = [
            (reader, *(_told(reader, owner, self.answers[reader, owner]) for owner in owners))
            for reader in owners
        ]
        head = ("reader", *(cell(f"{owner}/plan.txt") for owner in owners))
        return MarkdownTable(head, rows)

    def _repr_markdown_(self) -> str:
        return self._table()._repr_markdown_()

    def __str__(self) -> str:
        return str(self._table())


def _told(reader: str, owner: str, answer: Answer) -> str:
    mark = "✓" if answer.read == (reader == owner) else "✗"
    return f"{mark} reads it" if answer.read else f"{mark} {answer.short}"


def who_reads_what(world: World, bucket: str, teams: Iterable[str]) -> Walls:
    """Let the app of each team read every team's plan."""
    spaces = list(teams)
    return Walls(
        {
            (reader, owner): read_plan(world, bucket, reader, of=owner)
            for reader in spaces
            for owner in spaces
        }
    )


@dataclass(frozen=True)
class Way:
    """One reading, and what decided about it on its way: each a question and its answer."""

    reader: str
    owner: str
    answer: Answer
    steps: tuple[tuple[str, str], ...]

    @property
    def reached(self) -> bool:
        """Whether the plan was read."""
        return self.answer.read

    def _headline(self) -> tuple[str, str, str]:
        if self.reader == self.owner:
            kind, word = ("right", "Reads.") if self.reached else ("wrong", "Locked out.")
            return kind, word, f"{self.reader}'s app asks for its own plan."
        kind, word = ("wrong", "Escaped.") if self.reached else ("right", "The wall holds.")
        return kind, word, f"{self.reader}'s app asks for {self.owner}'s plan."

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        layout = "style='text-align:left;vertical-align:top;white-space:normal'"
        rows = "".join(
            f"<tr><td {layout}>{shown(question)}</td><td {layout}>{shown(answer)}</td></tr>"
            for question, answer in self.steps
        )
        body = f"<table><tbody>{rows}</tbody></table>"
        return {"text/html": box(*self._headline(), body), "text/plain": str(self)}

    def __str__(self) -> str:
        told = [f"  {question}: {answer}" for question, answer in self.steps]
        return plain("\n".join([line(*self._headline()), *told]))


def how_it_reads(world: World, bucket: str, team: str, *, of: str) -> Way:
    """Let the app of `team` read the plan of `of`; returns what it got, and which right gave it.

    Raises IrsaLabError where the team's ServiceAccount names no role that there is.
    """
    account = describe_service_account(world, APP, namespace=team) or {}
    name = str(account.get("role_arn") or "").rpartition("/")[2]
    role = roles.describe_role(world, name) if name else None
    if role is None:
        raise IrsaLabError(f"{team}/{APP} names no role that there is: {name!r}")
    answer, admission = read_plan(world, bucket, team, of=of), _ask_trust(world, role, team)
    resource = f"arn:{role['Arn'].split(':')[1]}:s3:::{bucket}/{of}/plan.txt"
    steps = (
        (f"the annotation of {team}/{APP} asks for", f"`{name}`"),
        (f"the trust policy of `{name}`", _told_admission(admission, team)),
        *(BEGUN_BEFORE if answer.read and not admission.allowed else ()),
        ("AWS sees", f"`{caller_in_pod(world, APP, namespace=team)}`"),
        ("the role's permission", _permission(role, resource)),
        ("so the app gets", answer.said),
    )
    return Way(team, of, answer, steps)


def _ask_trust(world: World, role: Mapping[str, Any], team: str) -> Decision:
    token = TokenFacts(
        oidc.provider_arn(world), oidc.issuer_url(world), trust.subject(team, APP), oidc.AUDIENCE
    )
    return ask_trust_policy(role["Arn"], role["TrustPolicy"], token)


def _told_admission(admission: Decision, team: str) -> str:
    word = "lets it in" if admission.allowed else "does not let it in"
    token = f"the token says `{trust.subject(team, APP)}`"
    return f"{word}: `:sub` {_compared(admission)}, {token}"


def _compared(decision: Decision) -> str:
    """The condition on `:sub`, such as ``StringLike `system:serviceaccount:team-*:app` ``."""
    conditions = (it for statement in decision.reasons for it in statement.conditions)
    wanted = [it for it in conditions if it.key.endswith(":sub")]
    return " or ".join(f"{it.operator} `{' or '.join(it.wanted)}`" for it in wanted) or "is free"


def _permission(role: Mapping[str, Any], resource: str) -> str:
    """Which of the role's policies allow it to read the object, looked at one by one."""
    request = Request(role["Arn"], "s3:GetObject", resource, {})
    allowing = [
        f"`{name}`"
        for name, policy in role["InlinePolicies"].items()
        if evaluate(request, identity_policies=[policy]).allowed
    ]
    said = f"{' and '.join(allowing) or 'no policy'} allows `s3:GetObject` on `{resource}`"
    revoked = roles.REVOCATION in role["InlinePolicies"]
    return said + f", `{roles.REVOCATION}` denies all to older sessions" * revoked
