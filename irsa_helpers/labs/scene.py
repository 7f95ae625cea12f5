"""The world of one lab: a healthy chain in a namespace of its own, for a lab's set-up to break."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, pods, roles, serviceaccounts, storage, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.clearing import delete_person
from irsa_helpers.worlds.lookups import kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irsa_helpers.worlds import World

SERVICE_ACCOUNT = "app-sa"
DEPLOYMENT = "app"
PERMISSIONS = "read-bucket"
OBJECT = "hello.txt"
COPY_TOKEN = (
    "cp /var/run/secrets/eks.amazonaws.com/serviceaccount/token /app/token && exec sleep infinity"
)
# How long a check waits for a Pod that is being made.
CHECK_SECONDS = 10.0
REFUSED_SECONDS = 1.0  # The same, where the API server has refused to make it.
TOKEN_SECONDS = 600  # The shortest life that Kubernetes gives a token.
STARTED = "irsa-lab/started-at-hop"


@dataclass(frozen=True)
class Scene:
    """The names of one lab, and the changes that set-ups, solutions and wrong fixes are made of."""

    world: World
    namespace: str
    service_account: str = SERVICE_ACCOUNT
    new_role_arn: str = ""  # The role that the learner made in the place of the usual one.

    @property
    def role(self) -> str:
        """The role that the app is to act as, as in `lab-03-app-role`."""
        return self.new_role_arn.rpartition("/")[2] or f"{self.namespace}-app-role"

    @property
    def role_arn(self) -> str:
        """The ARN of that role."""
        return self.new_role_arn or roles.role_arn(self.world, self.role)

    @property
    def bucket(self) -> str:
        """The bucket that the app reads."""
        return f"{self.namespace}-data-{self.world.cluster.account_id}"

    @property
    def subject(self) -> str:
        """The `sub` of the app's token."""
        return trust.subject(self.namespace, self.service_account)

    def as_it_is(self) -> Scene:
        """The scene with the ServiceAccount and the role that the app has now, where they are new.

        Its own is a ServiceAccount that the Deployment names, but not `default`, which is
        everybody's; and a role that the annotation names, of the scene's account, whose name begins
        with the namespace: such a role the next start takes away.
        """
        deployment = kubernetes_object(
            self.world.resource("apps/v1", "Deployment"), DEPLOYMENT, self.namespace
        )
        named = deployment and deployment.spec.template.spec.serviceAccountName
        name = named if named and named != "default" else SERVICE_ACCOUNT
        accounts = self.world.resource("v1", "ServiceAccount")
        account = kubernetes_object(accounts, name, self.namespace)
        if account is None:
            return self
        arn = (account.metadata.annotations or {}).get(serviceaccounts.ROLE_ARN) or ""
        number, begin = self.world.cluster.account_id, re.escape(self.namespace)
        own = re.fullmatch(rf"arn:aws:iam::{number}:role/([\w./-]+/)?{begin}-[\w+=,.@-]+", arn)
        return replace(self, service_account=name, new_role_arn=arn if own else "")

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
        delete_person(self.world, person)
        iam.create_user(UserName=person)
        document = json.dumps(roles.build_bucket_read_policy(self.bucket))
        iam.put_user_policy(UserName=person, PolicyName=PERMISSIONS, PolicyDocument=document)
        key = iam.create_access_key(UserName=person)["AccessKey"]
        secret = key["SecretAccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": secret}

    def session_keys(self) -> dict[str, str]:
        """A session of the role as a Pod's environment: what somebody copied who had one."""
        session = self.become(self.namespace, SERVICE_ACCOUNT, "copied")
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    def set_bucket_policy(self, principal: Any) -> None:
        """The bucket's own policy lets that principal read its objects, and says no more."""
        statement = {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.bucket}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.world.aws("s3").put_bucket_policy(Bucket=self.bucket, Policy=policy)

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """The app's ServiceAccount has these annotations; None takes one away."""
        patch = {"metadata": {"annotations": dict(annotations)}}
        accounts = self.world.resource("v1", "ServiceAccount")
        accounts.patch(name=SERVICE_ACCOUNT, namespace=self.namespace, body=patch)

    def deploy(
        self,
        *,
        service_account: str = SERVICE_ACCOUNT,
        environment: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        container: Mapping[str, Any] | None = None,
        pod: Mapping[str, Any] | None = None,
    ) -> None:
        """The app runs, as a new Pod of this form.

        `container` and `pod` are members of the container's and the Pod's spec, put over the
        usual ones; further containers of `pod` stand beside the app's.
        """
        pods.ensure_no_deployment(self.world, DEPLOYMENT, namespace=self.namespace)
        spec = {"serviceAccountName": service_account, "terminationGracePeriodSeconds": 0}
        others = dict(pod or {})
        app = _container(environment or {}) | dict(container or {})
        spec |= {"containers": [app, *others.pop("containers", ())]} | others
        manifest = _deployment(spec, annotations or {})
        deployments = self.world.resource("apps/v1", "Deployment")
        deployments.create(namespace=self.namespace, body=manifest)
        self.wait()

    def deploy_with_copied_token(self) -> None:
        """The app runs with a copy of its first token, as an app does that reads it once."""
        variables = {"AWS_ROLE_ARN": self.role_arn, "AWS_WEB_IDENTITY_TOKEN_FILE": "/app/token"}
        copy = {
            "command": ["sh", "-c", COPY_TOKEN],
            "volumeMounts": [{"name": "app", "mountPath": "/app"}],
        }
        self.deploy(
            environment=variables,
            container=copy,
            pod={"volumes": [{"name": "app", "emptyDir": {}}]},
        )

    def deploy_with_token_by_hand(self) -> None:
        """The app runs with a token out of a Secret: somebody made it, and nobody renews it."""
        token = base64.b64encode(self.token(self.namespace, SERVICE_ACCOUNT).encode()).decode()
        secret = {"metadata": {"name": "by-hand"}, "data": {"token": token}}
        self.world.resource("v1", "Secret").create(namespace=self.namespace, body=secret)
        self.deploy(
            environment={
                "AWS_ROLE_ARN": self.role_arn,
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/by-hand/token",
            },
            container={"volumeMounts": [{"name": "by-hand", "mountPath": "/by-hand"}]},
            pod={"volumes": [{"name": "by-hand", "secret": {"secretName": "by-hand"}}]},
        )

    def restart(self) -> None:
        """A new Pod replaces the app's old one."""
        pods.restart_deployment(self.world, DEPLOYMENT, namespace=self.namespace)
        self.wait()

    def wait(self) -> Any:
        """The app's Pod, once it is ready."""
        return pods.wait_for_pod(self.world, DEPLOYMENT, namespace=self.namespace)

    def wait_for_log(self, *signs: str, timeout_seconds: float = 20) -> None:
        """The app has logged one of these. Raises IrsaLabError with its log where it does not."""
        deadline, name = time.monotonic() + timeout_seconds, self.wait().metadata.name
        while time.monotonic() < deadline:
            said = pods.pod_logs(self.world, name, namespace=self.namespace, container=DEPLOYMENT)
            if any(sign in said for sign in signs):
                return
            time.sleep(0.05)
        raise IrsaLabError(f"the app does not say {' or '.join(signs)}, but: {said}")

    def note_start(self) -> None:
        """Remember where the sandbox's record stands: an attack counts from here on."""
        last = max((hop["seq"] for hop in self.world.trace()), default=0)
        patch = {"metadata": {"annotations": {STARTED: str(last)}}}
        self.world.resource("v1", "Namespace").patch(name=self.namespace, body=patch)

    @property
    def started_at_hop(self) -> int:
        """The number that `note_start` remembered."""
        own: Any = self.world.resource("v1", "Namespace").get(name=self.namespace)
        return int((own.metadata.annotations or {}).get(STARTED, 0))

    def become(
        self, namespace: str, name: str, session: str, seconds: int = TOKEN_SECONDS
    ) -> dict[str, Any]:
        """STS's credentials of the role for a token of that ServiceAccount, as a Pod gets them.

        `seconds` is the life of the token. Raises botocore's ClientError where STS refuses it.
        """
        answer = self.world.aws("sts").assume_role_with_web_identity(
            RoleArn=self.role_arn,
            RoleSessionName=session,
            WebIdentityToken=self.token(namespace, name, seconds),
        )
        return dict(answer["Credentials"])

    def token(self, namespace: str, name: str, seconds: int = TOKEN_SECONDS) -> str:
        """A token of that ServiceAccount for STS, of no Pod."""
        request = {"spec": {"audiences": [oidc.AUDIENCE], "expirationSeconds": seconds}}
        tokens: Any = self.world.resource("v1", "ServiceAccount").token
        return str(tokens.create(name=name, namespace=namespace, body=request).status.token)

    def attack(self) -> None:
        """Read the bucket as the ServiceAccount `default`: what a wide trust policy allows."""
        keys = self.become(self.namespace, "default", "attack")
        self.world.aws("s3", credentials=keys).get_object(Bucket=self.bucket, Key=OBJECT)

    def wait_briefly(self) -> Any:
        """The app's Pod, for a check: none is waited for long, and none where none is wanted.

        Raises IrsaLabError with the reason where there is none.
        """
        deployments = self.world.resource("apps/v1", "Deployment")
        app = kubernetes_object(deployments, DEPLOYMENT, self.namespace)
        if app is not None and app.spec.replicas == 0:
            raise IrsaLabError(f"Deployment {self.namespace}/{DEPLOYMENT} is scaled to no Pods")
        conditions = (app and app.status.conditions) or []
        refused = any(c.type == "ReplicaFailure" and c.status == "True" for c in conditions)
        seconds = REFUSED_SECONDS if refused else CHECK_SECONDS
        return pods.wait_for_pod(
            self.world, DEPLOYMENT, namespace=self.namespace, timeout_seconds=seconds
        )

    def run(self, *command: str) -> pods.ExecResult:
        """What a command answers in the app's container, or in the Pod's only one."""
        pod = self.wait_briefly()
        names = [container.name for container in pod.spec.containers]
        return pods.exec_in_pod(
            self.world,
            pod.metadata.name,
            list(command),
            namespace=self.namespace,
            container=DEPLOYMENT if DEPLOYMENT in names else names[0],
        )


def build_scene(scene: Scene) -> Scene:
    """The healthy chain of that scene stands, but for its Pods; returns the scene."""
    world = scene.world
    oidc.ensure_provider(world)
    storage.ensure_bucket(world, scene.bucket, objects={OBJECT: f"Hello from {scene.namespace}\n"})
    read = roles.build_bucket_read_policy(scene.bucket)
    roles.ensure_role(
        world, scene.role, scene.trust_policy(), permission_policies={PERMISSIONS: read}
    )
    serviceaccounts.ensure_service_account(
        world, SERVICE_ACCOUNT, namespace=scene.namespace, role_arn=scene.role_arn
    )
    return scene


def _container(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": DEPLOYMENT,
        "image": "amazon/aws-cli",
        "command": ["sleep", "infinity"],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
    }


def _deployment(spec: Mapping[str, Any], annotations: Mapping[str, str]) -> Any:
    labels = {"app": DEPLOYMENT}
    template = {"metadata": {"labels": labels, "annotations": dict(annotations)}, "spec": spec}
    return {
        "metadata": {"name": DEPLOYMENT},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
