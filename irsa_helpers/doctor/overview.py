"""A whole cluster: which ServiceAccounts can become which roles, and which roles admit too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, oidc, trust
from irsa_helpers.doctor.cloud import admission
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


def overview(world: World) -> Overview:
    """Every ServiceAccount of the cluster against every role of the account that trusts it.

    Raises CannotSeeError, which names the right, where you may not list roles or ServiceAccounts.
    """
    provider_arn, issuer_url = oidc.provider_arn(world), oidc.issuer_url(world)
    provider = oidc.describe_provider(world)
    roles = {role["Arn"]: role for role in _trusting_roles(world, provider_arn)}
    accesses, refusals = [], []
    for account in _service_accounts(world):
        namespace, name = account["metadata"]["namespace"], account["metadata"]["name"]
        annotations = account["metadata"].get("annotations") or {}
        audience = annotations.get(f"{PREFIX}audience", oidc.AUDIENCE)
        accepted = provider is not None and audience in provider["ClientIDList"]
        wanted = annotations.get(ROLE_ARN)
        admitted = [
            arn
            for arn, role in roles.items()
            if accepted
            and admission(
                role, provider_arn, issuer_url, trust.subject(namespace, name), audience
            ).allowed
        ]
        accesses += [Access(namespace, name, arn, arn == wanted) for arn in admitted]
        if wanted is not None and wanted not in admitted:
            reason = _reason(wanted, provider, accepted, roles, provider_arn)
            refusals.append(Refusal(namespace, name, wanted, reason))
    return Overview(tuple(accesses), tuple(refusals), tuple(_wide(roles, provider_arn)))


def _trusting_roles(world: World, provider_arn: str) -> Iterator[dict[str, Any]]:
    """The roles whose trust policy names this cluster's provider."""
    pages = world.aws("iam").get_paginator("list_roles").paginate()
    for page in read_aws("iam:ListRoles", lambda: list(pages)) or []:
        for role in page["Roles"]:
            rules = trust.describe_trust_policy(role["AssumeRolePolicyDocument"])
            if any(provider_arn in rule.providers for rule in rules):
                yield role


def _service_accounts(world: World) -> list[dict[str, Any]]:
    listing = world.core_v1.list_service_account_for_all_namespaces
    found = read_kubernetes(world, "list serviceaccounts", listing)
    return list((found or {}).get("items", []))


def _reason(
    role_arn: str,
    provider: dict[str, Any] | None,
    accepted: bool,
    roles: dict[str, dict[str, Any]],
    provider_arn: str,
) -> str:
    if arns.Arn.parse(provider_arn).account_id not in role_arn:
        return "the role is of another account, which cannot be seen from here"
    if provider is None:
        return "the account has no provider for this cluster's issuer"
    if not accepted:
        return "the provider does not accept the audience of its tokens"
    if role_arn not in roles:
        return "there is no such role, or its trust policy does not name this cluster"
    return "the role's trust policy does not admit it"


def _wide(roles: dict[str, dict[str, Any]], provider_arn: str) -> Iterator[WideTrust]:
    for arn, role in roles.items():
        flaws = trust.check_trust_policy(role["AssumeRolePolicyDocument"], provider_arn)
        for flaw in flaws:
            if flaw.severity == "too-wide":
                yield WideTrust(arn, flaw.message)
