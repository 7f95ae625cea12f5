"""What the doctor is asked about: `deployment/NAME`, `pod/NAME`, `sa/NAME` and their like."""

from __future__ import annotations

from dataclasses import dataclass

from irsa_helpers.errors import IrsaLabError


@dataclass(frozen=True)
class Kind:
    """A kind of workload: its names, and the API that has it, as in `apis/apps/v1`."""

    name: str
    plural: str
    short: str
    api: str


KINDS = (
    Kind("deployment", "deployments", "deploy", "apis/apps/v1"),
    Kind("statefulset", "statefulsets", "sts", "apis/apps/v1"),
    Kind("daemonset", "daemonsets", "ds", "apis/apps/v1"),
    Kind("replicaset", "replicasets", "rs", "apis/apps/v1"),
    Kind("job", "jobs", "job", "apis/batch/v1"),
    Kind("cronjob", "cronjobs", "cj", "apis/batch/v1"),
    Kind("pod", "pods", "po", "api/v1"),
    Kind("serviceaccount", "serviceaccounts", "sa", "api/v1"),
)


def parse_target(target: str) -> tuple[Kind, str]:
    """The kind and name in `deployment/s3-access-app`; a bare name is a Deployment's.

    Raises IrsaLabError for a kind that runs no Pods.
    """
    kind, slash, name = target.rpartition("/")
    wanted = kind.lower().partition(".")[0] if slash else "deployment"
    for known in KINDS:
        if wanted in {known.name, known.plural, known.short} and name:
            return known, name
    raise IrsaLabError(
        f"cannot diagnose {target!r}",
        next_step="name it as deployment/NAME, pod/NAME or sa/NAME",
    )
