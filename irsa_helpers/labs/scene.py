"""The world of one lab: a healthy chain in a namespace of its own, for `setup.py` to break."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from irsa_helpers import oidc, pods, roles, serviceaccounts, storage, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.lookups import kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irsa_helpers.world import World

SERVICE_ACCOUNT = "app-sa"
DEPLOYMENT = "app"
PERMISSIONS = "read-bucket"
OBJECT = "hello.txt"
WEBHOOK = "pod-identity-webhook"
WEBHOOK_COPY = "pod-identity-webhook-copy"


@dataclass(frozen=True)
class Scene:
    """The names of one lab, and the changes that set-ups, solutions and wrong fixes are made of."""

    world: World
    namespace: str

    @property
    def role(self) -> str:
        """The role that the app is to act as, as in `lab-03-app-role`."""
        return f"{self.namespace}-app-role"

    @property
    def role_arn(self) -> str:
        """The ARN of that role."""
        return roles.role_arn(self.world, self.role)

    @property
    def bucket(self) -> str:
        """The bucket that the app reads."""
        return f"{self.namespace}-data-{self.world.cluster.account_id}"

    @property
    def subject(self) -> str:
        """The `sub` of the app's token."""
        return trust.subject(self.namespace, SERVICE_ACCOUNT)

    def trust_policy(self) -> dict[str, Any]:
        """The right trust policy: this ServiceAccount and nobody else."""
        provider = oidc.provider_arn(self.world)
        return trust.build_trust_policy(provider, self.namespace, SERVICE_ACCOUNT)

    def condition_trust(self, condition: Mapping[str, Any]) -> dict[str, Any]:
        """The right trust policy but for its condition; an empty one is left out."""
        policy = self.trust_policy()
        policy["Statement"][0].pop("Condition")
        if condition:
            policy["Statement"][0]["Condition"] = dict(condition)
        return policy

    def key(self, claim: str) -> str:
        """The condition key of a claim, as in `oidc.eks…/id/…:sub`."""
        return f"{oidc.issuer_host_path(oidc.issuer_url(self.world))}:{claim}"

    def set_trust(self, policy: Mapping[str, Any]) -> None:
        """The role has that trust policy."""
        self.world.aws("iam").update_assume_role_policy(
            RoleName=self.role, PolicyDocument=json.dumps(policy)
        )

    def set_permissions(self, policy: Mapping[str, Any]) -> None:
        """The role's permission policy is that one."""
        self.world.aws("iam").put_role_policy(
            RoleName=self.role, PolicyName=PERMISSIONS, PolicyDocument=json.dumps(policy)
        )

    def allow(self, action: str | list[str], resource: str) -> None:
        """The role's permission policy is one statement that allows this."""
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        self.set_permissions({"Version": "2012-10-17", "Statement": [statement]})

    def static_keys(self) -> dict[str, str]:
        """A person's keys that read the bucket, as a Pod's environment: the old way."""
        iam, person = self.world.aws("iam"), f"{self.namespace}-person"
        _delete_person(self.world, person)
        iam.create_user(UserName=person)
        document = json.dumps(roles.build_bucket_read_policy(self.bucket))
        iam.put_user_policy(UserName=person, PolicyName=PERMISSIONS, PolicyDocument=document)
        key = iam.create_access_key(UserName=person)["AccessKey"]
        secret = key["SecretAccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": secret}

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """The app's ServiceAccount has these annotations; None takes one away."""
        patch = {"metadata": {"annotations": dict(annotations)}}
        self.world.core_v1.patch_namespaced_service_account(SERVICE_ACCOUNT, self.namespace, patch)

    def deploy(
        self,
        *,
        service_account: str = SERVICE_ACCOUNT,
        environment: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """The app runs, as a new Pod of this form."""
        pods.ensure_no_deployment(self.world, DEPLOYMENT, namespace=self.namespace)
        manifest = _deployment(service_account, environment or {}, annotations or {})
        self.world.apps_v1.create_namespaced_deployment(self.namespace, manifest)
        self.wait()

    def restart(self) -> None:
        """A new Pod replaces the app's old one."""
        pods.restart_deployment(self.world, DEPLOYMENT, namespace=self.namespace)
        self.wait()

    def wait(self) -> Any:
        """The app's Pod, once it is ready."""
        return pods.wait_for_pod(self.world, DEPLOYMENT, namespace=self.namespace)

    def run(self, *command: str) -> pods.ExecResult:
        """What a command in the app's Pod answers."""
        name = self.wait().metadata.name
        return pods.exec_in_pod(self.world, name, list(command), namespace=self.namespace)


def build_scene(world: World, number: str, *, annotated: bool = True) -> Scene:
    """The healthy chain of lab `number` stands; without `annotated` its Pod has no role yet."""
    scene = Scene(world, f"lab-{number}")
    oidc.ensure_provider(world)
    storage.ensure_bucket(world, scene.bucket, objects={OBJECT: f"Hello from {scene.namespace}\n"})
    read = roles.build_bucket_read_policy(scene.bucket)
    roles.ensure_role(
        world, scene.role, scene.trust_policy(), permission_policies={PERMISSIONS: read}
    )
    arn = scene.role_arn if annotated else None
    serviceaccounts.ensure_service_account(
        world, SERVICE_ACCOUNT, namespace=scene.namespace, role_arn=arn
    )
    return scene


def clear_scene(world: World, namespace: str) -> None:
    """Nothing of that lab is left; the provider and the webhook are whole again."""
    scene = Scene(world, namespace)
    restore_webhook(world)
    if kubernetes_object(world.core_v1.read_namespace, namespace) is not None:
        oidc.ensure_provider(world)
        world.core_v1.delete_namespace(namespace)
        _wait_until_gone(world, namespace)
    roles.ensure_no_role(world, scene.role)
    _delete_bucket(world, scene.bucket)
    _delete_person(world, f"{namespace}-person")


def remove_webhook(world: World) -> None:
    """New Pods get no token; a copy of the webhook's configuration stays in kube-system."""
    api, client = _admission(world), cast("Any", world.kubernetes)
    found = api.read_mutating_webhook_configuration(WEBHOOK)
    manifest = client.sanitize_for_serialization(found)
    manifest["metadata"] = {"name": WEBHOOK}
    copy: Any = {"metadata": {"name": WEBHOOK_COPY}, "data": {"webhook.json": json.dumps(manifest)}}
    if kubernetes_object(world.core_v1.read_namespaced_config_map, WEBHOOK_COPY, "kube-system"):
        world.core_v1.delete_namespaced_config_map(WEBHOOK_COPY, "kube-system")
    world.core_v1.create_namespaced_config_map("kube-system", copy)
    api.delete_mutating_webhook_configuration(WEBHOOK)


def restore_webhook(world: World) -> None:
    """The webhook is registered again, where a lab had taken it away."""
    api = _admission(world)
    if kubernetes_object(api.read_mutating_webhook_configuration, WEBHOOK) is not None:
        return
    copy: Any = world.core_v1.read_namespaced_config_map(WEBHOOK_COPY, "kube-system")
    api.create_mutating_webhook_configuration(json.loads(copy.data["webhook.json"]))


def _admission(world: World) -> Any:
    from kubernetes.client import AdmissionregistrationV1Api

    return AdmissionregistrationV1Api(world.kubernetes)


def _delete_bucket(world: World, bucket: str) -> None:
    s3 = world.aws("s3")
    if bucket in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
        s3.delete_bucket_policy(Bucket=bucket)
        storage.ensure_no_bucket(world, bucket)


def _delete_person(world: World, person: str) -> None:
    iam = world.aws("iam")
    if person not in {each["UserName"] for each in iam.list_users()["Users"]}:
        return
    for key in iam.list_access_keys(UserName=person)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=person, AccessKeyId=key["AccessKeyId"])
    for name in iam.list_user_policies(UserName=person)["PolicyNames"]:
        iam.delete_user_policy(UserName=person, PolicyName=name)
    iam.delete_user(UserName=person)


def _wait_until_gone(world: World, namespace: str, timeout_seconds: float = 30) -> None:
    deadline = time.monotonic() + timeout_seconds
    while kubernetes_object(world.core_v1.read_namespace, namespace) is not None:
        if time.monotonic() > deadline:
            raise IrsaLabError(
                f"the namespace {namespace} did not go within {timeout_seconds:.0f} s",
                next_step=f"look at it: kubectl get all -n {namespace}",
            )
        time.sleep(0.02)


def _deployment(
    service_account: str, environment: Mapping[str, str], annotations: Mapping[str, str]
) -> Any:
    container = {
        "name": DEPLOYMENT,
        "image": "amazon/aws-cli",
        "command": ["sleep", "infinity"],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
    }
    labels = {"app": DEPLOYMENT}
    return {
        "metadata": {"name": DEPLOYMENT},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": dict(annotations)},
                "spec": {
                    "serviceAccountName": service_account,
                    "terminationGracePeriodSeconds": 0,
                    "containers": [container],
                },
            },
        },
    }
