"""What IAM's operations ask permission for.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity
and Access Management".
"""

from __future__ import annotations

from irsa_sandbox.aws.callers.directory import iam_backend
from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.wire.invocations import Invocation

# Parameter -> (kind in the ARN, how a refusal names it).
_NAMED = {
    "RoleName": ("role", "role {}"),
    "UserName": ("user", "user {}"),
    "GroupName": ("group", "group {}"),
    "InstanceProfileName": ("instance-profile", "instance profile {}"),
}
_ARNS = {"PolicyArn": "policy {}", "OpenIDConnectProviderArn": "{}"}
_LISTS = {
    "ListRoles": "role/",
    "ListUsers": "user/",
    "ListGroups": "group/",
    "ListPolicies": "policy/",
    "ListInstanceProfiles": "instance-profile/",
    "ListOpenIDConnectProviders": "oidc-provider/*",
}
_OF_THE_ACCOUNT = {
    *("GetAccountSummary", "GetAccountAuthorizationDetails", "GetCredentialReport"),
    *("ListAccountAliases", "GetAccountPasswordPolicy", "GenerateCredentialReport"),
}


def of(invocation: Invocation) -> list[Need] | None:
    """The permissions that a call of IAM needs."""
    operation, parameters = invocation.operation, invocation.parameters
    action = f"iam:{operation}"
    place = f"arn:aws:iam::{invocation.account_id}:"
    if operation in _LISTS:
        return [Need(action, place + _LISTS[operation], place + _LISTS[operation])]
    if operation in _OF_THE_ACCOUNT:
        return [Need(action, "*", "*")]
    if operation == "CreatePolicy":
        arn = f"{place}policy{parameters.get('Path', '/')}{parameters.get('PolicyName', '')}"
        return [Need(action, arn, f"policy {parameters.get('PolicyName', '')}")]
    if operation == "CreateOpenIDConnectProvider":
        arn = place + "oidc-provider/" + str(parameters.get("Url", "")).removeprefix("https://")
        return [Need(action, arn, arn)]
    for name in _NAMED:
        if name in parameters:
            return [_named(invocation, action, name)]
    for name, shown in _ARNS.items():
        if name in parameters:
            arn = str(parameters[name])
            return [Need(action, arn, shown.format(arn))]
    return None


def _named(invocation: Invocation, action: str, parameter: str) -> Need:
    """A permission on a role, a user, a group or an instance profile."""
    kind, shown = _NAMED[parameter]
    name = str(invocation.parameters[parameter])
    arn = _existing_arn(invocation.account_id, kind, name)
    if arn is None:
        path = str(invocation.parameters.get("Path", "/"))
        arn = f"arn:aws:iam::{invocation.account_id}:{kind}{path}{name}"
    text = arn if invocation.operation.startswith("Create") else shown.format(name)
    context: dict[str, str | list[str]] = {}
    if "PolicyArn" in invocation.parameters:
        context["iam:PolicyARN"] = str(invocation.parameters["PolicyArn"])
    return Need(action, arn, text, context)


def _existing_arn(account_id: str, kind: str, name: str) -> str | None:
    listed = getattr(iam_backend(account_id), f"{kind.replace('-', '_')}s")
    return next((it.arn for it in list(listed.values()) if it.name == name), None)
