"""What moto does not check before it writes.

Source: IAM API, botocore iam/2010-05-08; IAM User Guide, "IAM and AWS STS quotas".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy import Policy, PolicyError, validate_identity_policy, validate_trust_policy
from irsa_helpers.policy.validate import QUOTAS
from irsa_sandbox.aws.callers.directory import iam_backend
from irsa_sandbox.aws.wire.invocations import Invocation

MAX_PROVIDERS = 100
MAX_CLIENT_IDS = 100
MAX_THUMBPRINTS = 5
MAX_ATTACHED_POLICIES = 10
# https, a host, no port, no query: "the URL should not contain a port number".
_ISSUER_URL = re.compile(r"https://[A-Za-z0-9.-]+(/[^?#\s]*)?")
_WHITE_SPACE = re.compile(r"\s")
_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/\S+")


def _create_provider(invocation: Invocation) -> None:
    parameters = invocation.parameters
    url = parameters["Url"]
    if not _ISSUER_URL.fullmatch(url):
        raise AwsError("ValidationError", 400, "Invalid Open ID Connect Provider URL")
    _check_thumbprints(parameters.get("ThumbprintList", []))
    _check_client_ids(parameters.get("ClientIDList", []))
    providers = iam_backend(invocation.account_id).open_id_providers
    arn = f"arn:aws:iam::{invocation.account_id}:oidc-provider/{url.removeprefix('https://')}"
    if arn in providers:
        raise AwsError("EntityAlreadyExists", 409, f"Provider with url {url} already exists.")
    if len(providers) >= MAX_PROVIDERS:
        text = f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {MAX_PROVIDERS}"
        raise AwsError("LimitExceeded", 409, text)


def _update_thumbprints(invocation: Invocation) -> None:
    _check_thumbprints(invocation.parameters["ThumbprintList"])


def _check_thumbprints(thumbprints: list[str]) -> None:
    if len(thumbprints) > MAX_THUMBPRINTS:
        text = "Thumbprint list must contain fewer than 5 entries."
        raise AwsError("InvalidInput", 400, text)
    if not all(re.fullmatch(r"[0-9a-fA-F]{40}", it) for it in thumbprints):
        raise AwsError("InvalidInput", 400, "Thumbprint must be a hexadecimal SHA-1 digest.")


def _check_client_ids(client_ids: list[str]) -> None:
    if len(client_ids) > MAX_CLIENT_IDS:
        text = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MAX_CLIENT_IDS}"
        raise AwsError("LimitExceeded", 409, text)


def _check_new_client_id(invocation: Invocation) -> None:
    listed = provider(invocation).client_id_list
    client_id = invocation.parameters["ClientID"]
    _check_client_ids([*(it for it in listed if it != client_id), client_id])


def _create_role(invocation: Invocation) -> None:
    name = invocation.parameters["RoleName"]
    taken = {role.name.lower() for role in iam_backend(invocation.account_id).roles.values()}
    if name.lower() in taken:
        raise AwsError("EntityAlreadyExists", 409, f"Role with name {name} already exists.")
    _check_trust(invocation.parameters["AssumeRolePolicyDocument"])


def _update_trust(invocation: Invocation) -> None:
    _check_trust(invocation.parameters["PolicyDocument"])


def _check_trust(document: str) -> None:
    policy = validate_trust_policy(document)
    for arn in _principals(policy):
        named = _ENTITY.fullmatch(arn)
        if named and not _exists(named[1], f"{named[2]}s", arn):
            raise PolicyError(f'Invalid principal in policy: "AWS":"{arn}"')


def _principals(policy: Policy) -> Iterable[str]:
    for statement in policy.statements:
        for kind, value in statement.principals or ():
            if kind == "AWS":
                yield value


def _exists(account_id: str, kind: str, arn: str) -> bool:
    """Whether a role or user is there; of an account that the sandbox has not, nobody knows."""
    backend = iam_backend(account_id)
    if backend is None:
        return True
    return any(it.arn == arn for it in getattr(backend, kind).values())


def _put_inline(invocation: Invocation) -> None:
    """An inline policy counts against its owner's quota together with the others."""
    parameters = invocation.parameters
    kind = invocation.operation.removeprefix("Put").removesuffix("Policy").lower()
    name = parameters[f"{kind.capitalize()}Name"]
    quota = QUOTAS[kind]
    validate_identity_policy(parameters["PolicyDocument"], quota, f"{kind} {name}")
    owners = getattr(iam_backend(invocation.account_id), f"{kind}s").values()
    owner = next((it for it in owners if it.name == name), None)
    others = dict(owner.policies) if owner else {}
    others.pop(parameters["PolicyName"], None)
    total = sum(map(_size, [*others.values(), parameters["PolicyDocument"]]))
    if total > quota:
        text = f"Maximum policy size of {quota} bytes exceeded for {kind} {name}"
        raise AwsError("LimitExceeded", 409, text)


def _create_policy(invocation: Invocation) -> None:
    document = invocation.parameters["PolicyDocument"]
    if _size(document) > QUOTAS["managed"]:
        text = f"Cannot exceed quota for PolicySize: {QUOTAS['managed']}"
        raise AwsError("LimitExceeded", 409, text)
    validate_identity_policy(document, QUOTAS["managed"], "policy")


def _attach_to_role(invocation: Invocation) -> None:
    name, arn = invocation.parameters["RoleName"], invocation.parameters["PolicyArn"]
    roles = iam_backend(invocation.account_id).roles.values()
    role = next((it for it in roles if it.name == name), None)
    attached = role.managed_policies if role is not None else {}
    if arn not in attached and len(attached) >= MAX_ATTACHED_POLICIES:
        text = f"Cannot exceed quota for PoliciesPerRole: {MAX_ATTACHED_POLICIES}"
        raise AwsError("LimitExceeded", 409, text)


def provider(invocation: Invocation) -> Any:
    """moto's record of the provider that a call names. Raises AwsError where there is none."""
    arn = invocation.parameters["OpenIDConnectProviderArn"]
    record = iam_backend(invocation.account_id).open_id_providers.get(arn)
    if record is None:
        text = f"OpenIDConnect Provider not found for arn {arn}"
        raise AwsError("NoSuchEntity", 404, text)
    return record


def _size(document: str) -> int:
    """A policy's size as quotas count it: without white space."""
    return len(_WHITE_SPACE.sub("", document))


# Operation -> what is checked of it. Raises AwsError with IAM's code and message.
OF_OPERATION: dict[str, Callable[[Invocation], None]] = {
    "CreateOpenIDConnectProvider": _create_provider,
    "UpdateOpenIDConnectProviderThumbprint": _update_thumbprints,
    "AddClientIDToOpenIDConnectProvider": _check_new_client_id,
    "RemoveClientIDFromOpenIDConnectProvider": provider,
    "CreateRole": _create_role,
    "UpdateAssumeRolePolicy": _update_trust,
    "PutRolePolicy": _put_inline,
    "PutUserPolicy": _put_inline,
    "PutGroupPolicy": _put_inline,
    "CreatePolicy": _create_policy,
    "CreatePolicyVersion": _create_policy,
    "AttachRolePolicy": _attach_to_role,
}
