"""The operations on EKS Pod Identity associations: which role a ServiceAccount has.

Source: EKS API, botocore eks/2017-11-01 (PodIdentityAssociation).
"""

from __future__ import annotations

import re

from irsa_helpers.errors import AwsError
from irsa_helpers.policy.document import Statement
from irsa_helpers.policy.match import action_matches
from irsa_sandbox.aws.callers.directory import Directory
from irsa_sandbox.aws.handshake.associations import Association, find, of_cluster
from irsa_sandbox.aws.services.record import Around
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, json_answer

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/\S+")
PRINCIPAL = "pods.eks.amazonaws.com"
_SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def _create(invocation: Invocation, around: Around) -> Answer:
    parameters = invocation.parameters
    _check(invocation, around.directory)
    associations = _kept(invocation)
    namespace, account = parameters["namespace"], parameters["serviceAccount"]
    if taken := find(associations, namespace, account):
        text = f"Association already exists: {taken['associationId']}"
        raise AwsError("ResourceInUseException", 409, text)
    association_id = _new_id()
    name = parameters["clusterName"]
    now = around.now().timestamp()
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


def _check(invocation: Invocation, directory: Directory) -> None:
    """Raises AwsError for a role that EKS Pod Identity could not assume."""
    _check_form(invocation)
    role = directory.role(invocation.parameters.get("roleArn", ""))
    if role and not any(map(_names_pod_identity, role.trust_policy.statements)):
        text = "Trust policy of the role provided is invalid"
        raise AwsError("InvalidParameterException", 400, text)


def _describe(invocation: Invocation, around: Around) -> Answer:
    return json_answer({"association": _association(invocation)})


def _list(invocation: Invocation, around: Around) -> Answer:
    parameters = invocation.parameters
    summaries = [
        {name: association[name] for name in _SUMMARY}
        for association in _kept(invocation).values()
        if parameters.get("namespace") in (None, association["namespace"])
        and parameters.get("serviceAccount") in (None, association["serviceAccount"])
    ]
    return json_answer({"associations": summaries})


def _update(invocation: Invocation, around: Around) -> Answer:
    association = _association(invocation)
    _check(invocation, around.directory)
    for name in ("roleArn", "disableSessionTags"):
        if name in invocation.parameters:
            association[name] = invocation.parameters[name]
    _set_target(association, invocation)
    association["modifiedAt"] = around.now().timestamp()
    return json_answer({"association": association})


def _delete(invocation: Invocation, around: Around) -> Answer:
    association = _association(invocation)
    del _kept(invocation)[association["associationId"]]
    return json_answer({"association": association})


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


def _kept(invocation: Invocation) -> dict[str, Association]:
    """The associations of the cluster that a call names. Raises AwsError where it is not there."""
    name = invocation.parameters["clusterName"]
    return of_cluster(invocation.account_id, invocation.region, name)


def _association(invocation: Invocation) -> Association:
    association_id = invocation.parameters["associationId"]
    association = _kept(invocation).get(association_id)
    if association is None:
        text = f"No association found for associationId: {association_id}"
        raise AwsError("ResourceNotFoundException", 404, text)
    return association


def _new_id() -> str:
    from moto.moto_api._internal import mock_random

    return "a-" + "".join(mock_random.choice(_ALPHABET) for _ in range(17))


OPERATIONS = {
    "CreatePodIdentityAssociation": _create,
    "DescribePodIdentityAssociation": _describe,
    "ListPodIdentityAssociations": _list,
    "UpdatePodIdentityAssociation": _update,
    "DeletePodIdentityAssociation": _delete,
}
