"""Step 3: the ServiceAccount, and the annotation that names its role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from irsa_helpers.changes import Change, kubernetes_labels, may_apply
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.trust import subject
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irsa_helpers.worlds import World

PREFIX = "eks.amazonaws.com/"
ROLE_ARN = f"{PREFIX}role-arn"
# Source: amazon-eks-pod-identity-webhook, which only warns in its log and injects a wrong value.
ROLE_ARN_FORM = re.compile(r"arn:aws[a-z0-9-]*:iam::\d{12}:role/[\w\-/.@+=,]+")
KIND = "ServiceAccount"


def describe_service_account(
    world: World, name: str, *, namespace: str = "default"
) -> dict[str, Any] | None:
    """A ServiceAccount as IRSA sees it, or None where there is none.

    Keys: `namespace`, `name`, `subject` (the `sub` of its tokens), `role_arn` (None without the
    annotation), `annotations`, `labels`.
    """
    account = kubernetes_object(world.resource("v1", KIND), name, namespace)
    if account is None:
        return None
    metadata = account.to_dict()["metadata"]
    annotations = metadata.get("annotations", {})
    return {
        "namespace": namespace,
        "name": name,
        "subject": subject(namespace, name),
        "role_arn": annotations.get(ROLE_ARN),
        "annotations": annotations,
        "labels": metadata.get("labels", {}),
    }


def ensure_service_account(
    world: World,
    name: str,
    *,
    namespace: str = "default",
    role_arn: str | None = None,
    annotations: Mapping[str, str | None] | None = None,
    approve: bool = False,
) -> Change:
    """The ServiceAccount exists and carries these annotations; its namespace is made if missing.

    `role_arn` becomes the annotation `eks.amazonaws.com/role-arn`; None leaves that one as it is.
    In `annotations` the value None takes an annotation away. Others are left alone.
    Raises IrsaLabError where `role_arn` is not the whole ARN of a role: the webhook would hand it
    to the Pod all the same, and STS would refuse it there.
    """
    wanted = dict(annotations or {})
    if role_arn is not None:
        wanted[ROLE_ARN] = _checked(role_arn)
    account = describe_service_account(world, name, namespace=namespace)
    if account is None:
        return _create(world, name, namespace, wanted, approve=approve)
    stale = {
        key: value for key, value in wanted.items() if account["annotations"].get(key) != value
    }
    if not stale:
        return Change("none", KIND, f"{namespace}/{name}", ("annotations are as wanted",))
    details = tuple(
        f"remove {key}" if value is None else f"annotate {key}={value}"
        for key, value in stale.items()
    )
    planned = Change("update", KIND, f"{namespace}/{name}", details)
    if not may_apply(world, approve):
        return planned
    patch = {"metadata": {"annotations": stale}}
    world.resource("v1", KIND).patch(name=name, namespace=namespace, body=patch)
    return planned.done()


def _create(
    world: World,
    name: str,
    namespace: str,
    wanted: Mapping[str, str | None],
    *,
    approve: bool,
) -> Change:
    namespaces = world.resource("v1", "Namespace")
    annotations = {key: value for key, value in wanted.items() if value is not None}
    no_namespace = kubernetes_object(namespaces, namespace) is None
    details = [f"annotate {key}={value}" for key, value in annotations.items()]
    if no_namespace:
        details.insert(0, f"create the namespace {namespace}")
    planned = Change("create", KIND, f"{namespace}/{name}", tuple(details))
    if not may_apply(world, approve):
        return planned
    labels = kubernetes_labels(world)
    if no_namespace:
        namespaces.create(body={"metadata": {"name": namespace, "labels": labels}})
    metadata = {"name": name, "labels": labels, "annotations": annotations}
    world.resource("v1", KIND).create(namespace=namespace, body={"metadata": metadata})
    return planned.done()


def _checked(role_arn: str) -> str:
    if ROLE_ARN_FORM.fullmatch(role_arn) is None:
        raise IrsaLabError(
            f"{role_arn!r} is not the ARN of a role",
            next_step="write it whole, as roles.role_arn(world, 'enginrect-irsa-role') gives it",
        )
    return role_arn


def ensure_no_service_account(
    world: World, name: str, *, namespace: str = "default", approve: bool = False
) -> Change:
    """The ServiceAccount is gone; Pods that use it run on, but no new one starts."""
    if describe_service_account(world, name, namespace=namespace) is None:
        return Change("none", KIND, f"{namespace}/{name}")
    planned = Change("delete", KIND, f"{namespace}/{name}")
    if not may_apply(world, approve):
        return planned
    delete_object(world.resource("v1", KIND), name, namespace)
    return planned.done()
