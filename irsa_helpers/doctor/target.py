"""What the doctor is asked about: `deployment/NAME`, `pod/NAME`, `sa/NAME` and their like."""

from __future__ import annotations

from dataclasses import dataclass

from irsa_helpers.errors import IrsaLabError


@dataclass(frozen=True)
class Kind:
    """A kind of workload: its names, and where the Kubernetes client reads one."""

    name: str
    plural: str
    short: str
    api: str
    method: str


KINDS = (
    Kind("deployment", "deployments", "deploy", "AppsV1Api", "deployment"),
    Kind("statefulset", "statefulsets", "sts", "AppsV1Api", "stateful_set"),
    Kind("daemonset", "daemonsets", "ds", "AppsV1Api", "daemon_set"),
    Kind("replicaset", "replicasets", "rs", "AppsV1Api", "replica_set"),
    Kind("job", "jobs", "job", "BatchV1Api", "job"),
    Kind("pod", "pods", "po", "CoreV1Api", "pod"),
    Kind("serviceaccount", "serviceaccounts", "sa", "CoreV1Api", "service_account"),
)


def parse_target(target: str) -> tuple[Kind, str]:
    """The kind and name in `deployment/s3-access-app`; a bare name is a Deployment's.

    Raises IrsaLabError for a kind that runs no Pods.
    """
    kind, slash, name = target.rpartition("/")
    wanted = kind.lower().partition(".")[0] if slash else "deployment"
    for each in KINDS:
        if wanted in {each.name, each.plural, each.short} and name:
            return each, name
    raise IrsaLabError(
        f"cannot diagnose {target!r}",
        next_step="name it as deployment/NAME, pod/NAME or sa/NAME",
    )
