"""The evidence that the cluster gives on one workload, read when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from irsa_helpers import serviceaccounts, trust
from irsa_helpers.doctor.reading import SkipError, read_kubernetes
from irsa_helpers.doctor.target import parse_target

if TYPE_CHECKING:
    from irsa_helpers.world import World

AUDIENCE = "sts.amazonaws.com"
TOKEN_VOLUME = "aws-iam-token"


class ClusterEvidence:
    """One workload, ServiceAccount or Pod, and what the cluster knows of it."""

    def __init__(self, world: World, target: str, namespace: str) -> None:
        self.world = world
        self.kind, self.name = parse_target(target)
        self.namespace = namespace

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
