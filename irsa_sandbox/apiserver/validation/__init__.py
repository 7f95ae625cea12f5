"""Which objects the API server refuses, and how it says why.

Each kind has the checks that kubernetes' pkg/apis/*/validation makes of the fields which the
sandbox serves; their order and their sentences are kept. Left out are features behind gates, and
volumes that the sandbox does not have.
"""

from __future__ import annotations

from collections.abc import Callable

from irsa_sandbox.apiserver.resources import Resource
from irsa_sandbox.apiserver.status import Cause, invalid
from irsa_sandbox.apiserver.storage import Object
from irsa_sandbox.apiserver.validation import (
    claims,
    core,
    cron_jobs,
    policy,
    sets,
    updates,
    webhooks,
    workloads,
)
from irsa_sandbox.apiserver.validation.metadata import (
    metadata_causes,
    new_finalizer_causes,
)
from irsa_sandbox.apiserver.validation.pods import pod_causes

CHECKS: dict[str, Callable[[Object], list[Cause]]] = {
    "Pod": pod_causes,
    "Deployment": workloads.deployment,
    "ReplicaSet": workloads.replica_set,
    "DaemonSet": sets.daemon_set,
    "StatefulSet": sets.stateful_set,
    "ControllerRevision": sets.controller_revision,
    "Job": workloads.job,
    "CronJob": cron_jobs.cron_job,
    "PersistentVolumeClaim": claims.claim,
    "ConfigMap": core.config_map,
    "Secret": core.secret,
    "Service": core.service,
    "Node": core.node,
    "Event": core.event,
    "Lease": core.lease,
    "Role": policy.role,
    "ClusterRole": policy.cluster_role,
    "RoleBinding": policy.binding,
    "ClusterRoleBinding": policy.binding,
    "NetworkPolicy": policy.network_policy,
    "MutatingWebhookConfiguration": webhooks.configuration,
    "ValidatingWebhookConfiguration": webhooks.configuration,
}


def _causes(resource: Resource, body: Object) -> list[Cause]:
    found = metadata_causes(resource, body["metadata"])
    check = CHECKS.get(resource.kind)
    return found + (check(body) if check else [])


def check_new(resource: Resource, body: Object) -> None:
    """Raises StatusError 422 with everything that is wrong with an object to be made."""
    if causes := _causes(resource, body):
        raise invalid(resource, body["metadata"].get("name", ""), causes)


def check_update(resource: Resource, before: Object, after: Object, subresource: str) -> None:
    """Raises StatusError 422 with everything that is wrong with an object's new form."""
    if subresource == "status":
        causes = metadata_causes(resource, after["metadata"])
    else:
        causes = _causes(resource, after)
        causes += new_finalizer_causes(before["metadata"], after["metadata"])
        causes += [c for c in updates.update_causes(resource, before, after) if c not in causes]
    if causes:
        raise invalid(resource, after["metadata"].get("name", ""), causes)
