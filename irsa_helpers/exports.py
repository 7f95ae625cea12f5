"""The four steps as eksctl, CloudFormation and Terraform write them, made from what was built."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles, serviceaccounts
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import arns
from irsa_helpers.policy.lists import statements
from irsa_helpers.roles import same_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irsa_helpers.worlds import World


@dataclass(frozen=True)
class Built:
    """A chain as it stands: from the issuer to the role's inline policies."""

    cluster: str
    region: str
    issuer_url: str
    namespace: str
    service_account: str
    role: str
    role_arn: str
    trust_policy: Mapping[str, Any]
    permissions: Mapping[str, Mapping[str, Any]]


def read_built(world: World, service_account: str, *, namespace: str = "default") -> Built:
    """The chain of a ServiceAccount, read from the cluster and from IAM.

    Raises IrsaLabError where it has no role, or the role is not there.
    """
    account = serviceaccounts.describe_service_account(world, service_account, namespace=namespace)
    if account is None or account["role_arn"] is None:
        raise IrsaLabError(
            f"the ServiceAccount {namespace}/{service_account} has no role",
            next_step='catch_up(world, through="service-account")',
        )
    name = arns.Arn.parse(account["role_arn"]).resource.rpartition("/")[2]
    role = roles.describe_role(world, name)
    if role is None:
        raise IrsaLabError(f"there is no role {name}", next_step='catch_up(world, through="role")')
    return Built(
        world.cluster_name,
        world.region,
        oidc.issuer_url(world),
        namespace,
        service_account,
        name,
        role["Arn"],
        role["TrustPolicy"],
        role["InlinePolicies"],
    )


def eksctl(built: Built) -> str:
    """A ClusterConfig for `eksctl create iamserviceaccount --config-file=… --approve`.

    eksctl writes the trust policy itself, with conditions on `:sub` and `:aud`.
    Source: eksctl documentation, "IAM Roles for Service Accounts".
    """
    account: dict[str, Any] = {
        "metadata": {"name": built.service_account, "namespace": built.namespace},
        "roleName": built.role,
    }
    if built.permissions:
        account["attachPolicy"] = _joined(built)
    return _yaml(
        {
            "apiVersion": "eksctl.io/v1alpha5",
            "kind": "ClusterConfig",
            "metadata": {"name": built.cluster, "region": built.region},
            "iam": {"withOIDC": True, "serviceAccounts": [account]},
        }
    )


def cloudformation(built: Built) -> str:
    """A template with the provider and the role; the annotation stays with Kubernetes.

    The issuer stands in it as text: a condition's key cannot be computed with `!Sub`.
    Source: CloudFormation reference, AWS::IAM::OIDCProvider and AWS::IAM::Role.
    """
    provider = {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {"Url": built.issuer_url, "ClientIdList": [oidc.AUDIENCE]},
    }
    policies = [
        {"PolicyName": name, "PolicyDocument": document}
        for name, document in built.permissions.items()
    ]
    role = {
        "Type": "AWS::IAM::Role",
        "DependsOn": "Provider",
        "Properties": {
            "RoleName": built.role,
            "AssumeRolePolicyDocument": built.trust_policy,
            "Policies": policies,
        },
    }
    return _yaml(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {"Provider": provider, "Role": role},
            "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
        }
    )


def terraform(built: Built) -> str:
    """HCL for the providers `aws` and `kubernetes`: provider, role, policies, ServiceAccount.

    Source: Terraform registry, hashicorp/aws and hashicorp/kubernetes.
    """
    blocks = [
        f"""data "aws_eks_cluster" "this" {{
  name = "{built.cluster}"
}}""",
        f"""resource "aws_iam_openid_connect_provider" "cluster" {{
  url            = data.aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["{oidc.AUDIENCE}"]
}}""",
        f"""resource "aws_iam_role" "this" {{
  name               = "{built.role}"
  depends_on         = [aws_iam_openid_connect_provider.cluster]
  assume_role_policy = jsonencode({_hcl(built.trust_policy)})
}}""",
        *(
            f"""resource "aws_iam_role_policy" "{re.sub(r"[^0-9A-Za-z_-]", "_", name)}" {{
  name   = "{name}"
  role   = aws_iam_role.this.name
  policy = jsonencode({_hcl(document)})
}}"""
            for name, document in built.permissions.items()
        ),
        f"""resource "kubernetes_service_account_v1" "this" {{
  metadata {{
    name        = "{built.service_account}"
    namespace   = "{built.namespace}"
    annotations = {{ "{serviceaccounts.ROLE_ARN}" = aws_iam_role.this.arn }}
  }}
}}""",
    ]
    return "\n\n".join(blocks) + "\n"


def differences(built: Built, form: str) -> list[str]:
    """Where a generated form departs from what was built; an empty list says nowhere.

    It reads the text again, so an edited one can be checked too.
    Raises IrsaLabError for a text that is none of the three forms.
    """
    found_trust, found_permissions = _read(form)
    faults = []
    if found_trust is not None and not same_policy(found_trust, built.trust_policy):
        faults.append("the trust policy is another one")
    wanted = list(built.permissions.values())
    if len(found_permissions) == 1 and len(wanted) > 1:
        wanted = [_joined(built)]
    missing = [p for p in wanted if not any(same_policy(p, q) for q in found_permissions)]
    if missing or len(found_permissions) != len(wanted):
        faults.append("the permission policies are other ones")
    if built.role not in form:
        faults.append(f"{built.role} is not in it")
    return faults


def _read(form: str) -> tuple[Any, list[Any]]:
    """The trust policy (None where the tool writes it), and the permission policies."""
    if "jsonencode(" in form:
        encoded = re.findall(r"jsonencode\((.*?\n  \})\)", form, re.DOTALL)
        first, *others = (json.loads(text.replace("$${", "${")) for text in encoded)
        return first, others
    import yaml

    document = yaml.safe_load(form)
    if isinstance(document, dict) and document.get("kind") == "ClusterConfig":
        [account] = document["iam"]["serviceAccounts"]
        policy = account.get("attachPolicy")
        return None, [policy] if policy else []
    if isinstance(document, dict) and "Resources" in document:
        role = document["Resources"]["Role"]["Properties"]
        policies = [policy["PolicyDocument"] for policy in role["Policies"]]
        return role["AssumeRolePolicyDocument"], policies
    raise IrsaLabError(
        "this is no eksctl, CloudFormation or Terraform text of this course",
        next_step="make it with eksctl(), cloudformation() or terraform()",
    )


def _joined(built: Built) -> dict[str, Any]:
    """All inline policies as one: eksctl attaches a single document."""
    joined = [
        statement for policy in built.permissions.values() for statement in statements(policy)
    ]
    return {"Version": "2012-10-17", "Statement": joined}


def _hcl(document: Mapping[str, Any]) -> str:
    """JSON is an HCL expression too, but for `${`, which HCL would replace."""
    return json.dumps(document, indent=2).replace("${", "$${").replace("\n", "\n  ")


def _yaml(document: Any) -> str:
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False, width=120)
    return text
