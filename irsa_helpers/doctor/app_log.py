"""The last word: what the app itself says, where every link of its chain holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.fixes import commands, comment, restart_command
from irsa_helpers.doctor.reading import CannotSeeError, SkipError, read_kubernetes
from irsa_helpers.doctor.result import Link, ok, risk

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case

LINES = 20
REFUSED = re.compile(r'not authorized to perform: (\S+) on resource: "?(arn:[^\s"]+)')
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
# With these a new Pod works, for a while.
PASSING = ("ExpiredTokenException", "ExpiredToken", "InvalidIdentityToken")
ASSUME = "sts:AssumeRole"


def app_log(case: Case) -> Link:
    """The app's log does not end with an AWS error."""
    lines = [line for line in app_said(case).splitlines() if line.strip()]
    if not lines:
        return ok("the log is empty")
    if somebody := _other_role(case, lines[-1]):
        return risk(
            lines[-1][:300],
            expected=f"the app to act as {case.role_name}",
            error=f"it acts as {somebody}",
            fix=comment(
                "its SDK does not read the token: it is older than IRSA (take a newer image: "
                f"kubectl set image {case.owner} {case.pod['spec']['containers'][0]['name']}=IMAGE "
                f"-n {case.namespace}), or the app brings keys of its own"
            ),
        )
    for sign, cause in CAUSES.items():
        if sign in lines[-1]:
            return risk(
                lines[-1][:300],
                expected="no AWS error at the end of the log, as every link of the chain holds",
                error=sign,
                fix=commands(
                    comment(_next_role(case) or cause),
                    restart_command(case) if sign in PASSING else "",
                ),
            )
    return ok("it does not end with an AWS error")


def _other_role(case: Case, line: str) -> str:
    """The role that a refusal in the log names, where it is not the chain's own."""
    named = re.search(r":assumed-role/([\w+=,.@-]+)/", line)
    if named is None or "AccessDenied" not in line or named[1] == case.role_name:
        return ""
    return named[1]


def _next_role(case: Case) -> str:
    """Where to look if the app was refused another role; empty if it was something else."""
    action, role = refused_action(case) or ("", "")
    if action != ASSUME:
        return ""
    return (
        f"the trust policy of {role} must admit {case.role_arn} (sts:AssumeRole), and "
        f"{case.role_name} must be allowed to ask; that role is of account {role.split(':')[4]}"
    )


def refused_action(case: Case) -> tuple[str, str] | None:
    """The action and the resource that the app was refused last, as its log has them."""
    try:
        found = REFUSED.findall(app_said(case))
    except (CannotSeeError, SkipError):
        return None
    return found[-1] if found else None


def app_said(case: Case) -> str:
    """The end of the first container's log."""
    pod = case.pod
    states = {state for status in _statuses(pod) for state in status.get("state", {})}
    if not states & {"running", "terminated"}:
        raise SkipError("no container has run")

    path = f"/api/v1/namespaces/{case.namespace}/pods/{pod['metadata']['name']}/log"
    container = pod["spec"]["containers"][0]["name"]
    found = read_kubernetes(case.world, "get pods/log", path, container=container, tailLines=LINES)
    if found is None:
        raise SkipError("the Pod is gone")
    return str(found)


def _statuses(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return list(pod.get("status", {}).get("containerStatuses", []))
