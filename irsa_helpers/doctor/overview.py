"""A whole cluster: which ServiceAccounts can become which roles, and which roles admit too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, oidc, trust
from irsa_helpers.doctor.admission import TokenFacts, admission, trusting_roles
from irsa_helpers.doctor.reading import read_aws, read_kubernetes
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN

if TYPE_CHECKING:
    from irsa_helpers.world import World


@dataclass(frozen=True)
class Access:
    """A ServiceAccount that a role's trust policy admits; `annotated` says that it asks for it."""

    namespace: str
    service_account: str
    role_arn: str
    annotated: bool


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

    @property
    def ok(self) -> bool:
        """Whether every annotation leads to its role and no trust policy is too wide."""
        return not self.refusals and not self.wide

    def to_dict(self) -> dict[str, Any]:
        """The overview as JSON-able data."""
        return {"ok": self.ok, **asdict(self)}

    def __str__(self) -> str:
        lines = ["Who can become which role:"]
        lines += [
            f"  {a.namespace}/{a.service_account} -> {a.role_arn}"
            + ("" if a.annotated else "  (not annotated, but admitted)")
            for a in self.accesses
        ] or ["  nobody"]
        if self.refusals:
            lines.append("Annotations that lead nowhere:")
            lines += [
                f"  {r.namespace}/{r.service_account} -> {r.role_arn}: {r.reason}"
                for r in self.refusals
            ]
        if self.wide:
            lines.append("Trust policies that admit too many:")
            lines += [f"  {w.role_arn}: {w.reason}" for w in self.wide]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        return f"```\n{self}\n```"


@dataclass(frozen=True)
class _Account:
    """A ServiceAccount: its names, the role it asks for, and for whom its tokens are made."""

    namespace: str
    name: str
    role_arn: str | None
    audience: str

    @classmethod
    def of(cls, found: dict[str, Any]) -> _Account:
        metadata = found["metadata"]
        annotations = metadata.get("annotations") or {}
        audience = annotations.get(f"{PREFIX}audience", oidc.AUDIENCE)
        return cls(metadata["namespace"], metadata["name"], annotations.get(ROLE_ARN), audience)


@dataclass(frozen=True)
class _Trust:
    """The cluster's issuer, the provider that IAM has for it, and the roles that name it."""

    issuer_url: str
    provider_arn: str
    client_ids: tuple[str, ...] | None
    roles: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, world: World) -> _Trust:
        right = "eks:DescribeCluster, iam:GetOpenIDConnectProvider"
        provider = read_aws(right, oidc.describe_provider, world=world)
        arn = oidc.provider_arn(world)
        client_ids = tuple(provider["ClientIDList"]) if provider is not None else None
        roles = {role["Arn"]: role for role in trusting_roles(world, arn)}
        return cls(oidc.issuer_url(world), arn, client_ids, roles)

    def admits(self, account: _Account) -> list[str]:
        """The ARNs of the roles that the ServiceAccount can become."""
        if account.audience not in (self.client_ids or ()):
            return []
        subject = trust.subject(account.namespace, account.name)
        token = TokenFacts(self.provider_arn, self.issuer_url, subject, account.audience)
        return [arn for arn, role in self.roles.items() if admission(role, token).allowed]

    def refusal(self, account: _Account) -> Refusal | None:
        """Why the ServiceAccount cannot become the role that it asks for; None where it can."""
        if account.role_arn is None or account.role_arn in self.admits(account):
            return None
        if f"::{arns.Arn.parse(self.provider_arn).account_id}:" not in account.role_arn:
            reason = "the role is of another account, which cannot be seen from here"
        elif self.client_ids is None:
            reason = "the account has no provider for this cluster's issuer"
        elif account.audience not in self.client_ids:
            reason = f"the provider does not accept the audience {account.audience}"
        elif account.role_arn not in self.roles:
            reason = "there is no such role, or its trust policy does not name this cluster"
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
    accounts = [_Account.of(found) for found in _service_accounts(world)]
    accesses = [
        Access(account.namespace, account.name, arn, arn == account.role_arn)
        for account in accounts
        for arn in here.admits(account)
    ]
    refusals = [refusal for account in accounts if (refusal := here.refusal(account))]
    return Overview(tuple(accesses), tuple(refusals), tuple(here.wide()))


def _service_accounts(world: World) -> list[dict[str, Any]]:
    listing = world.core_v1.list_service_account_for_all_namespaces
    found = read_kubernetes(world, "list serviceaccounts", listing)
    return list((found or {}).get("items", []))
