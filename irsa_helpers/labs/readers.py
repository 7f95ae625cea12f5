"""Who else of the account may read a lab's bucket: roles and people beside the app's role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_helpers.labs.identities import inline_policies, read_identities
from irsa_helpers.labs.openings import only_allowing
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.permissions import allowing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from irsa_helpers.worlds import World

Document = dict[str, Any]


def gives(
    principal: str, documents: list[Document], resource_policy: Document | None, resource: str
) -> bool:
    """Whether the Allow statements give s3:GetObject, to somebody who fulfils their conditions.

    Denials are left out: what they do shows where the app reads.
    """
    given = [policy for document in documents if (policy := only_allowing(document))]
    own = only_allowing(resource_policy) if resource_policy else None
    request = Request(principal, "s3:GetObject", resource, {})
    return evaluate(request, identity_policies=given, resource_policy=own).allowed


def other_readers(world: World, lab: str, resource: str) -> Iterator[str]:
    """The ARNs of roles and users that may read that object and have to do with the lab.

    Of the lab is who bears its name (`lab-03-…`), or whose policy names the bucket. Somebody who
    may read all that there is, as an administrator, is none of the lab's business.
    """
    identities = read_identities(world)
    managed = {policy["Arn"]: _default_version(policy) for policy in identities["Policies"]}
    groups = {group["GroupName"]: group for group in identities["GroupDetailList"]}
    for who in (*identities["RoleDetailList"], *identities["UserDetailList"]):
        holders = [who, *(groups[name] for name in who.get("GroupList", ()))]
        documents = [document for holder in holders for document in _documents(holder, managed)]
        if concerns(who, lab, documents, resource) and gives(who["Arn"], documents, None, resource):
            yield str(who["Arn"])


def concerns(who: Mapping[str, Any], lab: str, documents: list[Document], resource: str) -> bool:
    """Whether a role or user bears the lab's name, or its policies name the object's bucket."""
    name, bucket = who["Arn"].rpartition("/")[2], resource.partition("/")[0]
    named = any(
        bucket.rpartition(":")[2] in json.dumps(statement) for statement in allowing(documents)
    )
    return named or str(name).startswith(f"{lab}-")


def _default_version(policy: Mapping[str, Any]) -> Document:
    [document] = [v["Document"] for v in policy["PolicyVersionList"] if v["IsDefaultVersion"]]
    return dict(document)


def _documents(holder: dict[str, Any], managed: Mapping[str, Document]) -> Iterator[Document]:
    """The documents of a role, a user or a group: inline ones, and attached ones of the account.

    None of AWS's own policies names a lab's bucket.
    """
    yield from inline_policies(holder).values()
    for policy in holder.get("AttachedManagedPolicies", ()):
        if policy["PolicyArn"] in managed:
            yield managed[policy["PolicyArn"]]
