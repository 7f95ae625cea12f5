"""The kinds that the controllers watch, as the API names them."""

from __future__ import annotations

from dataclasses import dataclass

from irsa_sandbox.apiclient import path_of


@dataclass(frozen=True)
class Kind:
    """A collection of the API, and what its objects are."""

    api_version: str
    plural: str
    kind: str
    has_owners: bool = True  # whether its objects go with those that own them

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, or of an object or its part."""
        return path_of(self.api_version, self.plural, namespace, name, subresource)


NAMESPACES = Kind("v1", "namespaces", "Namespace", has_owners=False)
NODES = Kind("v1", "nodes", "Node", has_owners=False)
SECRETS = Kind("v1", "secrets", "Secret", has_owners=False)
SERVICE_ACCOUNTS = Kind("v1", "serviceaccounts", "ServiceAccount")
CONFIG_MAPS = Kind("v1", "configmaps", "ConfigMap")
PODS = Kind("v1", "pods", "Pod")
CLAIMS = Kind("v1", "persistentvolumeclaims", "PersistentVolumeClaim")
REPLICA_SETS = Kind("apps/v1", "replicasets", "ReplicaSet")
DEPLOYMENTS = Kind("apps/v1", "deployments", "Deployment")
DAEMON_SETS = Kind("apps/v1", "daemonsets", "DaemonSet")
STATEFUL_SETS = Kind("apps/v1", "statefulsets", "StatefulSet")
CONTROLLER_REVISIONS = Kind("apps/v1", "controllerrevisions", "ControllerRevision")
JOBS = Kind("batch/v1", "jobs", "Job")
CRON_JOBS = Kind("batch/v1", "cronjobs", "CronJob")

KINDS = (
    *(NAMESPACES, NODES, SERVICE_ACCOUNTS, CONFIG_MAPS, SECRETS, PODS, REPLICA_SETS, DEPLOYMENTS),
    *(DAEMON_SETS, STATEFUL_SETS, CONTROLLER_REVISIONS, JOBS, CRON_JOBS, CLAIMS),
)
