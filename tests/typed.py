"""The official client's typed APIs for a world: a test's own way to look, beside the helpers'."""

from __future__ import annotations

from typing import Any

from kubernetes.client import AppsV1Api, CoreV1Api

from irsa_helpers.worlds import World


def core_v1(world: World) -> Any:
    """Pods, ServiceAccounts, Namespaces and their like."""
    return CoreV1Api(world.kubernetes)


def apps_v1(world: World) -> Any:
    """Deployments and their like."""
    return AppsV1Api(world.kubernetes)
