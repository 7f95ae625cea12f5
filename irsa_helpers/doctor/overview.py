"""A whole cluster: which ServiceAccounts can become which roles, and which roles admit too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, trust
from irsa_helpers.doctor.evidence.reading import (
    CannotSeeError,
    SkipError,
    read_aws,
    read_kubernetes,
)
from irsa_helpers.doctor.evidence.roles import all_roles, trusts
from irsa_helpers.doctor.links.association_trust import refusals
from irsa_helpers.doctor.result import WIDTH, indented
from irsa_helpers.ground import arns
from irsa_helpers.policy.admission import verdicts
from irsa_helpers.printing.markdown import cell, code
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN, ROLE_ARN_FORM

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

NAMES = 4  # How many of those who could become a role, and do not ask for it, are named.
POD_IDENTITY = "  (EKS Pod Identity)"


@dataclass(frozen=True)
class Access:
    """A ServiceAccount that gets a role or could: `by` is `irsa` or `pod-identity`.

    `annotated` says that it asks for the role; otherwise the trust policy would admit it as well.
    """

    namespace: str
    service_account: str
    role_arn: str
    annotated: bool
    by: str = "irsa"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service_account}"


@dataclass(frozen=True)
class Refusal:
    """A ServiceAccount whose annotation names a role that will not have it."""

    namespace: str
    service_account: str
    role_arn: str
    reason: str


@dataclass(frozen=True)
class WideTrust:
    """A trust policy that admits more of this cluster than it names."""

    role_arn: str
    reason: str


@dataclass(frozen=True)
class Overview:
    """Who can become what, in one cluster and the account of its role."""

    accesses: tuple[Access, ...]
    refusals: tuple[Refusal, ...]
    wide: tuple[WideTrust, ...]
    unseen: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every annotation leads to its role and no trust policy is too wide."""
        return not self.refusals and not self.wide

    def within(self, namespace: str) -> Overview:
        """The overview of one namespace's ServiceAccounts; all of it for an empty name."""
        if not namespace:
            return self
        accesses = tuple(entry for entry in self.accesses if entry.namespace == namespace)
        refusals = tuple(entry for entry in self.refusals if entry.namespace == namespace)
        return replace(self, accesses=accesses, refusals=refusals)

    def without(self, is_left_out: Callable[[str], bool]) -> Overview:
        """The overview without the namespaces and the roles whose names are to be left out."""

        def kept(entry: Access | Refusal) -> bool:
            return not (is_left_out(entry.namespace) or is_left_out(_name(entry.role_arn)))

        return replace(
            self,
            accesses=tuple(filter(kept, self.accesses)),
            refusals=tuple(filter(kept, self.refusals)),
            wide=tuple(w for w in self.wide if not is_left_out(_name(w.role_arn))),
        )

    def to_dict(self) -> dict[str, Any]:
        """The overview as JSON-able data."""
        return {"ok": self.ok, **asdict(self)}

    def text(self, width: int = WIDTH) -> str:
        """Who can become what, role by role, for a terminal of that many columns."""
        roles = self._by_role()
        column = max((len(_name(arn)) for arn in roles), default=0) + 4
        lines = ["Who can become which role:", ""]
        for role_arn, accesses in sorted(roles.items()):
            label = f"  {_name(role_arn)}".ljust(column)
            lines.append(indented(label, "\n".join(_who(accesses)), width))
        lines += [] if self.accesses else ["  nobody"]
        if self.refusals:
            lines += ["", "Annotations that lead nowhere:"]
        for r in self.refusals:
            lines.append(f"  {r.namespace}/{r.service_account} -> {r.role_arn}")
            lines.append(indented("    ", r.reason, width))
        if self.wide:
            lines += ["", "Trust policies that admit too many:"]
        for w in self.wide:
            lines += [f"  {_name(w.role_arn)}", indented("    ", w.reason, width)]
        lines += ["", *(f"Not seen: {text}" for text in self.unseen)] if self.unseen else []
        return "\n".join(lines)

    def _by_role(self) -> dict[str, list[Access]]:
        roles: dict[str, list[Access]] = {}
        for access in self.accesses:
            roles.setdefault(access.role_arn, []).append(access)
        return roles

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        rows = [
            f"| {code(_name(arn))} | {cell('; '.join(_who(accesses)))} |"
            for arn, accesses in sorted(self._by_role().items())
        ]
        parts = ["\n".join(["| role | who can become it |", "| :-- | :-- |", *rows])]
        lost = [f"- {code(_account(r))}: {cell(r.reason)}" for r in self.refusals]
        wide = [f"- {code(_name(w.role_arn))}: {cell(w.reason)}" for w in self.wide]
        if lost:
            parts.append("\n".join(["**Annotations that lead nowhere**", "", *lost]))
        if wide:
            parts.append("\n".join(["**Trust policies that admit too many**", "", *wide]))
        return "\n\n".join(parts)


def _account(refusal: Refusal) -> str:
    """The ServiceAccount that an annotation does not help."""
    return f"{refusal.namespace}/{refusal.service_account}"


def _name(role_arn: str) -> str:
    """A role's name, with its path where it has one."""
    return role_arn.partition(":role/")[2] or role_arn


def _who(accesses: list[Access]) -> list[str]:
    """Those who ask for a role one by one; those who could as well by number, with some names."""
    asking = [f"{a}" + POD_IDENTITY * (a.by != "irsa") for a in accesses if a.annotated]
    others = [str(a) for a in accesses if not a.annotated]
    if not others:
        return asking
    named = ", ".join(others[:NAMES]) + (", …" if len(others) > NAMES else "")
    return [*asking, f"{len(others)} not annotated, but admitted: {named}"]


@dataclass(frozen=True)
class _Account:
    """A ServiceAccount: its names, the role it asks for, and for whom its tokens are made."""

    namespace: str
    name: str
    role_arn: str | None
    audience: str

    @classmethod
    def of(cls, service_account: dict[str, Any]) -> _Account:
        metadata = service_account["metadata"]
        annotations = metadata.get("annotations") or {}
        audience = annotations.get(f"{PREFIX}audience", oidc.AUDIENCE)
        return cls(metadata["namespace"], metadata["name"], annotations.get(ROLE_ARN), audience)


@dataclass(frozen=True)
class _Trust:
    """The cluster's issuer, the provider that IAM has for it, and the roles that name it.

    `every` has all roles of the account, by ARN.
    """

    issuer_url: str
    provider_arn: str
    client_ids: tuple[str, ...] | None
    every: dict[str, dict[str, Any]]
    roles: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, world: World) -> _Trust:
        read_aws("eks:DescribeCluster", oidc.issuer_url, world=world)
        provider = read_aws("iam:GetOpenIDConnectProvider", oidc.describe_provider, world=world)
        arn = oidc.provider_arn(world)
        client_ids = tuple(provider["ClientIDList"]) if provider is not None else None
        every = {role["Arn"]: role for role in all_roles(world)}
        roles = {name: role for name, role in every.items() if trusts(role, arn)}
        return cls(oidc.issuer_url(world), arn, client_ids, every, roles)

    def admitted(self, accounts: list[_Account]) -> dict[_Account, list[str]]:
        """Each ServiceAccount -> the ARNs of the roles that it can become."""
        policies = {
            arn: verdicts(role, self.provider_arn, self.issuer_url)
            for arn, role in self.roles.items()
        }
        roles_of: dict[_Account, list[str]] = {}
        for account in accounts:
            asked = policies if account.audience in (self.client_ids or ()) else {}
            subject = trust.subject(account.namespace, account.name)
            facts = subject, account.audience, account.audience
            roles_of[account] = [arn for arn, policy in asked.items() if policy.allows(*facts)]
        return roles_of

    def is_elsewhere(self, account: _Account) -> bool:
        """Whether the role that the ServiceAccount asks for is of an account that is not yours."""
        role, own = account.role_arn or "", arns.Arn.parse(self.provider_arn).account_id
        return ROLE_ARN_FORM.fullmatch(role) is not None and arns.Arn.parse(role).account_id != own

    def refusal(self, account: _Account, admitted: list[str]) -> Refusal | None:
        """Why the ServiceAccount cannot become the role that it asks for; None where it can.

        `admitted` has the roles that it can become.
        """
        if account.role_arn is None or account.role_arn in admitted or self.is_elsewhere(account):
            return None
        if ROLE_ARN_FORM.fullmatch(account.role_arn) is None:
            reason = "the annotation's value is no role's ARN"
        elif self.client_ids is None:
            reason = "the account has no provider for this cluster's issuer"
        elif account.audience not in self.client_ids:
            reason = f"the provider does not accept the audience {account.audience}"
        elif account.role_arn not in self.every:
            reason = "there is no such role"
        elif account.role_arn not in self.roles:
            reason = "the role's trust policy does not name this cluster's provider"
        else:
            reason = "the role's trust policy does not admit it"
        return Refusal(account.namespace, account.name, account.role_arn, reason)

    def wide(self) -> Iterator[WideTrust]:
        """The roles that admit more than they name."""
        for arn, role in self.roles.items():
            policy = role["AssumeRolePolicyDocument"]
            for flaw in trust.check_trust_policy(policy, self.provider_arn):
                if flaw.severity == "too-wide":
                    yield WideTrust(arn, flaw.message)


def overview(world: World) -> Overview:
    """Every ServiceAccount of the cluster against every role of the account that trusts it.

    Raises CannotSeeError, which names the right, where you may not list roles or ServiceAccounts.
    """
    here = _Trust.of(world)
    accounts = [_Account.of(account) for account in _service_accounts(world)]
    admitted = here.admitted(accounts)
    accesses = [
        Access(account.namespace, account.name, arn, arn == account.role_arn)
        for account, role_arns in admitted.items()
        for arn in role_arns
    ]
    unseen = [
        f"{a.namespace}/{a.name} -> {a.role_arn}: a role of another account"
        for a in accounts
        if here.is_elsewhere(a)
    ]
    try:
        accesses += _by_pod_identity(world, here.every)
    except CannotSeeError as error:
        unseen.append(error.message)
    except SkipError as reason:
        unseen.append(str(reason))
    refusals = tuple(filter(None, (here.refusal(*asking) for asking in admitted.items())))
    return Overview(tuple(accesses), refusals, tuple(here.wide()), tuple(unseen))


def _by_pod_identity(world: World, roles: dict[str, dict[str, Any]]) -> Iterator[Access]:
    """What the cluster's EKS Pod Identity associations give."""
    eks, cluster = world.aws("eks"), world.cluster_name
    pages = eks.get_paginator("list_pod_identity_associations").paginate(clusterName=cluster)
    listed = read_aws("eks:ListPodIdentityAssociations", lambda: list(pages)) or []
    for summary in (summary for page in listed for summary in page["associations"]):
        described = read_aws(
            "eks:DescribePodIdentityAssociation",
            eks.describe_pod_identity_association,
            clusterName=cluster,
            associationId=summary["associationId"],
        )
        association = (described or {})["association"]
        if _lets_eks_in(world, roles, association):
            role = str(association.get("targetRoleArn") or association["roleArn"])
            yield Access(
                summary["namespace"], summary["serviceAccount"], role, True, "pod-identity"
            )


def _lets_eks_in(
    world: World, roles: dict[str, dict[str, Any]], association: dict[str, Any]
) -> bool:
    """Whether the role's trust policy admits EKS for those Pods; so for one of another account."""
    role_arn = str(association["roleArn"])
    if arns.Arn.parse(role_arn).account_id != world.cluster.account_id:
        return True
    return role_arn in roles and not refusals(world, roles[role_arn], association)


def _service_accounts(world: World) -> list[dict[str, Any]]:
    listed = read_kubernetes(world, "list serviceaccounts", "/api/v1/serviceaccounts")
    return list((listed or {}).get("items", []))
