"""Whether EKS Pod Identity's agent runs, which gives Pods their credentials on each node.

Source: EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; EKS Auto Mode has it built in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_helpers.doctor.evidence.reading import SkipError, read_kubernetes
from irsa_helpers.doctor.fixes.shell import comment
from irsa_helpers.doctor.result import Link, broken, ok, risk

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

NAME = "eks-pod-identity-agent"
PATH = f"/apis/apps/v1/namespaces/kube-system/daemonsets/{NAME}"
ERROR = "Could not connect to the endpoint URL: http://169.254.170.23/v1/credentials"


def agent(case: Case) -> Link:
    """The agent of EKS Pod Identity runs on every node, where an association gives the role."""
    if not case.uses_pod_identity:
        raise SkipError("EKS Pod Identity is not used")
    if case.world.name == "sandbox":
        return ok("the sandbox's node has it")
    daemon_set = read_kubernetes(case.world, "get daemonsets", PATH)
    if daemon_set is None:
        return ok("EKS Auto Mode has it built in") if case.is_auto_mode else _missing(case)
    status = daemon_set.get("status", {})
    ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
    if ready >= wanted:
        return ok(f"{NAME} is ready on {ready} nodes")
    return risk(
        f"{NAME} is ready on {ready} of {wanted} nodes",
        expected="an agent on every node that runs such Pods",
        error=f"{ERROR}, on the other nodes",
        fix=comment(f"kubectl describe daemonset {NAME} -n kube-system"),
    )


def _missing(case: Case) -> Link:
    return broken(
        f"there is no DaemonSet {NAME} in kube-system",
        expected="the add-on of that name, or EKS Auto Mode",
        error=ERROR,
        fix=f"aws eks create-addon --cluster-name {case.world.cluster_name} --addon-name {NAME}",
    )
