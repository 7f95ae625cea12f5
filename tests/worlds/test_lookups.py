"""What may not be there is read as None, and deleted without an error."""

from __future__ import annotations

import pytest
from kubernetes.dynamic.exceptions import ForbiddenError

from irsa_helpers.worlds import World
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object


def test_what_somebody_else_deleted_meanwhile_is_gone(world: World, namespace: str) -> None:
    accounts = world.resource("v1", "ServiceAccount")
    accounts.create(namespace=namespace, body={"metadata": {"name": "app"}})
    assert kubernetes_object(accounts, "app", namespace) is not None
    delete_object(accounts, "app", namespace)
    delete_object(accounts, "app", namespace)
    assert kubernetes_object(accounts, "app", namespace) is None


def test_another_refusal_is_an_error(world: World) -> None:
    with pytest.raises(ForbiddenError):
        delete_object(world.resource("v1", "Namespace"), "kube-system")
