"""What the doctor tells you to type: lines for a shell, and what is no command as a comment."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError
from irsa_helpers.serviceaccounts import ROLE_ARN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from irsa_helpers.doctor.evidence.case import Case
    from irsa_helpers.doctor.result import Link

RESTARTABLE = {"deployment", "statefulset", "daemonset"}
RESTART = "kubectl rollout restart"
LATER = "# new Pods are made by a fix below, once all of this is mended"
NEW_PODS = "# then make its Pods anew: the webhook acts when a Pod is made"


def comment(text: str) -> str:
    """Text that a shell leaves alone."""
    return "\n".join(f"# {line}" for line in text.splitlines())


def commands(*parts: str) -> str:
    """Commands and comments, one after the other; empty ones are left out."""
    return "\n".join(part for part in parts if part)


def parts_of(fix: str) -> list[str]:
    """The commands and comments of a fix, one by one; a command with a here-document is one."""
    parts: list[str] = []
    in_document = False
    for line in fix.splitlines():
        if in_document:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
        in_document = line.endswith("<<END") or (in_document and line != "END")
    return parts


def restart_command(case: Case) -> str:
    """What gives the workload new Pods."""
    kind, _, name = (case.owner or "").partition("/")
    if kind in RESTARTABLE:
        return f"{RESTART} {kind} {name} -n {case.namespace}"
    if kind == "cronjob":
        return f"kubectl create job {name}-again --from=cronjob/{name} -n {case.namespace}"
    if not case.is_account:
        return NEW_PODS
    try:
        pods = case.pods
    except (CannotSeeError, SkipError):
        return NEW_PODS
    kept_up = [p["metadata"]["name"] for p in pods if p["metadata"].get("ownerReferences")]
    if kept_up:
        return f"kubectl delete pod {' '.join(kept_up)} -n {case.namespace}"
    return NEW_PODS if pods else ""


def one_restart(links: list[Link]) -> list[Link]:
    """The links with each workload restarted by the last fix that does so, not by those before.

    New Pods are wanted once all is mended, and kubectl refuses a second restart within a second.
    """
    told: set[str] = set()
    shortened = []
    for link in reversed(links):
        lines = link.fix.splitlines()
        kept = [LATER if line in told else line for line in lines]
        told |= {line for line in lines if line.startswith(RESTART)}
        shortened.append(replace(link, fix=commands(*kept)) if kept != lines else link)
    return shortened[::-1]


def annotate_command(case: Case, value: str, key: str = ROLE_ARN) -> str:
    """What puts an annotation on the ServiceAccount, and makes it count."""
    return commands(
        f"kubectl annotate serviceaccount {case.intended_account} -n {case.namespace} "
        f"--overwrite {key}={value}",
        restart_command(case),
    )


def unset_command(case: Case, names: Iterable[str], container: str) -> str:
    """What takes variables out of one of the workload's containers."""
    return _set_env(case, [f"{name}-" for name in names], container, "take out")


def empty_command(case: Case, names: Iterable[str], container: str) -> str:
    """What makes variables empty in one container, whatever `envFrom` brings in."""
    return _set_env(case, [f"{name}=" for name in names], container, "set")


def _set_env(case: Case, changes: list[str], container: str, what: str) -> str:
    listed = " ".join(changes)
    if case.owner is None or case.owner.startswith("job/"):
        listed = listed.replace("- ", " ").removesuffix("-")
        told = f"in container {container} of the manifest {what} {listed}; then make it anew"
        return comment(told)
    return f"kubectl set env {case.owner} -n {case.namespace} -c {container} {listed}"


def patch_template(case: Case, **members: Any) -> str:
    """What changes the workload's Pod template by a merge patch; None takes a member away."""
    kind, _, name = (case.owner or "").partition("/")
    if not kind or kind == "job":
        # The template of a Job that exists stays as it is.
        whose = "Job's" if kind else "Pod's"
        return comment(f"in the {whose} manifest, then make it anew: {json.dumps(members)}")
    spec: dict[str, Any] = {"template": members}
    if kind == "cronjob":
        spec = {"jobTemplate": {"spec": spec}}
    return f"kubectl patch {kind} {name} -n {case.namespace} -p '{json.dumps({'spec': spec})}'"


def trust_command(case: Case, policy: dict[str, Any]) -> str:
    """What gives the role that trust policy."""
    return (
        f"aws iam update-assume-role-policy --role-name {case.role_name} "
        f"--policy-document '{json.dumps(policy)}'"
    )


def permission_command(case: Case, name: str, policy: dict[str, Any]) -> str:
    """What gives the role that inline policy."""
    return (
        f"aws iam put-role-policy --role-name {case.role_name} --policy-name {name} "
        f"--policy-document '{json.dumps(policy)}'"
    )
