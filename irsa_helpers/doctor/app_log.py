"""The last word: what the app itself says, where every link of its chain holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.reading import SkipError, read_kubernetes
from irsa_helpers.doctor.result import Link, ok, risk
from irsa_helpers.doctor.workload import restart_command

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case

LINES = 20
# Error codes and texts that a broken chain shows. Source: STS API, botocore's credential errors.
CAUSES = {
    "ExpiredTokenException": "the app keeps a token: it must read the file again each time",
    "ExpiredToken": "the app keeps credentials: they end after an hour; leave them to the SDK",
    "InvalidIdentityToken": "the token shown is not the mounted one, or the provider is new",
    "AssumeRoleWithWebIdentity": "trust policies take some seconds to take effect; or the app "
    "names another role than the annotation",
    "InvalidClientTokenId": "the app uses keys of its own instead of the token",
    "Unable to locate credentials": "the app's SDK is too old for IRSA, or runs as another user",
    "NoCredentialsError": "the app's SDK is too old for IRSA, or runs as another user",
    "AccessDenied": "the role may not do what the app asks for",
}


def app_log(case: Case) -> Link:
    """The app's log does not end with an AWS error."""
    lines = [line for line in _log(case).splitlines() if line.strip()]
    if not lines:
        return ok("the log is empty")
    for sign, cause in CAUSES.items():
        if sign in lines[-1]:
            return risk(
                lines[-1][:300],
                expected="no AWS error at the end of the log, as every link of the chain holds",
                error=sign,
                fix=f"{cause}\n{restart_command(case)}",
            )
    return ok("it does not end with an AWS error")


def _log(case: Case) -> str:
    """The end of the first container's log."""
    pod = case.pod
    if not any("running" in status.get("state", {}) for status in _statuses(pod)):
        raise SkipError("no container runs")

    def read(name: str, namespace: str) -> Any:
        container = pod["spec"]["containers"][0]["name"]
        return case.world.core_v1.read_namespaced_pod_log(
            name, namespace, container=container, tail_lines=LINES
        )

    name = pod["metadata"]["name"]
    found = read_kubernetes(case.world, "get pods/log", read, name, case.namespace)
    if found is None:
        raise SkipError("the Pod is gone")
    return str(found)


def _statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return list(pod.get("status", {}).get("containerStatuses", []))
