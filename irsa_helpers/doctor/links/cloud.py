"""The AWS side: issuer, provider, role, trust policy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from irsa_helpers import trust
from irsa_helpers.doctor.evidence.reading import (
    CannotSeeError,
    SkipError,
    UnseenError,
    once,
    read_aws,
)
from irsa_helpers.doctor.fixes import trust_fix
from irsa_helpers.doctor.fixes.shell import (
    annotate_command,
    commands,
    comment,
    restart_command,
    trust_command,
)
from irsa_helpers.doctor.links.association_trust import association_trust
from irsa_helpers.doctor.links.pod import wanted_audience
from irsa_helpers.doctor.links.reach import settled_by_handshake
from irsa_helpers.doctor.links.workload import skip_with_pod_identity
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.policy import Decision, explain
from irsa_helpers.policy.admission import TokenFacts, admission, judge_admission
from irsa_helpers.serviceaccounts import PREFIX

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case
    from irsa_helpers.policy.unseen import Judgement

SESSION = timedelta(hours=1)
NOT_AUTHORIZED = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"


def issuer(case: Case) -> Link:
    """The cluster has an OIDC issuer."""
    skip_with_pod_identity(case)
    return ok(case.issuer_url)


def provider(case: Case) -> Link:
    """The role's account has an IAM OIDC provider for that issuer."""
    skip_with_pod_identity(case)
    if case.provider is not None:
        return ok(case.provider_arn)
    others = _other_providers(case)
    return broken(
        f"account {case.role_account} has none for this issuer"
        + (f"; it has {', '.join(others)}" if others else ""),
        expected=case.provider_arn,
        error=f"InvalidIdentityToken: No OpenIDConnect provider found in your account for "
        f"{case.issuer_url}",
        fix=f"aws iam create-open-id-connect-provider --url {case.issuer_url} "
        f"--client-id-list {case.audience}\n"
        "# or: eksctl utils associate-iam-oidc-provider --approve "
        f"--cluster {case.world.cluster_name}",
    )


def _other_providers(case: Case) -> list[str]:
    """Providers of other EKS issuers: a sign of a cluster that was made anew."""
    listing = case.world.aws("iam").list_open_id_connect_providers
    answer = read_aws("iam:ListOpenIDConnectProviders", listing)
    listed = (provider["Arn"] for provider in (answer or {}).get("OpenIDConnectProviderList", []))
    return [arn.partition("oidc-provider/")[2] for arn in listed if "/oidc.eks." in arn]


def provider_audience(case: Case) -> Link:
    """The provider accepts tokens made for that audience."""
    skip_with_pod_identity(case)
    if case.provider is None:
        raise SkipError("there is no provider")
    accepted, wanted = case.provider["ClientIDList"], wanted_audience(case)
    if case.audience in accepted:
        return ok(case.audience)
    if case.audience != wanted and wanted in accepted:
        return ok(f"{wanted}; the Pod's own is told by the links above")
    accept = (
        "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "
        f"{case.provider_arn} --client-id {case.audience}"
    )
    if case.intended_audience != case.audience:
        ask = annotate_command(case, case.intended_audience, f"{PREFIX}audience")
        accept = commands(ask, comment(f"or, where {case.audience} is what you want:\n{accept}"))
    return broken(
        f"the provider's audiences (client ids): {', '.join(accepted) or 'none'}",
        expected=f"{case.audience}, which is what the Pod's token is made for",
        error="InvalidIdentityToken: Incorrect token audience",
        fix=accept,
    )


def role(case: Case) -> Link:
    """The role exists in the account that its ARN names."""
    skip_with_pod_identity(case)
    try:
        own_role = case.find_role()
    except CannotSeeError:
        return _foreign_role(case)
    if own_role is None:
        return _no_role(case)
    if own_role["Arn"] != case.role_arn:
        return broken(
            f"the role's ARN is {own_role['Arn']}",
            expected=f"the annotation to say so; it says {case.role_arn}",
            error=NOT_AUTHORIZED,
            fix=annotate_command(case, own_role["Arn"]),
        )
    return ok(own_role["Arn"])


def role_age(case: Case) -> Link:
    """No living Pod is older than its role: none keeps credentials of a role that is gone.

    A session belongs to a role's id, not to its name: AWS refuses it once the role is made anew,
    and the SDK goes on with it until it ends. Source: IAM User Guide, "Unique identifiers"; STS
    API, AssumeRoleWithWebIdentity: a session lasts an hour where nobody asks for more.
    """
    made = case.role.get("CreateDate")
    if made is None:
        raise SkipError("it is not told when the role was made")
    older = case.pods_older_than_role
    if not older:
        return ok("the role was there before the Pods")
    if datetime.now(UTC) - made > SESSION:
        return ok("sessions of a role of that name before it have ended")
    raise UnseenError(
        f"whether {older[0]['metadata']['name']} keeps a session of an earlier role of that name: "
        f"{case.role_name} was made {made:%Y-%m-%d %H:%M} UTC, after the Pod. If it is refused: "
        f"{restart_command(case)}"
    )


def _no_role(case: Case) -> Link:
    fix = (
        f"aws iam create-role --role-name {case.role_name} "
        f"--assume-role-policy-document '{json.dumps(_own_policy(case))}'"
    )
    expected = case.role_arn
    if case.admitting_roles:
        expected = f"a role that exists; {', '.join(case.admitting_roles)} admits {case.subject}"
        fix = annotate_command(case, case.admitting_roles[0])
    return broken(
        f"account {case.role_account} has no role {case.role_name}",
        expected=expected,
        error=NOT_AUTHORIZED,
        fix=fix,
    )


def _foreign_role(case: Case) -> Link:
    """A role of another account: a slip where your own has one of that name for this subject."""
    if case.role_account == case.own_account:
        raise CannotSeeError("iam:GetRole")
    twins = [arn for arn in case.admitting_roles if arn.endswith(f"/{case.role_name}")]
    if not twins:
        case.in_own_account("iam:GetRole")
    return broken(
        f"the annotation names account {case.role_account}",
        expected=f"{twins[0]}: the role of your account admits this ServiceAccount",
        error=f"{NOT_AUTHORIZED}, or InvalidIdentityToken: No OpenIDConnect provider found",
        fix=annotate_command(case, twins[0]),
    )


def trust_policy(case: Case) -> Link:
    """The role's trust policy admits this ServiceAccount's tokens, or EKS for its association."""
    if case.is_by_association and case.association is not None:
        return association_trust(case, case.association)
    judged = [_judged(case, token) for token in case.intended_tokens]
    token, judgement = next(
        (judged_call for judged_call in judged if not judged_call[1].decision.allowed), judged[0]
    )
    if not judgement.decision.allowed:
        return _not_admitted(case, token, judgement.decision)
    unseen = dict.fromkeys(key for _, judged_call in judged for key in judged_call.unseen)
    if unseen:
        return settled_by_handshake(case, list(unseen))
    return ok(f"admits {case.subject} for {token.audience}")


def _judged(case: Case, token: TokenFacts) -> tuple[TokenFacts, Judgement]:
    role = case.role
    return token, judge_admission(role["Arn"], role["AssumeRolePolicyDocument"], token)


def _not_admitted(case: Case, token: TokenFacts, decision: Decision) -> Link:
    policy = case.role["AssumeRolePolicyDocument"]
    flaws = trust.check_trust_policy(policy, case.provider_arn)
    said = [flaw.message for flaw in flaws if flaw.severity == "broken"]
    return broken(
        "\n".join([explain(decision), *said]),
        expected=f"sub {case.subject}, aud {token.audience}, principal {case.provider_arn}",
        error=NOT_AUTHORIZED,
        fix=_admitting(case, token, policy),
    )


def _admitting(case: Case, token: TokenFacts, policy: dict[str, Any]) -> str:
    """The command that admits the ServiceAccount; it was tried on a copy of the policy."""
    mended = trust_fix.admitting(policy, trust_fix.Wanted(case.role["Arn"], token))
    if mended is None:
        return comment(
            "no single statement mends it: see whom the Deny above is meant for, and except\n"
            f"{case.subject} from it"
        )
    users = _users(case)
    told = f"# {', '.join(users)} uses this role today, and keeps it" if users else ""
    return commands(trust_command(case, mended), told)


def trust_scope(case: Case) -> Link:
    """The trust policy admits no more than it names."""
    skip_with_pod_identity(case)
    policy = case.role["AssumeRolePolicyDocument"]
    flaws = once(
        case.world,
        ("flaws", case.role_arn, case.provider_arn),
        lambda: trust.check_trust_policy(policy, case.provider_arn),
    )
    wide = [flaw for flaw in flaws if flaw.severity == "too-wide"]
    if not wide:
        advice = [flaw.message for flaw in flaws if flaw.severity == "advice"]
        return ok("; ".join(["named ServiceAccounts only", *advice]))
    return risk(
        "; ".join(flaw.message for flaw in wide),
        expected="StringEquals on :sub with one ServiceAccount, and on :aud",
        error="none: other Pods become this role too",
        fix=_narrowing(case, policy),
    )


def _narrowing(case: Case, policy: dict[str, Any]) -> str:
    """The command that keeps the role for those who ask for it, and for all who are no Pods."""
    users, token = _users(case), case.intended_token
    mended = trust_fix.narrowed(policy, trust_fix.Wanted(case.role["Arn"], token), users)
    if mended is None or mended == policy:
        return comment(f"name in it, under StringEquals, whom it is for: {case.subject}, …")
    told = "# it shuts out whoever else gets in today by what the policy says now"
    if users:
        told = (
            f"# {', '.join(users)} uses this role today, and keeps it; take it out where each is "
            "to have a role of its own"
        )
    return commands(trust_command(case, mended), told)


def _users(case: Case) -> list[str]:
    """The other ServiceAccounts that ask for the role and get it today."""
    token = case.intended_token
    return [
        subject
        for subject in case.other_subjects
        if admission(case.role, replace(token, subject=subject)).allowed
    ]


def _own_policy(case: Case) -> dict[str, Any]:
    """A trust policy for this ServiceAccount alone."""
    audience = case.intended_token.audience
    return trust.build_trust_policy(
        case.provider_arn, case.namespace, case.intended_account, audience=audience
    )
