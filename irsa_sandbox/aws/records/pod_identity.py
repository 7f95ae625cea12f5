"""EKS Pod Identity associations: which role a ServiceAccount has, kept with the cluster.

Source: EKS API, botocore eks/2017-11-01 (PodIdentityAssociation).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_helpers.policy.document import Statement
from irsa_helpers.policy.match import action_matches
from irsa_sandbox.aws.callers.directory import Directory
from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, json_answer

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/\S+")
PRINCIPAL = "pods.eks.amazonaws.com"
_SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
Association = dict[str, Any]


class PodIdentity:
    """The operations on associations."""

    def __init__(self, records: Records, directory: Directory) -> None:
        self._records = records
        self._directory = directory
        operations: dict[str, Callable[[Invocation], Answer]] = {
            "CreatePodIdentityAssociation": self._create,
            "DescribePodIdentityAssociation": self._describe,
            "ListPodIdentityAssociations": self._list,
            "UpdatePodIdentityAssociation": self._update,
            "DeletePodIdentityAssociation": self._delete,
        }
        for name, operation in operations.items():
            records.rules["eks", name] = operation

    def _create(self, invocation: Invocation) -> Answer:
        parameters = invocation.parameters
        self._check(invocation)
        associations = _associations(_cluster(invocation))
        namespace, account = parameters["namespace"], parameters["serviceAccount"]
        if taken := find(associations, namespace, account):
            text = f"Association already exists: {taken['associationId']}"
            raise AwsError("ResourceInUseException", 409, text)
        association_id = _new_id()
        name = parameters["clusterName"]
        now = self._records.now().timestamp()
        place = f"arn:aws:eks:{invocation.region}:{invocation.account_id}"
        association = {
            "clusterName": name,
            "namespace": namespace,
            "serviceAccount": account,
            "roleArn": parameters["roleArn"],
            "associationArn": f"{place}:podidentityassociation/{name}/{association_id}",
            "associationId": association_id,
            "tags": parameters.get("tags", {}),
            "createdAt": now,
            "modifiedAt": now,
            "disableSessionTags": parameters.get("disableSessionTags", False),
        }
        _set_target(association, invocation)
        associations[association_id] = association
        return json_answer({"association": association})

    def _check(self, invocation: Invocation) -> None:
        """Raises AwsError for a role that EKS Pod Identity could not assume."""
        _check_form(invocation)
        role = self._directory.role(invocation.parameters.get("roleArn", ""))
        if role and not any(map(_names_pod_identity, role.trust_policy.statements)):
            text = "Trust policy of the role provided is invalid"
            raise AwsError("InvalidParameterException", 400, text)

    def _describe(self, invocation: Invocation) -> Answer:
        return json_answer({"association": _association(invocation)})

    def _list(self, invocation: Invocation) -> Answer:
        parameters = invocation.parameters
        listed = [
            {name: association[name] for name in _SUMMARY}
            for association in _associations(_cluster(invocation)).values()
            if parameters.get("namespace") in (None, association["namespace"])
            and parameters.get("serviceAccount") in (None, association["serviceAccount"])
        ]
        return json_answer({"associations": listed})

    def _update(self, invocation: Invocation) -> Answer:
        association = _association(invocation)
        self._check(invocation)
        for name in ("roleArn", "disableSessionTags"):
            if name in invocation.parameters:
                association[name] = invocation.parameters[name]
        _set_target(association, invocation)
        association["modifiedAt"] = self._records.now().timestamp()
        return json_answer({"association": association})

    def _delete(self, invocation: Invocation) -> Answer:
        association = _association(invocation)
        del _associations(_cluster(invocation))[association["associationId"]]
        return json_answer({"association": association})


def find(
    associations: dict[str, Association], namespace: str, service_account: str
) -> Association | None:
    """The association of a ServiceAccount, None where it has none."""
    wanted = (namespace, service_account)
    return next(
        (
            each
            for each in list(associations.values())
            if (each["namespace"], each["serviceAccount"]) == wanted
        ),
        None,
    )


def of_cluster(account_id: str, region: str, name: str) -> dict[str, Association] | None:
    """The associations of a cluster, None where there is no such cluster."""
    from moto.eks.models import eks_backends

    cluster = eks_backends[account_id][region].clusters.get(name)
    return _associations(cluster) if cluster is not None else None


def no_cluster(name: str) -> AwsError:
    """The refusal for a cluster that is not there."""
    text = f"No cluster found for name: {name}."
    return AwsError("ResourceNotFoundException", 404, text)


def _names_pod_identity(statement: Statement) -> bool:
    """Whether a statement of a trust policy lets EKS Pod Identity in, under whatever conditions.

    Our reading: EKS does not know the Pods to come, so it cannot judge the conditions.
    """
    named = ("Service", PRINCIPAL) in (statement.principals or ())
    return (
        statement.effect == "Allow"
        and named
        and any(action_matches(action, "sts:AssumeRole") for action in statement.actions)
    )


def _check_form(invocation: Invocation) -> None:
    parameters = invocation.parameters
    if "policy" in parameters:
        text = f"The sandbox does not implement policy of eks:{invocation.operation}."
        raise AwsError("NotImplemented", 400, text)
    if parameters.get("targetRoleArn"):
        _account_of(parameters["targetRoleArn"])
    arn = parameters.get("roleArn")
    if arn is not None and _account_of(arn) != invocation.account_id:
        text = "Cross-account pass role is not allowed."
        raise AwsError("AccessDeniedException", 403, text)


def _account_of(role_arn: str) -> str:
    """The account of a role's ARN. Raises AwsError for what is none."""
    named = _ROLE_ARN.fullmatch(role_arn)
    if not named:
        raise AwsError("InvalidParameterException", 400, f"Invalid role ARN: {role_arn}")
    return named[1]


def _set_target(association: Association, invocation: Invocation) -> None:
    """The association has the target role that the call names, of whatever account.

    The external id is the association's own. Our reading: an empty name takes the target away.
    Source: EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles".
    """
    if "targetRoleArn" not in invocation.parameters:
        return
    target = invocation.parameters["targetRoleArn"]
    for name in ("targetRoleArn", "externalId"):
        association.pop(name, None)
    if target:
        names = [association[name] for name in ("clusterName", "namespace", "serviceAccount")]
        association["targetRoleArn"] = target
        association["externalId"] = "/".join([invocation.region, invocation.account_id, *names])


def _cluster(invocation: Invocation) -> Any:
    from moto.eks.models import eks_backends

    name = invocation.parameters["clusterName"]
    cluster = eks_backends[invocation.account_id][invocation.region].clusters.get(name)
    if cluster is None:
        raise no_cluster(name)
    return cluster


def _associations(cluster: Any) -> dict[str, Association]:
    """The associations that are kept beside what moto keeps of the cluster."""
    kept: dict[str, Association] = vars(cluster).setdefault("pod_identity_associations", {})
    return kept


def _association(invocation: Invocation) -> Association:
    association_id = invocation.parameters["associationId"]
    association = _associations(_cluster(invocation)).get(association_id)
    if association is None:
        text = f"No association found for associationId: {association_id}"
        raise AwsError("ResourceNotFoundException", 404, text)
    return association


def _new_id() -> str:
    from moto.moto_api._internal import mock_random

    return "a-" + "".join(mock_random.choice(_ALPHABET) for _ in range(17))
