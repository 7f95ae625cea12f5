"""The kinds that the API server serves: each is said in one record."""

from __future__ import annotations

from irsa_sandbox.apiserver.kinds.absent import ABSENT
from irsa_sandbox.apiserver.kinds.claims import CLAIM
from irsa_sandbox.apiserver.kinds.configuration import CONFIG_MAP, SECRET
from irsa_sandbox.apiserver.kinds.daemonsets import DAEMON_SET
from irsa_sandbox.apiserver.kinds.deployments import DEPLOYMENT, REPLICA_SET
from irsa_sandbox.apiserver.kinds.events import EVENT
from irsa_sandbox.apiserver.kinds.jobs import CRON_JOB, JOB
from irsa_sandbox.apiserver.kinds.kind import Kind
from irsa_sandbox.apiserver.kinds.leases import LEASE
from irsa_sandbox.apiserver.kinds.namespaces import NAMESPACE
from irsa_sandbox.apiserver.kinds.networkpolicies import NETWORK_POLICY
from irsa_sandbox.apiserver.kinds.nodes import NODE
from irsa_sandbox.apiserver.kinds.pods import POD
from irsa_sandbox.apiserver.kinds.rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from irsa_sandbox.apiserver.kinds.serviceaccounts import SERVICE_ACCOUNT
from irsa_sandbox.apiserver.kinds.services import SERVICE
from irsa_sandbox.apiserver.kinds.statefulsets import CONTROLLER_REVISION, STATEFUL_SET
from irsa_sandbox.apiserver.kinds.webhook_configurations import MUTATING, VALIDATING

KINDS: tuple[Kind, ...] = (
    *(NAMESPACE, NODE, POD, SERVICE_ACCOUNT, CONFIG_MAP, SECRET, SERVICE, EVENT, CLAIM),
    *(DEPLOYMENT, REPLICA_SET, DAEMON_SET, STATEFUL_SET, CONTROLLER_REVISION, JOB, CRON_JOB),
    *(NETWORK_POLICY, ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING),
    *(MUTATING, VALIDATING, LEASE),
    *ABSENT,
)
BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}

__all__ = ["BY_PATH", "KINDS", "Kind"]
