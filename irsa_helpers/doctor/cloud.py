"""The AWS side: issuer, provider, role, trust policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, trust
from irsa_helpers.doctor.reading import CannotSeeError, SkipError, read_aws
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.policy import Decision, Request, evaluate, explain

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case

NOT_AUTHORIZED = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"


def issuer(case: Case) -> Link:
    """The cluster has an OIDC issuer."""
    return ok(case.issuer_url)


def provider(case: Case) -> Link:
    """The role's account has an IAM OIDC provider for that issuer."""
    if case.provider is not None:
        return ok(case.provider_arn)
    others = _other_providers(case)
    return broken(
        f"account {case.role_account} has none for this issuer"
        + (f"; it has {', '.join(others)}" if others else ""),
        expected=case.provider_arn,
        error=f"InvalidIdentityToken: No OpenIDConnect provider found in your account for "
        f"{case.issuer_url}",
        fix=f"eksctl utils associate-iam-oidc-provider --cluster {case.world.cluster_name} "
        f"--approve\n"
        f"aws iam create-open-id-connect-provider --url {case.issuer_url} "
        f"--client-id-list {case.audience}",
    )


def _other_providers(case: Case) -> list[str]:
    """Providers of other EKS issuers: a sign of a cluster that was made anew."""
    listing = case.world.aws("iam").list_open_id_connect_providers
    found = read_aws("iam:ListOpenIDConnectProviders", listing)
    listed = (each["Arn"] for each in (found or {}).get("OpenIDConnectProviderList", []))
    return [arn.partition("oidc-provider/")[2] for arn in listed if "/oidc.eks." in arn]


def provider_audience(case: Case) -> Link:
    """The provider accepts tokens made for that audience."""
    if case.provider is None:
        raise SkipError("there is no provider")
    accepted = case.provider["ClientIDList"]
    if case.audience in accepted:
        return ok(case.audience)
    return broken(
        f"the provider's audiences (client ids): {', '.join(accepted) or 'none'}",
        expected=f"{case.audience}, which is what the Pod's token is made for",
        error="InvalidIdentityToken: Incorrect token audience",
        fix="aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "
        f"{case.provider_arn} --client-id {case.audience}",
    )


def role(case: Case) -> Link:
    """The role exists in the account that its ARN names."""
    try:
        found = case.find_role()
    except CannotSeeError:
        return _foreign_role(case)
    if found is None:
        return broken(
            f"account {case.role_account} has no role {case.role_name}",
            expected=case.role_arn,
            error=NOT_AUTHORIZED,
            fix=f"aws iam create-role --role-name {case.role_name} "
            f"--assume-role-policy-document '{_statement_text(case)}'",
        )
    if found["Arn"] != case.role_arn:
        return broken(
            f"the role's ARN is {found['Arn']}",
            expected=f"the annotation to say so; it says {case.role_arn}",
            error=NOT_AUTHORIZED,
            fix=_annotate(case, found["Arn"]),
        )
    return ok(found["Arn"])


def _foreign_role(case: Case) -> Link:
    """A role of another account: a slip where your own account has that role for this subject."""
    case_account, own = case.role_account, case.own_account
    if case_account == own:
        raise CannotSeeError("iam:GetRole")
    get = case.world.aws("iam").get_role
    twin = read_aws("iam:GetRole", get, RoleName=case.role_name)
    if twin is None or not _admits(case, twin["Role"], own):
        raise CannotSeeError(f"iam:GetRole in account {case_account}; yours is {own}")
    return broken(
        f"the annotation names account {case_account}",
        expected=f"{twin['Role']['Arn']}: the role of your account trusts this ServiceAccount",
        error=f"{NOT_AUTHORIZED}, or InvalidIdentityToken: No OpenIDConnect provider found",
        fix=_annotate(case, twin["Role"]["Arn"]),
    )


def _admits(case: Case, found: dict[str, Any], account: str) -> bool:
    provider_arn = arns.provider_arn(case.issuer_url, account)
    decision = admission(found, provider_arn, case.issuer_url, case.subject, case.audience)
    return decision.allowed


def _annotate(case: Case, role_arn: str) -> str:
    return (
        f"kubectl annotate serviceaccount {case.intended_account} -n {case.namespace} "
        f"--overwrite eks.amazonaws.com/role-arn={role_arn}"
    )


def admission(
    role: dict[str, Any], provider_arn: str, issuer_url: str, subject: str, audience: str
) -> Decision:
    """What the role's trust policy says to a token of that issuer, subject and audience."""
    prefix = arns.issuer_host_path(issuer_url)
    request = Request(
        principal=provider_arn,
        action="sts:AssumeRoleWithWebIdentity",
        resource=role["Arn"],
        context={
            f"{prefix}:sub": subject,
            f"{prefix}:aud": audience,
            "aws:FederatedProvider": provider_arn,
            "sts:RoleSessionName": "botocore-session-1",
        },
    )
    return evaluate(request, resource_policy=role["AssumeRolePolicyDocument"])


def trust_policy(case: Case) -> Link:
    """The role's trust policy admits this ServiceAccount's tokens."""
    decision = admission(case.role, case.provider_arn, case.issuer_url, case.subject, case.audience)
    if decision.allowed:
        return ok(f"admits {case.subject} for {case.audience}")
    flaws = trust.check_trust_policy(case.role["AssumeRolePolicyDocument"], case.provider_arn)
    said = [flaw.message for flaw in flaws if flaw.severity == "broken"]
    return broken(
        "\n".join([explain(decision), *said]),
        expected=f"sub {case.subject}, aud {case.audience}, principal {case.provider_arn}",
        error=NOT_AUTHORIZED,
        fix=f"aws iam update-assume-role-policy --role-name {case.role_name} "
        f"--policy-document '{_statement_text(case)}'",
    )


def trust_scope(case: Case) -> Link:
    """The trust policy admits no more than it names."""
    flaws = trust.check_trust_policy(case.role["AssumeRolePolicyDocument"], case.provider_arn)
    wide = [flaw for flaw in flaws if flaw.severity == "too-wide"]
    if not wide:
        return ok("named ServiceAccounts only")
    return risk(
        "; ".join(flaw.message for flaw in wide),
        expected="StringEquals on :sub with one ServiceAccount, and on :aud",
        error="none: other Pods become this role too",
        fix=f"aws iam update-assume-role-policy --role-name {case.role_name} "
        f"--policy-document '{_statement_text(case)}'",
    )


def _statement_text(case: Case) -> str:
    """A trust policy for this ServiceAccount, as the AWS CLI takes it."""
    policy = trust.build_trust_policy(
        case.provider_arn, case.namespace, case.intended_account, audience=case.audience
    )
    return json.dumps(policy)
