"""The evidence that the cluster gives on one workload, read when it is first asked for."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING, Any

from irsa_helpers import serviceaccounts, trust
from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError
from irsa_helpers.doctor.evidence.rollout import lives
from irsa_helpers.doctor.evidence.workload_pods import WorkloadPods, annotations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AUDIENCE = "sts.amazonaws.com"
TOKEN_VOLUME = "aws-iam-token"
TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"
# Roles under these keys are meant for somebody else: kube2iam and kiam.
OTHERS_KEYS = {"iam.amazonaws.com/role"}


class ClusterEvidence(WorkloadPods):
    """One workload, ServiceAccount or Pod, and what the cluster knows of it."""

    @cached_property
    def _known(self) -> dict[tuple[str, str], dict[str, str]]:
        """(kind, name) of a ConfigMap or Secret -> what it holds."""
        return {}

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
        listed = self.read("serviceaccounts")
        return {account["metadata"]["name"]: account for account in (listed or {}).get("items", [])}

    @cached_property
    def account(self) -> dict[str, Any]:
        """The ServiceAccount in use. Raises SkipError where it does not exist."""
        account = self.read("serviceaccounts", self.account_name)
        if account is None:
            raise SkipError(f"there is no ServiceAccount {self.namespace}/{self.account_name}")
        return dict(account)

    @property
    def annotations(self) -> dict[str, str]:
        """The ServiceAccount's annotations."""
        return dict(self.account["metadata"].get("annotations") or {})

    @cached_property
    def intended_account(self) -> str:
        """The ServiceAccount that the chain is about.

        The one in use; where that is missing, or `default` without a role, the only ServiceAccount
        of the namespace that a role was meant for and that nobody uses.
        """
        name = self.account_name
        if name in self.accounts and (name != "default" or self._has_role(name)):
            return name
        meant = [account for account in self.accounts if self._has_role(account)]
        unused = [account for account in meant if not self._is_in_use(account)]
        return unused[0] if len(unused) == 1 else name

    def _has_role(self, account: str) -> bool:
        """Whether one of its annotations is a role's ARN, under whatever key."""
        annotations = annotations_of(self.accounts[account])
        return serviceaccounts.ROLE_ARN in annotations or any(map(_is_role, annotations.values()))

    def _is_in_use(self, account: str) -> bool:
        """Whether a Pod of others runs as it; so it seems where Pods cannot be seen."""
        try:
            every_pod = self.all_pods
        except CannotSeeError:
            return True
        others = (pod for pod in every_pod if lives(pod) and not self.is_mine(pod))
        return any(pod["spec"].get("serviceAccountName") == account for pod in others)

    @property
    def subject(self) -> str:
        """The `sub` of the tokens that the chain is about."""
        return trust.subject(self.namespace, self.intended_account)

    @property
    def intended_annotations(self) -> dict[str, str]:
        """The annotations of the ServiceAccount that the chain is about."""
        account = self.accounts.get(self.intended_account)
        return dict((account or {}).get("metadata", {}).get("annotations") or {})

    @property
    def misplaced_roles(self) -> list[tuple[str, str]]:
        """(where, ARN) of role ARNs in annotations that the webhook does not look at."""
        account = f"ServiceAccount {self.intended_account}"
        places = [(account, self.intended_annotations)]
        if self.template is not None and self.workload is not None:
            title = self.kind.name.capitalize()
            places.append(("Pod template", annotations_of(self.template)))
            places.append((f"{title} {self.name}", annotations_of(self.workload)))
        elif not self.is_account and self.pods:
            places.append((f"Pod {self.pod['metadata']['name']}", annotations_of(self.pod)))
        return [
            (f"{place}, {key}", value)
            for place, annotations in places
            for key, value in annotations.items()
            if (place, key) != (account, serviceaccounts.ROLE_ARN)
            and key not in OTHERS_KEYS
            and _is_role(value)
        ]

    @property
    def role_by_hand(self) -> str | None:
        """The role that the author gave a container, with a token file, without the webhook."""
        if self.is_account or (self.template is None and self.annotations_name_a_role):
            return None
        for container in self.pod_spec["containers"]:
            stated = {
                variable["name"]: variable.get("value", "") for variable in container.get("env", [])
            }
            if stated.keys() >= {"AWS_ROLE_ARN", TOKEN_FILE}:
                return str(stated["AWS_ROLE_ARN"])
        return None

    @property
    def annotations_name_a_role(self) -> bool:
        """Whether the ServiceAccount has the annotation that the webhook reads."""
        return serviceaccounts.ROLE_ARN in self.intended_annotations

    def token_volume(self) -> dict[str, Any] | None:
        """The newest Pod's volume with the token for AWS: the webhook's, or one made by hand."""
        volumes = {volume["name"]: volume for volume in self.pod["spec"].get("volumes", [])}
        if TOKEN_VOLUME in volumes:
            return dict(volumes[TOKEN_VOLUME])
        for container in self.pod["spec"]["containers"]:
            for mount in container.get("volumeMounts", []):
                volume = volumes.get(mount["name"], {})
                files = [e.get("value", "") for e in container.get("env", []) if is_token_file(e)]
                if token_source(volume) and any(f.startswith(mount["mountPath"]) for f in files):
                    return dict(volume)
        return None

    @property
    def audience(self) -> str:
        """The audience of the tokens that the app shows to STS.

        The Pod's volume says it; where no Pod can be seen, the ServiceAccount's annotation.
        """
        try:
            token = token_source(self.token_volume() or {})
        except (CannotSeeError, SkipError):
            token = None
        if token is not None:
            return str(token.get("audience", AUDIENCE))
        return self.intended_annotations.get(f"{serviceaccounts.PREFIX}audience", AUDIENCE)

    def data_of(self, kind: str, name: str) -> dict[str, str]:
        """What a ConfigMap (`configMapRef`) or Secret (`secretRef`) holds; nothing if it is not.

        Raises CannotSeeError, which names the right, where you may not read it.
        """
        if (kind, name) not in self._known:
            plural = "configmaps" if kind == "configMapRef" else "secrets"
            held = (self.read(plural, name) or {}).get("data") or {}
            if kind == "secretRef":
                held = {key: _decoded(value) for key, value in held.items()}
            self._known[kind, name] = held
        return self._known[kind, name]

    def others_with(self, kind: str, name: str) -> list[str]:
        """The other workloads' Pods that take all variables of a ConfigMap or Secret."""
        return [
            str(pod["metadata"]["name"])
            for pod in self.all_pods
            if not self.is_mine(pod) and (kind, name) in _sources(pod)
        ]


def _sources(pod: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, name) of what a Pod's containers take all their variables from."""
    spec = pod["spec"]
    for container in (*spec.get("initContainers", []), *spec["containers"]):
        for source in container.get("envFrom") or []:
            for reference, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
                if reference in source:
                    yield kind, source[reference]["name"]


def _decoded(value: str) -> str:
    return base64.b64decode(value).decode("utf-8", errors="replace")


def is_token_file(variable: dict[str, Any]) -> bool:
    """Whether a container's variable says where the token is."""
    return bool(variable["name"] == TOKEN_FILE)


def _is_role(value: str) -> bool:
    return serviceaccounts.ROLE_ARN_FORM.fullmatch(value.strip()) is not None


def token_source(volume: dict[str, Any]) -> dict[str, Any] | None:
    """The projected token of a volume: `{"audience", "expirationSeconds", "path"}`, or None."""
    for source in volume.get("projected", {}).get("sources", []):
        if "serviceAccountToken" in source:
            return dict(source["serviceAccountToken"])
    return None
