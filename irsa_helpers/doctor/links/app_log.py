"""The last word: what the app itself says, where every link of its chain holds."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence import logs
from irsa_helpers.doctor.evidence.logs import Said
from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError, UnseenError
from irsa_helpers.doctor.fixes.shell import commands, comment, restart_command
from irsa_helpers.doctor.result import Link, ok, risk

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

REFUSED = re.compile(r'not authorized to perform: (\S+) on resource: \\?"?(arn:[^\s"\\]+)')
# Error codes and texts that a broken chain shows, and why. Source: STS API; the errors of botocore
# and of the SDKs for Go, Java (1 and 2), JavaScript, .NET, PHP and Rust.
NO_SDK = "the app's SDK is too old for IRSA, or runs as another user"
CAUSES = {
    "ExpiredTokenException": "the app keeps a token: it must read the file again each time",
    "ExpiredToken": "the app keeps credentials: they end after an hour; leave them to the SDK",
    "InvalidIdentityToken": "the token shown is not the mounted one, or the provider is new",
    "AssumeRoleWithWebIdentity": "trust policies take some seconds to take effect; or the app "
    "names another role than the annotation",
    "InvalidClientTokenId": "the app uses keys of its own instead of the token",
    "UnrecognizedClientException": "the app uses keys of its own instead of the token",
    "InvalidAccessKeyId": "the app uses keys of its own instead of the token",
    "SignatureDoesNotMatch": "the app uses keys of its own, or something changes its requests",
    "PartialCredentialsError": "the app has half a pair of keys",
    "could not be found: The config profile": "the app asks for a profile that is not there",
    "The config profile": "the app asks for a profile that is not there",
    "Unable to locate credentials": NO_SDK,
    "NoCredentialsError": NO_SDK,
    "Unable to load credentials": NO_SDK,
    "no EC2 IMDS role found": NO_SDK,
    "CredentialsProviderError": NO_SDK,
    "Unable to load AWS credentials from any provider": NO_SDK,
    "Failed to resolve AWS credentials": NO_SDK,
    "Error retrieving credentials from the instance profile metadata service": NO_SDK,
    "no providers in chain provided credentials": NO_SDK,
    "CERTIFICATE_VERIFY_FAILED": "the CA bundle that the app uses does not know AWS's",
    "certificate signed by unknown authority": "the CA bundle does not know AWS's, or a proxy's",
    "Could not connect to the endpoint URL": "the endpoint, the region or a proxy is wrong",
    "Failed to connect to proxy URL": "the proxy does not answer",
    "Connect timeout on endpoint URL": "nothing lets the Pod out to AWS: see its network",
    "You must specify a region": "the app has no region",
    "1 hour session limit": "from one role to another a session lives for an hour at most, "
    "whatever the role's maximum is: ask for 3600 seconds, and again in time",
    "AccessDenied": "the role may not do what the app asks for",
    "not authorized to perform": "the role may not do what the app asks for",
}
SIGNS = re.compile("|".join(map(re.escape, CAUSES)))
# With these a new Pod works, for a while.
PASSING = ("ExpiredTokenException", "ExpiredToken", "InvalidIdentityToken")
# What AWS says of a session of a role that is gone.
NO_SESSION = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId")
STALE = "{} was made anew after {} began: its session is of the role that is gone"
ASSUME = "sts:AssumeRole"


def app_log(case: Case) -> Link:
    """No container's log ends with an AWS error."""
    every_log = logs.all_said(case)
    for said in every_log:
        if line := said.last_error(SIGNS):
            return _told(case, said, line)
    if (more := len(case.live_pods) - logs.MOST_PODS) > 0:
        raise UnseenError(f"the logs of {more} Pods more; those of {logs.MOST_PODS} are well")
    is_empty = all(not said.lines for said in every_log)
    return ok("the logs are empty" if is_empty else "no container's log ends with an AWS error")


def crash(case: Case, pod: dict[str, Any]) -> Link | None:
    """The AWS error that a Pod's containers end with; None where they say none."""
    for said in logs.said_by(case, pod):
        if said.died and (line := said.last_error(SIGNS)):
            return replace(_told(case, said, line), state="broken")
    return None


def _told(case: Case, said: Said, line: str) -> Link:
    """The error with its cause, and what to do."""
    place = "" if _is_plain(case, said) else f"container {said.container} of {said.pod}: "
    if somebody := _other_role(case, line):
        return risk(
            f"{place}{line[:300]}",
            expected=f"the app to act as {case.role_name}",
            error=f"it acts as {somebody}",
            fix=comment(
                "its SDK does not read the token: it is older than IRSA (take a newer image: "
                f"kubectl set image {case.owner} {said.container}=IMAGE "
                f"-n {case.namespace}), or the app brings keys of its own"
            ),
        )
    sign = next(cause for cause in CAUSES if cause in line)
    stale = _stale(case, said) if sign in NO_SESSION else ""
    return risk(
        f"{place}{line[:300]}",
        expected="no AWS error at the end of the log, as every link of the chain holds",
        error=sign,
        fix=commands(
            comment(_next_role(case, line) or _refused_call(case, line) or stale or CAUSES[sign]),
            restart_command(case) if stale or sign in PASSING else "",
        ),
    )


def _stale(case: Case, said: Said) -> str:
    """That the app's session is of a role that is gone, where the role is younger than its Pod."""
    try:
        older = [pod["metadata"]["name"] for pod in case.pods_older_than_role]
    except (CannotSeeError, SkipError):
        return ""
    return STALE.format(case.role_name, said.pod) if said.pod in older else ""


def _is_plain(case: Case, said: Said) -> bool:
    """Whether there is but one container that can be meant."""
    spec = case.pod["spec"]
    return len(spec["containers"]) == 1 and not spec.get("initContainers") and len(case.pods) == 1


def _other_role(case: Case, line: str) -> str:
    """The role that a refusal in the log names, where it is not the chain's own."""
    named = re.search(r":assumed-role/([\w+=,.@-]+)/", line)
    if named is None or "AccessDenied" not in line or named[1] == case.role_name:
        return ""
    return named[1]


def _next_role(case: Case, line: str) -> str:
    """Where to look if the app was refused another role; empty if it was something else."""
    refusal = REFUSED.search(line)
    if refusal is None or refusal[1] != ASSUME:
        return ""
    role = refusal[2]
    return (
        f"the trust policy of {role} must admit {case.role_arn} (sts:AssumeRole), and "
        f"{case.role_name} must be allowed to ask; that role is of account {role.split(':')[4]}"
    )


def _refused_call(case: Case, line: str) -> str:
    """What the role would need for the call that was refused; empty where the line has no call."""
    refusal = REFUSED.search(line)
    if refusal is None:
        return ""
    return f"if the app should do that: allow {case.role_name} {refusal[1]} on {refusal[2]}"


def refused_action(case: Case) -> tuple[str, str] | None:
    """The action and the resource that the app was refused last, as its logs have them."""
    refusals = [refusal for line in logs.lines_of(case) for refusal in REFUSED.findall(line)]
    return refusals[-1] if refusals else None
