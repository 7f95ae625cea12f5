"""The evidence on one workload, read once and when it is first asked for."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from irsa_helpers import arns, serviceaccounts, trust
from irsa_helpers.doctor.admission import TokenFacts, admission, trusting_roles
from irsa_helpers.doctor.reading import CannotSeeError, SkipError, read_aws, read_kubernetes
from irsa_helpers.doctor.target import parse_target

if TYPE_CHECKING:
    from irsa_helpers.world import World

AUDIENCE = "sts.amazonaws.com"
TOKEN_VOLUME = "aws-iam-token"


class Case:
    """One workload, ServiceAccount or Pod, with all that its chain rests on."""

    def __init__(self, world: World, target: str, namespace: str) -> None:
        self.world = world
        self.kind, self.name = parse_target(target)
        self.namespace = namespace

    # --- Kubernetes -------------------------------------------------------------------------

    @cached_property
    def workload(self) -> dict[str, Any] | None:
        """The workload, Pod or ServiceAccount that was named."""
        from kubernetes import client

        api = getattr(client, self.kind.api)(self.world.kubernetes)
        read = getattr(api, f"read_namespaced_{self.kind.method}")
        return self._kubernetes(f"get {self.kind.plural}", read, self.name)

    @property
    def is_account(self) -> bool:
        """Whether a ServiceAccount was named, and no workload."""
        return self.kind.name == "serviceaccount"

    @cached_property
    def template(self) -> dict[str, Any] | None:
        """The Pod template as its author wrote it; None for a Pod or a ServiceAccount."""
        spec = (self.workload or {}).get("spec", {})
        found: dict[str, Any] | None = spec.get("template")
        return found

    @cached_property
    def pods(self) -> list[dict[str, Any]]:
        """The workload's Pods that live and are not on their way out, the latest first."""
        if self.kind.name == "pod":
            return [self.workload] if self.workload else []
        return sorted(
            (pod for pod in self._all_pods if _lives(pod) and self._is_mine(pod)),
            key=lambda pod: (self._is_current(pod), str(pod["metadata"]["creationTimestamp"])),
            reverse=True,
        )

    @cached_property
    def _all_pods(self) -> list[dict[str, Any]]:
        found = self._kubernetes("list pods", self.world.core_v1.list_namespaced_pod)
        return list((found or {}).get("items", []))

    def _is_mine(self, pod: dict[str, Any]) -> bool:
        if self.is_account:
            return bool(pod["spec"].get("serviceAccountName", "default") == self.name)
        if self.workload is None:
            return False
        wanted = self.workload["spec"].get("selector", {}).get("matchLabels", {})
        return bool(wanted) and wanted.items() <= pod["metadata"].get("labels", {}).items()

    def _is_current(self, pod: dict[str, Any]) -> bool:
        """Whether the Pod was made from the template as it is now."""
        if self.template is None:
            return True
        template, wanted = self.template["spec"], _annotations(self.template)
        account = template.get("serviceAccountName", "default")
        images = {container.get("image") for container in template["containers"]}
        return bool(
            wanted.items() <= _annotations(pod).items()
            and pod["spec"].get("serviceAccountName", "default") == account
            and images <= {container.get("image") for container in pod["spec"]["containers"]}
        )

    @property
    def pod(self) -> dict[str, Any]:
        """The newest Pod. Raises SkipError where none lives."""
        if not self.pods:
            raise SkipError("no Pod to look at")
        return self.pods[0]

    @property
    def pod_spec(self) -> dict[str, Any]:
        """What the author asked for: the template's Pod spec, else the Pod's own."""
        if self.template is not None:
            return dict(self.template["spec"])
        return dict(self.pod["spec"])

    @property
    def account_name(self) -> str:
        """The ServiceAccount that the workload runs as. Raises SkipError without a workload."""
        if self.is_account:
            return self.name
        if self.workload is None:
            raise SkipError(f"there is no {self.kind.name} {self.name}")
        return str(self.pod_spec.get("serviceAccountName") or "default")

    @cached_property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """The ServiceAccounts of the namespace, by name."""
        listing = self.world.core_v1.list_namespaced_service_account
        found = self._kubernetes("list serviceaccounts", listing)
        return {each["metadata"]["name"]: each for each in (found or {}).get("items", [])}

    @cached_property
    def account(self) -> dict[str, Any]:
        """The ServiceAccount in use. Raises SkipError where it does not exist."""
        read = self.world.core_v1.read_namespaced_service_account
        found = self._kubernetes("get serviceaccounts", read, self.account_name)
        if found is None:
            raise SkipError(f"there is no ServiceAccount {self.namespace}/{self.account_name}")
        return dict(found)

    @property
    def annotations(self) -> dict[str, str]:
        """The ServiceAccount's annotations."""
        return dict(self.account["metadata"].get("annotations") or {})

    @cached_property
    def intended_account(self) -> str:
        """The ServiceAccount that the chain is about.

        The one in use; where that is missing, or `default` without a role, the only ServiceAccount
        of the namespace that has a role.
        """
        name = self.account_name
        if name in self.accounts and (name != "default" or self._role_of(name)):
            return name
        others = [each for each in self.accounts if self._role_of(each)]
        return others[0] if len(others) == 1 else name

    def _role_of(self, account: str) -> str | None:
        annotations = self.accounts[account]["metadata"].get("annotations") or {}
        return annotations.get(serviceaccounts.ROLE_ARN)

    @property
    def subject(self) -> str:
        """The `sub` of the tokens that the chain is about."""
        return trust.subject(self.namespace, self.intended_account)

    @property
    def intended_annotations(self) -> dict[str, str]:
        """The annotations of the ServiceAccount that the chain is about."""
        found = self.accounts.get(self.intended_account)
        return dict((found or {}).get("metadata", {}).get("annotations") or {})

    @property
    def role_arn(self) -> str:
        """The role that the chain should lead to: as annotated, or as it was meant.

        Raises SkipError where nothing names one.
        """
        stated = self.intended_annotations.get(serviceaccounts.ROLE_ARN, "").strip()
        if stated and serviceaccounts.ROLE_ARN_FORM.fullmatch(stated):
            return stated
        meant = [value.strip() for _, value in self.misplaced_roles] or self.admitting_roles
        if not meant:
            raise SkipError("no role is named, and none admits this ServiceAccount")
        return meant[0]

    @cached_property
    def admitting_roles(self) -> list[str]:
        """The ARNs of your account's roles that admit the ServiceAccount and name it."""
        provider_arn = arns.provider_arn(self.issuer_url, self.own_account)
        return [
            str(role["Arn"])
            for role in trusting_roles(self.world, provider_arn)
            if admission(role, self.token(provider_arn)).allowed
            and self.subject in json.dumps(role["AssumeRolePolicyDocument"])
        ]

    def token(self, provider_arn: str) -> TokenFacts:
        """What STS would read in the app's token, with the provider it would find for it."""
        return TokenFacts(provider_arn, self.issuer_url, self.subject, self.audience)

    @property
    def misplaced_roles(self) -> list[tuple[str, str]]:
        """(where, ARN) of role ARNs in annotations that the webhook does not look at."""
        account = f"ServiceAccount {self.intended_account}"
        places = [(account, self.intended_annotations)]
        if self.template is not None and self.workload is not None:
            title = self.kind.name.capitalize()
            places.append(("Pod template", _annotations(self.template)))
            places.append((f"{title} {self.name}", _annotations(self.workload)))
        elif not self.is_account and self.pods:
            places.append((f"Pod {self.pod['metadata']['name']}", _annotations(self.pod)))
        return [
            (f"{place}, {key}", value)
            for place, annotations in places
            for key, value in annotations.items()
            if (place, key) != (account, serviceaccounts.ROLE_ARN)
            and serviceaccounts.ROLE_ARN_FORM.fullmatch(value.strip())
        ]

    @property
    def audience(self) -> str:
        """The audience of the tokens that the app shows to STS."""
        if self.pods:
            for volume in self.pod["spec"].get("volumes", []):
                token = token_source(volume)
                if volume["name"] == TOKEN_VOLUME and token is not None:
                    return str(token.get("audience", AUDIENCE))
        return self.intended_annotations.get(f"{serviceaccounts.PREFIX}audience", AUDIENCE)

    def keys_of(self, kind: str, name: str) -> list[str]:
        """The keys, not the values, of a ConfigMap (`configMapRef`) or Secret (`secretRef`)."""
        core = self.world.core_v1
        if kind == "configMapRef":
            found = self._kubernetes("get configmaps", core.read_namespaced_config_map, name)
        else:
            found = self._kubernetes("get secrets", core.read_namespaced_secret, name)
        return list((found or {}).get("data") or {})

    def _kubernetes(self, right: str, read: Any, *names: str) -> Any | None:
        return read_kubernetes(self.world, right, read, *names, self.namespace)

    # --- AWS --------------------------------------------------------------------------------

    @cached_property
    def issuer_url(self) -> str:
        """The cluster's issuer."""
        describe = self.world.aws("eks").describe_cluster
        found = read_aws("eks:DescribeCluster", describe, name=self.world.cluster_name)
        if found is None:
            raise CannotSeeError(f"no cluster {self.world.cluster_name} in this account and region")
        return str(found["cluster"]["identity"]["oidc"]["issuer"])

    @cached_property
    def association_role(self) -> str | None:
        """The role that an EKS Pod Identity association gives to the ServiceAccount, if any."""
        eks, cluster = self.world.aws("eks"), self.world.cluster_name
        found = read_aws(
            "eks:ListPodIdentityAssociations",
            eks.list_pod_identity_associations,
            clusterName=cluster,
            namespace=self.namespace,
            serviceAccount=self.intended_account,
        )
        listed = (found or {}).get("associations", [])
        if not listed:
            return None
        described = read_aws(
            "eks:DescribePodIdentityAssociation",
            eks.describe_pod_identity_association,
            clusterName=cluster,
            associationId=listed[0]["associationId"],
        )
        return str((described or {})["association"]["roleArn"])

    @property
    def uses_pod_identity(self) -> bool:
        """Whether EKS Pod Identity, as far as can be seen, gives the ServiceAccount its role."""
        try:
            return self.association_role is not None
        except (CannotSeeError, SkipError):
            return False

    @cached_property
    def own_account(self) -> str:
        """The account that your AWS credentials belong to."""
        found = read_aws("sts:GetCallerIdentity", self.world.aws("sts").get_caller_identity)
        return str((found or {})["Account"])

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
    def role(self) -> dict[str, Any]:
        """The role. Raises SkipError where it does not exist."""
        found = self.find_role()
        if found is None:
            raise SkipError(f"there is no role {self.role_name}")
        return found

    def find_role(self) -> dict[str, Any] | None:
        """The role that the annotation names, or None."""
        self.in_own_account("iam:GetRole")
        get = self.world.aws("iam").get_role
        found = read_aws("iam:GetRole", get, RoleName=self.role_name)
        return dict(found["Role"]) if found else None


def _annotations(thing: dict[str, Any]) -> dict[str, str]:
    return dict(thing.get("metadata", {}).get("annotations") or {})


def _lives(pod: dict[str, Any]) -> bool:
    ended = pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return not ended and "deletionTimestamp" not in pod["metadata"]


def token_source(volume: dict[str, Any]) -> dict[str, Any] | None:
    """The projected token of a volume: `{"audience", "expirationSeconds", "path"}`, or None."""
    for source in volume.get("projected", {}).get("sources", []):
        if "serviceAccountToken" in source:
            return dict(source["serviceAccountToken"])
    return None
