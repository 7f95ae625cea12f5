"""The walk along the chain of one workload, link by link."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError, once
from irsa_helpers.doctor.fixes.shell import one_restart
from irsa_helpers.doctor.links import (
    addons,
    agent,
    app_log,
    cloud,
    encryption_keys,
    permissions,
    pod,
    profiles,
    reach,
    sdk,
    static_keys,
    target_role,
    webhook,
    workload,
)
from irsa_helpers.doctor.result import PROBLEMS, Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.doctor.evidence.case import Case

log = logging.getLogger("irsa-lab.doctor")


def _of_the_acting_role(check: Callable[[Case], Link]) -> Callable[[Case], Link]:
    """The check, made on the role that the app acts as, which an association may give."""
    return wraps(check)(lambda case: check(case.acting))


def _once_a_role(check: Callable[[Case], Link]) -> Callable[[Case], Link]:
    """The check on the acting role, made once for all workloads that call as that role alike."""

    def look(case: Case) -> Link:
        acting = case.acting
        what = (check.__name__, acting.role_arn, acting.calls[0])
        return once(case.world, what, lambda: check(acting))

    return wraps(check)(look)


LINKS: dict[str, Callable[[Case], Link]] = {
    "workload": workload.workload,
    "pods": workload.pods,
    "service-account-name": workload.service_account_name,
    "service-account": workload.service_account,
    "pod-identity": workload.pod_identity,
    "pod-identity-agent": agent.agent,
    "annotation": workload.annotation,
    "role-arn": workload.role_arn,
    "token-expiration": workload.token_expiration,
    "webhook": webhook.webhook,
    "skip-containers": pod.skip_containers,
    "preset-variables": pod.preset_variables,
    "injection": pod.injection,
    "static-credentials": static_keys.static_credentials,
    "profiles": profiles.profiles,
    "sdk-environment": sdk.environment,
    "token": pod.token,
    "token-readable": pod.token_readable,
    "issuer": cloud.issuer,
    "provider": cloud.provider,
    "provider-audience": cloud.provider_audience,
    "role": cloud.role,
    "role-age": _of_the_acting_role(cloud.role_age),
    "trust-policy": cloud.trust_policy,
    "target-role": target_role.target_role,
    "trust-scope": cloud.trust_scope,
    "handshake": reach.handshake,
    "permissions": _of_the_acting_role(permissions.permissions),
    "permission-resources": _once_a_role(permissions.permission_resources),
    "addon-calls": _of_the_acting_role(addons.addon_calls),
    "permission-scope": _once_a_role(permissions.permission_scope),
    "permission-limits": _once_a_role(permissions.permission_limits),
    "resource-policies": _once_a_role(permissions.resource_policies),
    "encryption-keys": _once_a_role(encryption_keys.encryption_keys),
    "metadata-service": reach.metadata_service,
}


def walk(case: Case) -> list[Link]:
    """Each link of the chain but the last, with what the checks say of it."""
    return one_restart([_checked(case, name, check) for name, check in LINKS.items()])


def last_link(case: Case, links: list[Link]) -> Link:
    """What the app's own log says, where every other link holds."""
    if any(link.state in PROBLEMS for link in links):
        return Link("app-log", "skipped", "the links above tell why")
    return _checked(case.acting, "app-log", app_log.app_log)


def _checked(case: Case, name: str, check: Callable[[Case], Link]) -> Link:
    try:
        return replace(check(case), name=name)
    except CannotSeeError as error:
        return Link(name, "cannot-see", error.message)
    except SkipError as error:
        return Link(name, "skipped", str(error))
    except Exception as error:
        # What stands in somebody's cluster may be odder than any check thinks: the walk goes on.
        log.debug("the check %s failed", name, exc_info=True)
        return Link(name, "cannot-see", f"could not be judged: {type(error).__name__}: {error}")
