"""The evidence that the cluster gives on one workload, read when it is first asked for."""

from __future__ import annotations

import base64
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from irsa_helpers import serviceaccounts, trust
from irsa_helpers.doctor.reading import CannotSeeError, SkipError, read_kubernetes
from irsa_helpers.doctor.rollout import has_no_new_pod_yet, lives
from irsa_helpers.doctor.target import parse_target
from irsa_helpers.policy.selectors import selects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.worlds import World

AUDIENCE = "sts.amazonaws.com"
TOKEN_VOLUME = "aws-iam-token"
TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
# Kinds of which a new template leads to new Pods.
ROLLED_OUT = {"deployment", "statefulset", "daemonset"}
SETTLE_SECONDS = 1.0
POLL_SECONDS = 0.02
JOB_NAME = "batch.kubernetes.io/job-name"
# Roles under these keys are meant for somebody else: kube2iam and kiam.
OTHERS_KEYS = {"iam.amazonaws.com/role"}


class ClusterEvidence:
    """One workload, ServiceAccount or Pod, and what the cluster knows of it."""

    def __init__(self, world: World, target: str, namespace: str) -> None:
        self.world = world
        self.kind, self.name = parse_target(target)
        self.namespace = namespace
        self._data: dict[tuple[str, str], dict[str, str]] = {}

    @cached_property
    def workload(self) -> dict[str, Any] | None:
        """The workload, Pod or ServiceAccount that was named.

        Rollouts that have only just begun are waited for, up to SETTLE_SECONDS: until then the Pods
        that are there are those of the template before.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        found = self.read(self.kind.plural, self.name, api=self.kind.api)
        while any(map(has_no_new_pod_yet, self._rolled_out(found))):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
            found = self.read(self.kind.plural, self.name, api=self.kind.api)
        return found

    def _rolled_out(self, found: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The workload that was named, if it rolls out, or the ServiceAccount's Deployments.

        None that is not seen.
        """
        if found is None or not self.is_account:
            return [found] if found and self.kind.name in ROLLED_OUT else []
        try:
            listed = self.read("deployments", api="apis/apps/v1")
        except CannotSeeError:
            return []
        return [
            each
            for each in (listed or {}).get("items", [])
            if each["spec"]["template"]["spec"].get("serviceAccountName", "default") == self.name
        ]

    @property
    def is_account(self) -> bool:
        """Whether a ServiceAccount was named, and no workload."""
        return self.kind.name == "serviceaccount"

    @property
    def owner(self) -> str | None:
        """What to edit, as in `deployment/app`: the workload, or the one that keeps its Pod up."""
        if self.kind.name != "pod":
            return None if self.is_account else f"{self.kind.name}/{self.name}"
        for reference in (self.workload or {}).get("metadata", {}).get("ownerReferences", []):
            kind, name = str(reference["kind"]).lower(), str(reference["name"])
            return (
                f"deployment/{name.rpartition('-')[0]}"
                if kind == "replicaset"
                else (f"{kind}/{name}")
            )
        return None

    @cached_property
    def template(self) -> dict[str, Any] | None:
        """The Pod template as its author wrote it; None for a Pod or a ServiceAccount."""
        spec = (self.workload or {}).get("spec", {})
        found: dict[str, Any] | None = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        return found

    @cached_property
    def pods(self) -> list[dict[str, Any]]:
        """The workload's Pods that live and are not on their way out, the latest first.

        Those of a Job are there to end: what has ended tells as much about its chain.
        """
        if self.kind.name == "pod":
            return [self.workload] if self.workload else []
        return sorted(
            (pod for pod in self._all_pods if self._counts(pod) and self._is_mine(pod)),
            key=lambda pod: (self._is_current(pod), str(pod["metadata"]["creationTimestamp"])),
            reverse=True,
        )

    def _counts(self, pod: dict[str, Any]) -> bool:
        ends = self.kind.name in {"job", "cronjob"}
        return "deletionTimestamp" not in pod["metadata"] if ends else lives(pod)

    @cached_property
    def _all_pods(self) -> list[dict[str, Any]]:
        found = self.read("pods")
        return list((found or {}).get("items", []))

    def _is_mine(self, pod: dict[str, Any]) -> bool:
        if self.is_account:
            return bool(pod["spec"].get("serviceAccountName", "default") == self.name)
        if self.workload is None:
            return False
        labels = pod["metadata"].get("labels", {})
        if self.kind.name == "cronjob":
            return bool(labels.get(JOB_NAME, "").rpartition("-")[0] == self.name)
        selector = self.workload["spec"].get("selector")
        return bool(selector) and selects(selector, labels)

    def _is_current(self, pod: dict[str, Any]) -> bool:
        """Whether the Pod was made from the template as it is now."""
        own_hash = pod["metadata"].get("labels", {}).get(HASH)
        if self.is_account:
            newest = self._newest_hashes
            return not newest or own_hash is None or own_hash in newest.values()
        if self.template is None:
            return True
        if self.kind.name == "deployment" and self.workload is not None:
            newest_hash = self._newest_hashes.get(self.workload["metadata"]["uid"])
            if newest_hash is not None:
                return bool(own_hash == newest_hash)
        template, wanted = self.template["spec"], _annotations(self.template)
        account = template.get("serviceAccountName", "default")
        images = {container.get("image") for container in template["containers"]}
        return bool(
            wanted.items() <= _annotations(pod).items()
            and pod["spec"].get("serviceAccountName", "default") == account
            and images <= {container.get("image") for container in pod["spec"]["containers"]}
        )

    @cached_property
    def _newest_hashes(self) -> dict[str, str]:
        """By a Deployment's uid, what tells the Pods of its newest revision; as far as it is seen.

        Source: Kubernetes documentation, "Deployments", "Pod-template-hash label".
        """
        try:
            found = self.read("replicasets", api="apis/apps/v1")
        except CannotSeeError:
            return {}
        sets = [each["metadata"] for each in (found or {}).get("items", [])]
        sets.sort(key=lambda m: int(m.get("annotations", {}).get(REVISION, 0)))
        return {
            owner["uid"]: str(metadata.get("labels", {}).get(HASH))
            for metadata in sets
            for owner in metadata.get("ownerReferences", [])
        }

    @property
    def live_pods(self) -> list[dict[str, Any]]:
        """The Pods that count, the latest first: those of the template as it is now, if any.

        Those of a template before are on their way out, and a Job's earlier ones are history.
        Raises SkipError where there is none.
        """
        if self.kind.name in {"job", "cronjob"}:
            return [self.pod]
        return self.current_pods or [self.pod]

    @property
    def current_pods(self) -> list[dict[str, Any]]:
        """The Pods that were made from the template as it is now."""
        return [pod for pod in self.pods if self.kind.name == "pod" or self._is_current(pod)]

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
        found = self.read("serviceaccounts")
        return {each["metadata"]["name"]: each for each in (found or {}).get("items", [])}

    @cached_property
    def account(self) -> dict[str, Any]:
        """The ServiceAccount in use. Raises SkipError where it does not exist."""
        found = self.read("serviceaccounts", self.account_name)
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
        of the namespace that a role was meant for and that nobody uses.
        """
        name = self.account_name
        if name in self.accounts and (name != "default" or self._has_role(name)):
            return name
        meant = [each for each in self.accounts if self._has_role(each)]
        unused = [each for each in meant if not self._is_in_use(each)]
        return unused[0] if len(unused) == 1 else name

    def _has_role(self, account: str) -> bool:
        """Whether one of its annotations is a role's ARN, under whatever key."""
        found = _annotations(self.accounts[account])
        return serviceaccounts.ROLE_ARN in found or any(map(_is_role, found.values()))

    def _is_in_use(self, account: str) -> bool:
        """Whether a Pod of others runs as it; so it seems where Pods cannot be seen."""
        try:
            found = self._all_pods
        except CannotSeeError:
            return True
        others = (pod for pod in found if lives(pod) and not self._is_mine(pod))
        return any(pod["spec"].get("serviceAccountName") == account for pod in others)

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
            and key not in OTHERS_KEYS
            and _is_role(value)
        ]

    @property
    def role_by_hand(self) -> str | None:
        """The role that the author gave a container, with a token file, without the webhook."""
        if self.is_account or (self.template is None and self.annotations_name_a_role):
            return None
        for container in self.pod_spec["containers"]:
            found = {each["name"]: each.get("value", "") for each in container.get("env", [])}
            if found.keys() >= {"AWS_ROLE_ARN", TOKEN_FILE}:
                return str(found["AWS_ROLE_ARN"])
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
        if (kind, name) not in self._data:
            plural = "configmaps" if kind == "configMapRef" else "secrets"
            found = (self.read(plural, name) or {}).get("data") or {}
            if kind == "secretRef":
                found = {key: _decoded(value) for key, value in found.items()}
            self._data[kind, name] = found
        return self._data[kind, name]

    def others_with(self, kind: str, name: str) -> list[str]:
        """The other workloads' Pods that take all variables of a ConfigMap or Secret."""
        return [
            str(pod["metadata"]["name"])
            for pod in self._all_pods
            if not self._is_mine(pod) and (kind, name) in _sources(pod)
        ]

    def read(self, plural: str, name: str = "", api: str = "api/v1") -> Any | None:
        """One object of the namespace, or the list of all; None where there is none.

        Raises CannotSeeError, which names the right, where you may not read it.
        """
        path = f"/{api}/namespaces/{self.namespace}/{plural}"
        right = f"{'get' if name else 'list'} {plural}"
        return read_kubernetes(self.world, right, f"{path}/{name}" if name else path)


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


def _annotations(thing: dict[str, Any]) -> dict[str, str]:
    return dict(thing.get("metadata", {}).get("annotations") or {})


def token_source(volume: dict[str, Any]) -> dict[str, Any] | None:
    """The projected token of a volume: `{"audience", "expirationSeconds", "path"}`, or None."""
    for source in volume.get("projected", {}).get("sources", []):
        if "serviceAccountToken" in source:
            return dict(source["serviceAccountToken"])
    return None
