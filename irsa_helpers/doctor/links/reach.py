"""What is tried, not read: STS for a role that cannot be seen; and the way to the node's role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_helpers.doctor.evidence.reading import (
    CannotSeeError,
    SkipError,
    UnseenError,
    read_aws,
    read_kubernetes,
)
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.policy.network import METADATA_SERVICE, may_reach
from irsa_helpers.serviceaccounts import ROLE_ARN

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

SESSION = "irsa-lab-doctor"
SECONDS = 600
POLICY = """kubectl apply -n {namespace} -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: no-metadata-service}}
spec:
  podSelector: {{}}
  policyTypes: [Egress]
  egress:
  - to: [{{ipBlock: {{cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}}}]
END"""


def handshake(case: Case) -> Link:
    """STS gives the ServiceAccount's token a session; tried where the role cannot be seen.

    It is not where the role is another account's, or where you may not read it.

    It asks for a token of ten minutes and for a session, and uses neither.
    """
    if case.is_by_association:
        raise SkipError("EKS Pod Identity is used instead")
    if _is_seen(case):
        raise SkipError("the role can be seen: the links above tell it")
    if _is_a_slip(case):
        raise SkipError("the link role tells it")
    if case.uses_pod_identity:
        raise SkipError("EKS Pod Identity is used instead")
    said = _ask(case, SESSION)
    if isinstance(said, dict):
        return _refused(case, said)
    return ok(f"STS gives {said}")


def settled_by_handshake(case: Case, keys: list[str]) -> Link:
    """What STS says of a trust policy that hangs on where the call comes from.

    In the sandbox the doctor's call comes from where the Pod's does. On AWS it does not: there the
    link cannot be seen.
    """
    listed = ", ".join(keys)
    if case.world.name != "sandbox":
        raise UnseenError(f"what the Pod's call has for {listed}, which the trust policy asks for")
    for session_name, _ in case.calls:
        said = _ask(case, session_name)
        if isinstance(said, dict):
            return broken(
                f"STS refuses it; the trust policy asks for {listed}",
                expected=f"a call that has the {listed} that the trust policy asks for",
                error=f"{said['Code']}: {said['Message']}",
                fix=f"# let it come from there, or change what is asked of {listed}:\n"
                f"aws iam get-role --role-name {case.role_name}",
            )
    return ok(f"admits {case.subject}; {listed} as STS sees it: tried")


def _ask(case: Case, session_name: str) -> str | dict[str, str]:
    """The session's ARN that STS gives for a token of the ServiceAccount, or the error it gives."""
    from botocore.exceptions import ClientError

    try:
        answer = case.world.aws("sts").assume_role_with_web_identity(
            RoleArn=case.role_arn, RoleSessionName=session_name, WebIdentityToken=_token(case)
        )
    except ClientError as error:
        return dict(error.response["Error"])
    return str(answer["AssumedRoleUser"]["Arn"])


def _is_seen(case: Case) -> bool:
    """Whether the trust policy could be judged, or there is no role that it could be of."""
    try:
        return case.find_role() is None or bool(case.issuer_url)
    except CannotSeeError:
        return False


def _is_a_slip(case: Case) -> bool:
    """Whether your own account has a role of that name for this ServiceAccount."""
    if case.role_account == case.own_account:
        return False
    return any(arn.endswith(f"/{case.role_name}") for arn in case.admitting_roles)


def _token(case: Case) -> str:
    spec = {"audiences": [case.audience], "expirationSeconds": SECONDS}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    path = f"/api/v1/namespaces/{case.namespace}/serviceaccounts/{case.intended_account}/token"
    made = read_kubernetes(case.world, "create serviceaccounts/token", path, request)
    if made is None:
        raise SkipError(f"there is no ServiceAccount {case.intended_account}")
    return str(made["status"]["token"])


def _refused(case: Case, error: dict[str, str]) -> Link:
    """The refusal, with where to look in the other account."""
    said = f"{error['Code']}: {error['Message']}"
    place = f"account {case.role_account}"
    if "No OpenIDConnect provider found" in said:
        expected = f"an OIDC provider for {case.issuer_url} in {place}, where the role is"
        fix = (
            f"aws iam create-open-id-connect-provider --url {case.issuer_url} "
            f"--client-id-list {case.audience}"
        )
    elif "Incorrect token audience" in said:
        expected = f"{case.audience} among the audiences of the provider in {place}"
        fix = (
            "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "
            f"{case.provider_arn} --client-id {case.audience}"
        )
    else:
        expected = f"a role {case.role_name} in {place} whose trust policy admits {case.subject}"
        fix = f"aws iam get-role --role-name {case.role_name}"
    return broken(said, expected=expected, error=said, fix=f"# with credentials of {place}:\n{fix}")


def metadata_service(case: Case) -> Link:
    """A Pod without a role of its own cannot act as the node.

    With a role it does not matter: the SDK takes the token first.
    """
    if case.account_name not in case.accounts:
        raise SkipError(f"there is no ServiceAccount {case.account_name}")
    if ROLE_ARN in case.annotations or case.role_by_hand or case.uses_pod_identity:
        return ok("the ServiceAccount has a role of its own, which the SDK takes first")
    if _is_on_host_network(case):
        return ok("on the host's network a Pod acts as the node, as its author wants it")
    if _is_meant_to_have_a_role(case):
        raise SkipError('see the link "annotation": it says why the role is not there')
    if _kept_away(case):
        return ok("a NetworkPolicy keeps the Pod from the metadata service")
    if _hop_limit(case) == 1:
        return ok("the node's hop limit keeps Pods from the metadata service")
    return risk(
        f"{case.account_name} has no role, and nothing keeps its Pods from {METADATA_SERVICE}",
        expected="a NetworkPolicy, or a hop limit of 1 on the node's IMDSv2",
        error="none: the app acts as the node's role, with all that the node may do",
        fix=POLICY.format(namespace=case.namespace),
    )


def _is_meant_to_have_a_role(case: Case) -> bool:
    """Whether a role is named somewhere, or admits the ServiceAccount, and does not get there."""
    try:
        return case.wants_role
    except CannotSeeError:
        return False


def _is_on_host_network(case: Case) -> bool:
    """Whether the workload's Pods share the node's network: no NetworkPolicy holds for them."""
    try:
        return bool(case.pod_spec.get("hostNetwork")) and not case.is_account
    except SkipError:
        return False


def _kept_away(case: Case) -> bool:
    """Whether an egress policy leaves the metadata service out for this Pod."""
    policies = case.read("networkpolicies", api="apis/networking.k8s.io/v1")
    return not may_reach(case.template or case.pod, (policies or {}).get("items", []))


def _hop_limit(case: Case) -> int | None:
    """The hop limit of the Pod's node, None where it cannot be told."""
    try:
        name = case.pod["spec"].get("nodeName", "")
        node = read_kubernetes(case.world, "get nodes", f"/api/v1/nodes/{name}") or {}
        instance = node.get("spec", {}).get("providerID", "").rpartition("/")[2]
        describe = case.world.aws("ec2").describe_instances
        answer = read_aws("ec2:DescribeInstances", describe, InstanceIds=[instance])
        [reservation] = (answer or {})["Reservations"]
        options = reservation["Instances"][0].get("MetadataOptions", {})
    except (CannotSeeError, SkipError):
        return None
    limit: int | None = options.get("HttpPutResponseHopLimit")
    return limit
