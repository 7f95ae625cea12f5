"""The Kubernetes side, first part: the workload, its Pod and its ServiceAccount."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.case import mended_arn
from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError
from irsa_helpers.doctor.fixes.shell import (
    annotate_command,
    commands,
    comment,
    restart_command,
)
from irsa_helpers.doctor.links import app_log
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN, ROLE_ARN_FORM

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

NODE_ROLE = (
    "the app acts as the node's role, or finds no credentials: AccessDenied for "
    "…:assumed-role/NODE-ROLE/…, or `Unable to locate credentials`"
)
SHORTEST_ARN = 20  # What is shorter the SDK refuses to send. Source: STS's API model.
STUCK = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CrashLoopBackOff",
    "RunContainerError",
}


def workload(case: Case) -> Link:
    """The workload that was named exists."""
    if case.workload is not None:
        return ok(f"{case.kind.name} {case.namespace}/{case.name}")
    return broken(
        f"no {case.kind.name} {case.name} in namespace {case.namespace}",
        expected=f"a {case.kind.name} of that name",
        error=f'{case.kind.plural} "{case.name}" not found',
        fix=f"kubectl get {case.kind.plural} --all-namespaces",
    )


def pods(case: Case) -> Link:
    """A Pod of the workload lives."""
    if case.workload is None:
        raise SkipError(f"there is no {case.kind.name} {case.name}")
    if not case.pods:
        return _no_pod(case)
    for pod in case.current_pods:
        if stuck := _stuck(case, pod):
            return stuck
    name, phase = case.pod["metadata"]["name"], case.pod.get("status", {}).get("phase", "")
    return ok(f"{name} is {phase}; {len(case.pods)} in all")


def _stuck(case: Case, pod: dict[str, Any]) -> Link | None:
    """Why a Pod's containers do not stay up: what they said of AWS, where they said it."""
    name = pod["metadata"]["name"]
    for container, waiting in _waiting(pod):
        if waiting.get("reason") not in STUCK:
            continue
        reason = f"Pod {name}, container {container}: {waiting['reason']}"
        try:
            said = app_log.crash(case.acting, pod)
        except CannotSeeError as error:
            said = broken("", expected="", error="", fix=comment(f"its log: {error.message}"))
        if said is not None and said.found:
            return replace(said, found=f"{reason}\n{said.found}", expected="containers that run")
        return broken(
            f"{reason}: {waiting.get('message', '')}",
            expected="a Pod whose containers run",
            error=str(waiting["reason"]),
            fix=commands(
                said.fix if said else "", f"kubectl describe pod {name} -n {case.namespace}"
            ),
        )
    return None


def _no_pod(case: Case) -> Link:
    if case.is_account:
        raise SkipError("no Pod uses this ServiceAccount")
    body: dict[str, Any] = case.workload or {}
    if body["spec"].get("replicas") == 0:
        raise SkipError("scaled to no Pods")
    if body.get("status", {}).get("desiredNumberScheduled") == 0:
        raise SkipError("no node is meant for it")
    if case.kind.name in {"job", "cronjob"} and not _failures(body):
        raise SkipError("none runs just now")
    said = _failures(body)
    return broken(
        "; ".join(said) or "no Pod lives",
        expected="at least one Pod",
        error=said[0] if said else "",
        fix=f"kubectl describe {case.kind.name} {case.name} -n {case.namespace}",
    )


def _failures(body: dict[str, Any]) -> list[str]:
    """Why a workload's controller got no Pods made, or gave them up."""
    return [
        condition.get("message", "")
        for condition in body.get("status", {}).get("conditions", [])
        if condition["type"] in {"ReplicaFailure", "Failed"} and condition["status"] == "True"
    ]


def _waiting(pod: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(container, why it waits) of each that does."""
    status = pod.get("status", {})
    states = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return [(s.get("name", ""), s["state"]["waiting"]) for s in states if "waiting" in s["state"]]


def service_account_name(case: Case) -> Link:
    """The workload says as which ServiceAccount it runs."""
    if case.is_account:
        raise SkipError("a ServiceAccount was named, not a workload")
    name, intended = case.account_name, case.intended_account
    if name == intended:
        return ok(f"serviceAccountName: {name}")
    return broken(
        f"serviceAccountName: {name}",
        expected=f"{intended}, the ServiceAccount of {case.namespace} that a role was meant for",
        error=NODE_ROLE,
        fix=_run_as(case, intended),
    )


def _run_as(case: Case, account: str) -> str:
    """What makes the workload run as that ServiceAccount."""
    if case.owner is None:
        return comment(f"in the Pod's manifest, then make it anew: serviceAccountName: {account}")
    kind, _, name = case.owner.partition("/")
    return f"kubectl set serviceaccount {kind} {name} {account} -n {case.namespace}"


def service_account(case: Case) -> Link:
    """That ServiceAccount exists."""
    if case.account_name in case.accounts:
        return ok(f"{case.namespace}/{case.account_name}")
    if case.is_account:
        raise SkipError("it is the one that was named")
    if case.intended_account != case.account_name:
        raise SkipError("the link service-account-name tells it")
    alike = difflib.get_close_matches(case.account_name, case.accounts, n=3)
    others = f"; alike: {', '.join(alike)}" if alike else ""
    return broken(
        f"no ServiceAccount {case.account_name} in namespace {case.namespace}{others}",
        expected=f"a ServiceAccount {case.account_name}",
        error=f"Pods are not made: error looking up service account "
        f"{case.namespace}/{case.account_name}: serviceaccount "
        f'"{case.account_name}" not found',
        fix=_run_as(case, alike[0])
        if alike
        else f"kubectl create serviceaccount {case.account_name} -n {case.namespace}",
    )


def annotation(case: Case) -> Link:
    """The ServiceAccount's annotation names a role."""
    skip_with_pod_identity(case)
    if case.account_name not in case.accounts:
        raise SkipError(f"there is no ServiceAccount {case.account_name}")
    if ROLE_ARN in case.intended_annotations:
        return ok(f"{ROLE_ARN}: {case.intended_annotations[ROLE_ARN]}")
    if case.role_by_hand:
        return ok(f"none is needed: AWS_ROLE_ARN is set by hand, {case.role_by_hand}")
    misplaced = [f"{place}: {arn}" for place, arn in case.misplaced_roles]
    try:
        arn = case.role_arn
    except SkipError:
        return ok(f"{case.account_name} names no role and none admits it: IRSA is not used here")
    return broken(
        "\n".join(misplaced) or f"{case.intended_account} has no such annotation",
        expected=f"the annotation {ROLE_ARN} on the ServiceAccount",
        error=NODE_ROLE,
        fix=annotate_command(case, arn),
    )


def role_arn(case: Case) -> Link:
    """The annotation's value is the whole ARN of a role."""
    value = case.intended_annotations.get(ROLE_ARN, case.role_by_hand)
    if value is None:
        raise SkipError("the ServiceAccount names no role")
    if ROLE_ARN_FORM.fullmatch(value):
        return _partition(case, value)
    unknown = f"arn:{case.partition}:iam::{case.own_account}:role/ROLE"
    mended = mended_arn(value, case.own_account, case.partition) or unknown
    return broken(
        repr(value),
        expected=f"arn:{case.partition}:iam::ACCOUNT-ID:role/NAME, with nothing around it",
        error="ValidationError: Request ARN is invalid"
        if len(value) >= SHORTEST_ARN
        else f"Invalid length for parameter RoleArn, value: {len(value)}, valid min length: 20",
        fix=annotate_command(case, mended),
    )


def _partition(case: Case, value: str) -> Link:
    """A whole ARN is of the cluster's partition."""
    if not case.is_of_another_partition(value):
        return ok(value)
    mended = str(mended_arn(value, case.own_account, case.partition))
    return broken(
        f"{value} is of another partition than the cluster, which is of {case.partition}",
        expected=mended,
        error="ValidationError: Request ARN is invalid",
        fix=annotate_command(case, mended),
    )


def token_expiration(case: Case) -> Link:
    """An annotation on the token's life, if there is one, says what will come true."""
    key = f"{PREFIX}token-expiration"
    value = case.intended_annotations.get(key)
    if value is None:
        return ok("86400 s, the default")
    if value.isdecimal() and 600 <= int(value) <= 86_400:
        return ok(f"{value} s")
    return risk(
        f"{key}: {value!r}",
        expected="600 to 86400 seconds; less becomes 600, what is no number is ignored",
        error="an app that reads its token once gets ExpiredTokenException sooner than planned",
        fix=annotate_command(case, "86400", key),
    )


def pod_identity(case: Case) -> Link:
    """No EKS Pod Identity association competes with the annotation."""
    association = case.association
    if association is None:
        return ok("no association: IRSA decides")
    role, stated = association["roleArn"], case.intended_annotations.get(ROLE_ARN)
    target = association.get("targetRoleArn")
    if stated is None:
        way = f"{target}, by way of {role}" if target else role
        return ok(f"EKS Pod Identity gives {way}; IRSA is not used")
    role = target or role
    tell = broken if role != stated else risk
    return tell(
        f"EKS Pod Identity gives {role}, the annotation names {stated}",
        expected="one of the two; where both are set, Pods get EKS Pod Identity alone",
        error="the app acts as the association's role",
        fix=commands(
            f"aws eks delete-pod-identity-association --cluster-name {case.world.cluster_name} "
            f"--association-id {association['associationId']}",
            restart_command(case),
        ),
    )


def skip_with_pod_identity(case: Case) -> None:
    """Raises SkipError where an association without an annotation leaves nothing for IRSA to do."""
    if case.is_by_association:
        raise SkipError("EKS Pod Identity is used instead")


def no_role_is_wanted(case: Case) -> None:
    """Raises SkipError where no role is to be given: how the app gets on without is its own."""
    if not case.wants_role:
        raise SkipError(f"{case.account_name} is to have no role: IRSA is not used here")
