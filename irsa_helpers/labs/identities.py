"""The roles, users and groups of an account with their policies, read in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

# AWS's own policies are left out: reading them all takes seconds.
WANTED = ["User", "Role", "Group", "LocalManagedPolicy"]
INLINE = ("RolePolicyList", "UserPolicyList", "GroupPolicyList")


def read_identities(world: World) -> dict[str, list[Any]]:
    """What `iam:GetAccountAuthorizationDetails` lists, all pages together.

    Keys: `RoleDetailList`, `UserDetailList`, `GroupDetailList`, `Policies`.
    """
    identities: dict[str, list[Any]] = {
        kind: [] for kind in ("RoleDetailList", "UserDetailList", "GroupDetailList", "Policies")
    }
    pages = world.aws("iam").get_paginator("get_account_authorization_details")
    for page in pages.paginate(Filter=WANTED):
        for kind, listed in identities.items():
            listed.extend(page.get(kind, ()))
    return identities


def inline_policies(holder: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The inline policies of a role, a user or a group, by name."""
    listed = (policy for kind in INLINE for policy in holder.get(kind, ()))
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in listed}
