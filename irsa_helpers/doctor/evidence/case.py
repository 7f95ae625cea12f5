"""The evidence on one workload: what the cluster gives, and what AWS adds to it."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from irsa_helpers import serviceaccounts, trust
from irsa_helpers.doctor.evidence.cluster import ClusterEvidence
from irsa_helpers.doctor.evidence.environment import variables
from irsa_helpers.doctor.evidence.reading import (
    CannotSeeError,
    SkipError,
    once,
    read_aws,
    read_kubernetes,
)
from irsa_helpers.doctor.evidence.roles import roles_naming
from irsa_helpers.doctor.evidence.workload_pods import annotations_of
from irsa_helpers.ground import arns
from irsa_helpers.oidc import AUDIENCE
from irsa_helpers.policy.admission import SESSION_NAME, TokenFacts, admission


class Case(ClusterEvidence):
    """One workload, ServiceAccount or Pod, with all that its chain rests on."""

    _acted_role = ""  # The role at the chain's end, where another is to be looked at.

    def acting_as(self, role_arn: str) -> Case:
        """The same evidence with that role at the chain's end."""
        other = copy.copy(self)
        for name in ("role", "role_arn", "inline_policies", "policies", "boundary"):
            vars(other).pop(name, None)
        other._acted_role = role_arn
        return other

    @cached_property
    def acting(self) -> Case:
        """The evidence with the role that the app acts as, which an association may give."""
        try:
            association = self.association if self.is_by_association else None
        except (CannotSeeError, SkipError):
            return self
        if association is None:
            return self
        return self.acting_as(association.get("targetRoleArn") or association["roleArn"])

    @cached_property
    def role_arn(self) -> str:
        """The role that the chain should lead to: as annotated, or as it was meant.

        Raises SkipError where nothing names one.
        """
        if self._acted_role:
            return self._acted_role
        stated = self.intended_annotations.get(serviceaccounts.ROLE_ARN, self.role_by_hand or "")
        stated = stated.strip()
        is_whole = stated and serviceaccounts.ROLE_ARN_FORM.fullmatch(stated)
        if is_whole and not self.is_of_another_partition(stated):
            return stated
        meant = [value.strip() for _, value in self.misplaced_roles]
        if stated and (mended := mended_arn(stated, self.own_account, self.partition)):
            meant.append(mended)
        meant = meant or self.admitting_roles
        if not meant:
            raise SkipError("no role is named, and none admits this ServiceAccount")
        return meant[0]

    @property
    def wants_role(self) -> bool:
        """Whether the ServiceAccount is to have a role: one is named, given or admits it.

        Raises CannotSeeError where that cannot be told.
        """
        try:
            return self.uses_pod_identity or bool(self.role_arn)
        except SkipError:
            return False

    @property
    def partition(self) -> str:
        """The partition of the cluster and its account: `aws`, `aws-cn`, …"""
        return arns.Arn.parse(str(self._cluster["arn"])).partition

    def is_of_another_partition(self, role_arn: str) -> bool:
        """Whether a role's ARN names another partition than the cluster's; not so where unseen."""
        try:
            return arns.Arn.parse(role_arn).partition != self.partition
        except CannotSeeError:
            return False

    @property
    def is_auto_mode(self) -> bool:
        """Whether the cluster is in EKS Auto Mode."""
        return bool(self._cluster.get("computeConfig", {}).get("enabled"))

    @cached_property
    def _cluster(self) -> dict[str, Any]:
        """The cluster, as EKS describes it."""
        describe = self.world.aws("eks").describe_cluster
        answer = read_aws("eks:DescribeCluster", describe, name=self.world.cluster_name)
        if answer is None:
            raise CannotSeeError(f"no cluster {self.world.cluster_name} in this account and region")
        return dict(answer["cluster"])

    @cached_property
    def other_subjects(self) -> list[str]:
        """The subjects of other ServiceAccounts, in all namespaces, that ask for the role.

        None where you may not list them.
        """
        try:
            asking = once(self.world, "subjects by role", self._subjects_by_role)
        except CannotSeeError:
            return []
        return [subject for subject in asking.get(self.role_arn, []) if subject != self.subject]

    def _subjects_by_role(self) -> dict[str, list[str]]:
        """By the role that they ask for: the subjects of the cluster's ServiceAccounts."""
        listed = read_kubernetes(self.world, "list serviceaccounts", "/api/v1/serviceaccounts")
        asking: dict[str, list[str]] = {}
        for account in (listed or {}).get("items", []):
            metadata = account["metadata"]
            role_arn = annotations_of(account).get(serviceaccounts.ROLE_ARN, "")
            subject = trust.subject(metadata["namespace"], metadata["name"])
            asking.setdefault(role_arn, []).append(subject)
        return asking

    @cached_property
    def admitting_roles(self) -> list[str]:
        """The ARNs of your account's roles that admit the ServiceAccount and name it."""
        provider_arn = arns.provider_arn(self.issuer_url, self.own_account, self.partition)
        return [
            str(role["Arn"])
            for role in roles_naming(self.world, self.subject)
            if admission(role, self.token(provider_arn)).allowed
        ]

    def token(self, provider_arn: str) -> TokenFacts:
        """What STS would read in the app's token, with the provider it would find for it."""
        return TokenFacts(
            provider_arn, self.issuer_url, self.subject, self.audience, *self.calls[0]
        )

    @cached_property
    def calls(self) -> list[tuple[str, str]]:
        """(session name, region) of each container's call to STS, each once; what it says itself.

        Where it names no session, botocore makes a name up; without a region, it is the cluster's.
        """
        try:
            spec = self.pod["spec"]
        except (CannotSeeError, SkipError):
            spec = self.template["spec"] if self.template is not None else {"containers": []}
        stated_calls = []
        for container in spec["containers"]:
            stated = {name: variable.value for name, variable in variables(self, container).items()}
            region = stated.get("AWS_REGION") or stated.get("AWS_DEFAULT_REGION") or ""
            stated_calls.append((stated.get("AWS_ROLE_SESSION_NAME") or SESSION_NAME, region))
        return list(dict.fromkeys(stated_calls)) or [(SESSION_NAME, "")]

    @property
    def intended_tokens(self) -> list[TokenFacts]:
        """`intended_token` for each container's call."""
        token = self.intended_token
        return [replace(token, session_name=name, region=region) for name, region in self.calls]

    @cached_property
    def issuer_url(self) -> str:
        """The cluster's issuer."""
        return str(self._cluster["identity"]["oidc"]["issuer"])

    @cached_property
    def association(self) -> dict[str, Any] | None:
        """The EKS Pod Identity association of the ServiceAccount, if any."""
        eks, cluster = self.world.aws("eks"), self.world.cluster_name
        answer = read_aws(
            "eks:ListPodIdentityAssociations",
            eks.list_pod_identity_associations,
            clusterName=cluster,
            namespace=self.namespace,
            serviceAccount=self.intended_account,
        )
        listed = (answer or {}).get("associations", [])
        if not listed:
            return None
        described = read_aws(
            "eks:DescribePodIdentityAssociation",
            eks.describe_pod_identity_association,
            clusterName=cluster,
            associationId=listed[0]["associationId"],
        )
        return dict((described or {})["association"])

    @property
    def uses_pod_identity(self) -> bool:
        """Whether EKS Pod Identity, as far as can be seen, gives the ServiceAccount its role."""
        try:
            return self.association is not None
        except (CannotSeeError, SkipError):
            return False

    @property
    def is_by_association(self) -> bool:
        """Whether EKS Pod Identity alone gives the role: no annotation names one."""
        stated = serviceaccounts.ROLE_ARN in self.intended_annotations
        return not stated and self.uses_pod_identity

    @cached_property
    def own_account(self) -> str:
        """The account that your AWS credentials belong to."""
        caller = read_aws("sts:GetCallerIdentity", self.world.aws("sts").get_caller_identity)
        return str((caller or {})["Account"])

    @property
    def role_account(self) -> str:
        """The account of the role: the provider must be there too."""
        return arns.Arn.parse(self.role_arn).account_id

    @property
    def role_name(self) -> str:
        """The role's name, without its path."""
        return self.role_arn.rpartition("/")[2]

    @property
    def provider_arn(self) -> str:
        """The ARN of the provider that STS will look for: in the role's account."""
        partition = arns.Arn.parse(self.role_arn).partition
        return arns.provider_arn(self.issuer_url, self.role_account, partition)

    def in_own_account(self, right: str) -> None:
        """Raises CannotSeeError where the role is in another account than yours."""
        if self.role_account != self.own_account:
            raise CannotSeeError(
                f"{right} in account {self.role_account}; yours is {self.own_account}"
            )

    @cached_property
    def provider(self) -> dict[str, Any] | None:
        """The IAM OIDC provider of the cluster's issuer in the role's account."""
        self.in_own_account("iam:GetOpenIDConnectProvider")
        get = self.world.aws("iam").get_open_id_connect_provider
        arn = self.provider_arn
        return read_aws("iam:GetOpenIDConnectProvider", get, OpenIDConnectProviderArn=arn)

    @cached_property
    def intended_audience(self) -> str:
        """The audience that the chain is for: STS's, where the provider takes it and not the app's.

        Then the app's is a slip. Raises CannotSeeError where you may not read the provider.
        """
        accepted = self.provider["ClientIDList"] if self.provider else []
        slip = AUDIENCE in accepted and self.audience not in accepted
        return AUDIENCE if slip else self.audience

    @property
    def intended_token(self) -> TokenFacts:
        """What STS would read in the app's token once its audience is as intended."""
        try:
            audience = self.intended_audience
        except CannotSeeError:
            audience = self.audience
        return replace(self.token(self.provider_arn), audience=audience)

    @cached_property
    def role(self) -> dict[str, Any]:
        """The role. Raises SkipError where it does not exist."""
        role = self.find_role()
        if role is None:
            raise SkipError(f"there is no role {self.role_name}")
        return role

    @property
    def pods_older_than_role(self) -> list[dict[str, Any]]:
        """The living Pods that were there before the role; none where its time is not told.

        Kubernetes' times are whole seconds.
        """
        made = self.role.get("CreateDate")
        return [
            pod
            for pod in self.live_pods
            if made is not None
            and datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
            < made.replace(microsecond=0)
        ]

    def find_role(self) -> dict[str, Any] | None:
        """The role that the annotation names, or None."""
        self.in_own_account("iam:GetRole")
        get = self.world.aws("iam").get_role
        answer = read_aws("iam:GetRole", get, RoleName=self.role_name)
        return dict(answer["Role"]) if answer else None

    @cached_property
    def inline_policies(self) -> dict[str, dict[str, Any]]:
        """The documents of the role's inline policies, by name."""
        return self._inline(self.role["RoleName"])

    @cached_property
    def policies(self) -> dict[str, dict[str, Any]]:
        """The documents of the role's inline and attached policies, by name."""
        return self.inline_policies | self._attached(self.role["RoleName"])

    def policies_of(self, role_name: str) -> list[dict[str, Any]]:
        """The documents of the inline and attached policies of a role of your account."""
        return [*self._inline(role_name).values(), *self._attached(role_name).values()]

    def _inline(self, role_name: str) -> dict[str, dict[str, Any]]:
        iam, documents = self.world.aws("iam"), {}
        inline = read_aws("iam:ListRolePolicies", iam.list_role_policies, RoleName=role_name)
        for policy in (inline or {}).get("PolicyNames", []):
            get = iam.get_role_policy
            answer = read_aws("iam:GetRolePolicy", get, RoleName=role_name, PolicyName=policy)
            documents[policy] = (answer or {})["PolicyDocument"]
        return documents

    def _attached(self, role_name: str) -> dict[str, dict[str, Any]]:
        listing = self.world.aws("iam").list_attached_role_policies
        attached = read_aws("iam:ListAttachedRolePolicies", listing, RoleName=role_name)
        return {
            policy["PolicyName"]: self._managed_policy(policy["PolicyArn"])
            for policy in (attached or {}).get("AttachedPolicies", [])
        }

    @cached_property
    def boundary(self) -> dict[str, Any] | None:
        """The document of the role's permissions boundary, if it has one."""
        attached = self.role.get("PermissionsBoundary")
        return self._managed_policy(attached["PermissionsBoundaryArn"]) if attached else None

    def _managed_policy(self, arn: str) -> dict[str, Any]:
        iam = self.world.aws("iam")
        policy = read_aws("iam:GetPolicy", iam.get_policy, PolicyArn=arn) or {}
        version = read_aws(
            "iam:GetPolicyVersion",
            iam.get_policy_version,
            PolicyArn=arn,
            VersionId=policy["Policy"]["DefaultVersionId"],
        )
        return dict((version or {})["PolicyVersion"]["Document"])


def mended_arn(stated: str, account_id: str, partition: str) -> str | None:
    """The ARN of the account's role whose name the text ends with; None where that is no name."""
    text = stated.strip(" \t\n\"'`")
    session = re.search(r":assumed-role/([^/]+)/", text)
    name = session[1] if session else text.rpartition("/")[2]
    whole = re.fullmatch(r"arn:[^:]*:iam::(\d{12}):role(/(?:.+/)?)[^/]+", text)
    account, path = (whole[1], whole[2]) if whole else (account_id, "/")
    arn = arns.role_arn(account, name, path, partition)
    return arn if serviceaccounts.ROLE_ARN_FORM.fullmatch(arn) else None
