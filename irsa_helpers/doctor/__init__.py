"""The doctor: walks the chain of a workload link by link, and names the one that is broken.

It works with your own rights, in any world, and changes nothing: it reads, tries its fixes with the
API server's dry run, and where it may not read a role it asks STS for a session as the
ServiceAccount would.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from irsa_helpers.doctor import (
    addons,
    agent,
    app_log,
    cloud,
    permissions,
    pod,
    profiles,
    reach,
    sdk,
    static_keys,
    target_role,
    trial,
    webhook,
    workload,
)
from irsa_helpers.doctor.case import Case
from irsa_helpers.doctor.fixes import one_restart
from irsa_helpers.doctor.overview import Overview, overview
from irsa_helpers.doctor.reading import CannotSeeError, SkipError
from irsa_helpers.doctor.result import PROBLEMS, Diagnosis, Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.worlds import World

__all__ = ["LINKS", "Diagnosis", "Link", "Overview", "doctor", "overview"]

log = logging.getLogger("irsa-lab.doctor")


def _of_the_acting_role(check: Callable[[Case], Link]) -> Callable[[Case], Link]:
    """The check, made on the role that the app acts as, which an association may give."""
    return wraps(check)(lambda case: check(case.acting))


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
    "trust-policy": cloud.trust_policy,
    "target-role": target_role.target_role,
    "trust-scope": cloud.trust_scope,
    "handshake": reach.handshake,
    "permissions": _of_the_acting_role(permissions.permissions),
    "permission-resources": _of_the_acting_role(permissions.permission_resources),
    "addon-calls": _of_the_acting_role(addons.addon_calls),
    "permission-scope": _of_the_acting_role(permissions.permission_scope),
    "permission-limits": _of_the_acting_role(permissions.permission_limits),
    "resource-policies": _of_the_acting_role(permissions.resource_policies),
    "metadata-service": reach.metadata_service,
}


def doctor(world: World, target: str, *, namespace: str = "default") -> Diagnosis:
    """Walk the chain from a workload to its permissions, and say of each link whether it holds.

    `target` is `deployment/NAME`, `pod/NAME`, `sa/NAME` or another workload; a bare name is a
    Deployment's. Print the result, or take `.problems`, `["trust-policy"]` or `.to_dict()`.
    """
    case = Case(world, target, namespace)
    links = one_restart([_walk(case, name, check) for name, check in LINKS.items()])
    if any(link.state in PROBLEMS for link in links):
        links.append(Link("app-log", "skipped", "the links above tell why"))
    else:
        links.append(_walk(case.acting, "app-log", app_log.app_log))
    note = _counted(world, namespace) if namespace.startswith("lab-") else ""
    return Diagnosis(f"{case.kind.name}/{case.name}", namespace, tuple(links), note)


def _counted(world: World, namespace: str) -> str:
    """What it counts to have asked the doctor in that namespace: a hint, in an open lab's."""
    # Here, since the labs judge by parts of the doctor.
    from irsa_helpers.labs.progress import Progress
    from irsa_helpers.store import FILE
    from irsa_helpers.worlds.sandbox import SandboxWorld

    if not isinstance(world, SandboxWorld):
        return ""
    lab = Progress(Path(world.sandbox["home"]) / FILE).doctor_asked(namespace)
    text = "In {} the doctor counts as one hint, however often it is asked."
    return text.format(f"lab {lab.id.split('-')[0]}") if lab else ""


def _walk(case: Case, name: str, check: Callable[[Case], Link]) -> Link:
    try:
        return trial.tried(case, replace(check(case), name=name))
    except CannotSeeError as error:
        return Link(name, "cannot-see", error.message)
    except SkipError as error:
        return Link(name, "skipped", str(error))
    except Exception as error:
        # What stands in somebody's cluster may be odder than any check thinks: the walk goes on.
        log.debug("the check %s failed", name, exc_info=True)
        return Link(name, "cannot-see", f"could not be judged: {type(error).__name__}: {error}")
