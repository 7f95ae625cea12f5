"""Waiting for a Pod ends with the Pod, or with the reason why there is none."""

from __future__ import annotations

import pytest

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.pods import ensure_deployment, wait_for_pod
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.worlds import World


def test_the_pod_is_ready(world: World, namespace: str) -> None:
    ensure_deployment(world, "app", service_account="default", image="busybox", namespace=namespace)
    pod = wait_for_pod(world, "app", namespace=namespace)
    assert pod.status.phase == "Running"
    assert pod.spec.serviceAccountName == "default"


def test_a_deployment_that_is_not_there_is_named(world: World, namespace: str) -> None:
    with pytest.raises(IrsaLabError, match=f"Deployment {namespace}/nobody"):
        wait_for_pod(world, "nobody", namespace=namespace, timeout_seconds=0.2)


def test_an_image_that_cannot_be_pulled_is_said_at_once(world: World, namespace: str) -> None:
    ensure_deployment(
        world, "app", service_account="default", image="example.com/none", namespace=namespace
    )
    with pytest.raises(IrsaLabError, match=r"ErrImagePull|ImagePullBackOff"):
        wait_for_pod(world, "app", namespace=namespace)


def test_a_missing_service_account_is_said(world: World, namespace: str) -> None:
    ensure_deployment(world, "app", service_account="nobody", image="busybox", namespace=namespace)
    with pytest.raises(IrsaLabError, match="service account"):
        wait_for_pod(world, "app", namespace=namespace, timeout_seconds=1)


def test_it_comes_once_the_service_account_is_there(world: World, namespace: str) -> None:
    ensure_deployment(world, "app", service_account="late", image="busybox", namespace=namespace)
    ensure_service_account(world, "late", namespace=namespace)
    assert wait_for_pod(world, "app", namespace=namespace).spec.serviceAccountName == "late"
