"""The closing check of a notebook: whether a step holds, judged by what AWS and Kubernetes say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irsa_helpers import course, oidc, roles, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.pods import exec_in_pod, ready_pod_name
from irsa_helpers.policy import nearest_fix
from irsa_helpers.printing.boxes import Passed
from irsa_helpers.printing.markdown import Markdown
from irsa_helpers.worlds.waiting import wait_for_pod

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.doctor import Diagnosis
    from irsa_helpers.views import MarkdownTable
    from irsa_helpers.worlds import World


def verify(world: World, step: str) -> Passed:
    """What was checked of the course's steps up to `step` (one of `course.STEPS`), as a box.

    Raises IrsaLabError, which names the cause and the next step, where one does not hold.
    """
    if step not in course.STEPS:
        raise IrsaLabError(f"no step {step!r}", next_step=f"one of {', '.join(course.STEPS)}")
    reached = course.STEPS[: course.STEPS.index(step) + 1]
    return passed(*(CHECKS[name](world) for name in reached))


def passed(*sentences: str) -> Passed:
    """What a closing check found to hold; made after the last `assert`."""
    return Passed(sentences)


def where_am_i(world: World) -> MarkdownTable:
    """The course's four steps, each with whether it holds in this world, or why not yet."""
    from irsa_helpers.views import MarkdownTable

    rows = [
        (
            Markdown(f"{number}. [{step.name}]({NOTEBOOKS[step.name]}.ipynb)"),
            step.state,
            step.found,
        )
        for number, step in enumerate(steps(world), 1)
    ]
    return MarkdownTable(("step", "state", "found"), rows)


@dataclass(frozen=True)
class Step:
    """One of `course.STEPS`; its `state` is `done`, `not yet` or, behind one such, `waits`."""

    name: str
    state: str
    found: str
    next_step: str = ""


def steps(world: World) -> list[Step]:
    """The course's four steps, each with what was found and, for the open one, what to do."""
    seen: list[Step] = []
    for name, check in CHECKS.items():
        if seen and seen[-1].state != "done":
            seen.append(Step(name, "waits", "the step before comes first"))
            continue
        try:
            seen.append(Step(name, "done", check(world)))
        except IrsaLabError as error:
            seen.append(Step(name, "not yet", error.message, error.next_step))
    return seen


def _provider(world: World) -> str:
    provider = oidc.describe_provider(world)
    if provider is None:
        raise IrsaLabError(
            f"IAM has no OIDC provider for {oidc.issuer_url(world)}, this cluster's issuer",
            next_step="ensure_provider(world), or notebook 02",
        )
    if oidc.AUDIENCE not in provider["ClientIDList"]:
        raise IrsaLabError(
            f"the provider lists the audiences {provider['ClientIDList']}, not {oidc.AUDIENCE}",
            next_step="iam.add_client_id_to_open_id_connect_provider",
        )
    return f"IAM knows the issuer, for the audience {oidc.AUDIENCE}"


def _role(world: World) -> str:
    from irsa_helpers.policy.admission import TokenFacts, ask_trust_policy

    role = roles.describe_role(world, course.ROLE)
    if role is None:
        raise IrsaLabError(f"there is no role {course.ROLE}", next_step="notebook 03 makes it")
    provider = oidc.provider_arn(world)
    for finding in trust.check_trust_policy(role["TrustPolicy"], provider):
        if finding.severity != "advice":
            raise IrsaLabError(f"trust policy: {finding.message}", next_step=finding.fix)
    subject = trust.subject(course.NAMESPACE, course.SERVICE_ACCOUNT)
    token = TokenFacts(provider, oidc.issuer_url(world), subject, oidc.AUDIENCE)
    decision = ask_trust_policy(role["Arn"], role["TrustPolicy"], token)
    if not decision.allowed:
        fix = nearest_fix(decision)
        raise IrsaLabError(f"trust policy: it does not admit {subject}", next_step=fix)
    return f"{course.ROLE} admits {subject} alone"


def _service_account(world: World) -> str:
    from irsa_helpers.doctor import doctor

    return _healthy(doctor(world, f"sa/{course.SERVICE_ACCOUNT}", namespace=course.NAMESPACE))


def _deployment(world: World) -> str:
    from irsa_helpers.doctor import doctor

    _healthy(doctor(world, f"deployment/{course.DEPLOYMENT}", namespace=course.NAMESPACE))
    pod = ready_pod_name(world, course.DEPLOYMENT, namespace=course.NAMESPACE)
    source = f"s3://{course.bucket_name(world)}/{course.OBJECT}"
    answer = exec_in_pod(world, pod, ["aws", "s3", "cp", source, "-"], namespace=course.NAMESPACE)
    if answer.exit_code != 0:
        raise IrsaLabError(
            f"the Pod cannot read {source}: {answer.stderr.strip()}",
            next_step=_after_refusal(world),
        )
    return f"{pod} reads {source}"


def _after_refusal(world: World) -> str:
    """What to do where the chain holds and the Pod is refused all the same."""
    pod = wait_for_pod(world, course.DEPLOYMENT, namespace=course.NAMESPACE)
    if course.older_than_role(world, pod):
        restart = f"kubectl rollout restart deployment/{course.DEPLOYMENT}"
        return (
            f"{course.ROLE} was made anew while the Pod ran, which keeps old credentials: {restart}"
        )
    return f"irsa-lab doctor deployment/{course.DEPLOYMENT}"


def _healthy(diagnosis: Diagnosis) -> str:
    if diagnosis.problems:
        link = diagnosis.problems[0]
        expected = f"; expected: {link.expected}" if link.expected else ""
        raise IrsaLabError(f"{link.name}: {link.found}{expected}", next_step=link.fix)
    return f"the doctor finds no fault from {diagnosis.target} to its role"


NOTEBOOKS = {
    "provider": "02-oidc-association",
    "role": "03-trust-policy",
    "service-account": "04-service-account",
    "deployment": "05-pod-verification",
}
CHECKS: dict[str, Callable[[World], str]] = {
    "provider": _provider,
    "role": _role,
    "service-account": _service_account,
    "deployment": _deployment,
}
