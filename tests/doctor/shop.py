"""A shop in the shape of the EKS workshop's base application, and ten faults to plant in it.

Source of the shape: github.com/aws-samples/eks-workshop-v2, manifests/base-application: a namespace
for each service, a ServiceAccount and a ConfigMap for each app, databases as Deployments and
StatefulSets of the account `default`. The cart's ConfigMap has keys for its local DynamoDB, which
look like AWS keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from irsa_helpers import oidc, roles
from irsa_helpers.doctor.links.reach import POLICY
from irsa_helpers.ground import arns
from irsa_helpers.serviceaccounts import ROLE_ARN
from irsa_helpers.trust import build_trust_policy
from irsa_helpers.worlds import World

Document = dict[str, Any]
# service -> (kind of its database, name of it), which `default` runs
DATABASES = {
    "carts": ("Deployment", "carts-dynamodb"),
    "catalog": ("StatefulSet", "catalog-mysql"),
    "checkout": ("Deployment", "checkout-redis"),
    "orders": ("StatefulSet", "orders-postgresql"),
}
SERVICES = ("assets", "carts", "catalog", "checkout", "orders", "rabbitmq", "ui")
SETTINGS = {
    "carts": {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "CARTS_DYNAMODB_ENDPOINT": "http://carts-dynamodb:8000",
        "CARTS_DYNAMODB_TABLENAME": "Items",
    },
    "ui": {"ENDPOINTS_CATALOG": "http://catalog.catalog.svc:80"},
}
VERSIONS = {
    **{"Deployment": "apps/v1", "StatefulSet": "apps/v1"},
    **{"NetworkPolicy": "networking.k8s.io/v1"},
}
PATIENCE = 60.0  # Seconds for controllers to do what they do.


class Shop:
    """The shop in namespaces that begin with a prefix of one's own."""

    def __init__(self, world: World, prefix: str) -> None:
        self.world, self.prefix = world, prefix
        self.made: list[str] = []

    def resource(self, kind: str) -> Any:
        return self.world.resource(VERSIONS.get(kind, "v1"), kind)

    def place(self, service: str) -> str:
        """The service's namespace."""
        return f"{self.prefix}-{service}"

    def open(self) -> None:
        """Everything is there, and nothing in it is meant to have a role."""
        for service in SERVICES:
            for item in self._service(service):
                self.resource(item["kind"]).create(body=item)
            guard = yaml.safe_load(
                POLICY.format(namespace="x").split("\n", 1)[1].removesuffix("END")
            )
            self.resource("NetworkPolicy").create(body=guard, namespace=self.place(service))

    def close(self) -> None:
        for name in self.made:
            roles.ensure_no_role(self.world, name)
        for service in SERVICES:
            self.resource("Namespace").delete(name=self.place(service))

    def _service(self, service: str) -> Iterator[Document]:
        metadata = {"name": service, "namespace": self.place(service)}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.place(service)}}
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        data = SETTINGS.get(service, {"LOG_LEVEL": "info"})
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        secret = {"kind": "Secret", "metadata": metadata, "stringData": {"password": "x"}}
        yield {"apiVersion": "v1", **secret}
        kind = "StatefulSet" if service == "rabbitmq" else "Deployment"
        yield self._workload(kind, service, service, service)
        if service in DATABASES:
            kind, name = DATABASES[service]
            yield self._workload(kind, service, name, "default")

    def _workload(self, kind: str, service: str, name: str, account: str) -> Document:
        """Its Pods wait for a node: none needs to run for its chain to be seen."""
        labels = {"app.kubernetes.io/name": service, "app.kubernetes.io/component": name}
        password = {"secretKeyRef": {"name": service, "key": "password"}}
        container = {
            "name": name,
            "image": "busybox",
            "env": [{"name": "PASSWORD", "valueFrom": password}],
            "envFrom": [{"configMapRef": {"name": service}}] if name == service else [],
        }
        spec = {
            "serviceAccountName": account,
            "nodeSelector": {"no": "node"},
            "securityContext": {"fsGroup": 1000},
            "containers": [container],
        }
        template = {"metadata": {"labels": labels}, "spec": spec}
        whole = {"selector": {"matchLabels": labels}, "template": template, "serviceName": name}
        if kind == "Deployment":
            del whole["serviceName"]
        metadata = {"name": name, "namespace": self.place(service)}
        return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": whole}

    # Handles to plant faults by

    def role_arn(self, service: str, account: str = "") -> str:
        return roles.role_arn(self.world, f"{self.prefix}-{account or service}-{service}")

    def trust(self, service: str, namespace: str = "", account: str = "") -> Document:
        provider = oidc.provider_arn(self.world)
        return build_trust_policy(provider, namespace or self.place(service), account or service)

    def give_role(
        self,
        service: str,
        account: str = "",
        trust: Document | None = None,
        permissions: Document | None = None,
    ) -> None:
        """A role, as it should be but for what is named, and the annotation that asks for it."""
        arn = self.role_arn(service, account)
        name = arn.rpartition("/")[2]
        policies = {"app": permissions or self.allow("sqs:SendMessage", "*")}
        statements = trust or self.trust(service, account=account)
        roles.ensure_role(self.world, name, statements, permission_policies=policies)
        self.made.append(name)
        self.annotate(service, arn, account=account)

    def allow(self, action: str, resource: str, **members: Any) -> Document:
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        others = [members] if members else []
        return {"Version": "2012-10-17", "Statement": [statement, *others]}

    def annotate(
        self, service: str, arn: str | None, account: str = "", key: str = ROLE_ARN
    ) -> None:
        body = {"metadata": {"annotations": {key: arn}}}
        place, name = self.place(service), account or service
        self.resource("ServiceAccount").patch(body=body, name=name, namespace=place)

    def patch(self, service: str, kind: str, name: str, template: Document) -> None:
        body = {"spec": {"template": template}}
        self.resource(kind).patch(body=body, name=name, namespace=self.place(service))

    def pods(self) -> dict[str, str]:
        """(uid -> name) of the Pods that are there and not on their way out."""
        return {
            pod.metadata.uid: pod.metadata.name
            for pod in self.resource("Pod").get().items
            if pod.metadata.namespace.startswith(f"{self.prefix}-")
            and pod.metadata.deletionTimestamp is None
        }

    def wait_for_pods(self, gone: Container[str] = ()) -> None:
        """Each workload has its one Pod, and none of those that are to be gone."""
        deadline = time.monotonic() + PATIENCE
        while True:
            pods = self.pods()
            if len(pods) == len(SERVICES) + len(DATABASES) and not any(uid in gone for uid in pods):
                return
            assert time.monotonic() < deadline, sorted(pods.values())
            time.sleep(0.2)

    def make_pods_anew(self, *services: str) -> None:
        old = self.pods()
        for service in services:
            every = {"label_selector": "app.kubernetes.io/name"}
            self.resource("Pod").delete(namespace=self.place(service), **every)
        self.wait_for_pods(gone=[uid for uid, name in old.items() if name.startswith(services)])


@dataclass(frozen=True)
class Planted:
    """A fault: the workload that it strikes, what was done, and the link that is to be named."""

    workload: str
    what: str
    plant: Callable[[Shop], None]
    link: str


def _keys_stay(shop: Shop) -> None:
    shop.give_role("carts")


def _wrong_key(shop: Shop) -> None:
    shop.give_role("catalog")
    shop.annotate("catalog", None)
    shop.annotate("catalog", shop.role_arn("catalog"), key="eks.amazonaws.com/rolearn")


def _another_namespace(shop: Shop) -> None:
    shop.give_role("checkout", trust=shop.trust("checkout", namespace="checkout-test"))


def _no_such_role(shop: Shop) -> None:
    shop.annotate("ui", shop.role_arn("ui"))


def _anybody(shop: Shop) -> None:
    trust = shop.trust("assets")
    issuer = arns.issuer_host_path(oidc.issuer_url(shop.world))
    trust["Statement"][0]["Condition"] = {
        "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{issuer}:sub": f"system:serviceaccount:{shop.place('assets')}:*"},
    }
    shop.give_role("assets", trust=trust)


def _no_such_bucket(shop: Shop) -> None:
    gone = f"arn:aws:s3:::{shop.prefix}-nowhere"
    shop.give_role("rabbitmq", permissions=shop.allow("s3:ListBucket", gone))


def _region_of_china(shop: Shop) -> None:
    shop.give_role("checkout", account="default")
    name = DATABASES["checkout"][1]
    env = [{"name": "AWS_REGION", "value": "cn-north-1"}]
    shop.patch(
        "checkout", "Deployment", name, {"spec": {"containers": [{"name": name, "env": env}]}}
    )


def _left_out(shop: Shop) -> None:
    shop.give_role("catalog", account="default")
    name = DATABASES["catalog"][1]
    annotations = {"eks.amazonaws.com/skip-containers": name}
    shop.patch("catalog", "StatefulSet", name, {"metadata": {"annotations": annotations}})


def _denied(shop: Shop) -> None:
    denial = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    permissions = shop.allow("sqs:SendMessage", "*", **denial)
    shop.give_role("carts", account="default", permissions=permissions)


def _after_the_pods(shop: Shop) -> None:
    """Last: the Pods of the others are made anew before."""
    shop.make_pods_anew(*(service for service in SERVICES if service != "orders"))
    shop.give_role("orders")


TEN = (
    Planted(
        "carts/deployment/carts",
        "a role, and the ConfigMap keeps the keys for the local DynamoDB",
        _keys_stay,
        "static-credentials",
    ),
    Planted(
        "catalog/deployment/catalog",
        "the annotation's key is `eks.amazonaws.com/rolearn`",
        _wrong_key,
        "annotation",
    ),
    Planted(
        "checkout/deployment/checkout",
        "the trust policy names the namespace of the test cluster",
        _another_namespace,
        "trust-policy",
    ),
    Planted(
        "ui/deployment/ui", "the annotation names a role that is not there", _no_such_role, "role"
    ),
    Planted(
        "assets/deployment/assets",
        "the trust policy admits every account of the namespace",
        _anybody,
        "trust-scope",
    ),
    Planted(
        "rabbitmq/statefulset/rabbitmq",
        "the policy names a bucket that is not there",
        _no_such_bucket,
        "permission-resources",
    ),
    Planted(
        "checkout/deployment/checkout-redis",
        "AWS_REGION is of another partition",
        _region_of_china,
        "sdk-environment",
    ),
    Planted(
        "catalog/statefulset/catalog-mysql",
        "the Pod's only container is left out",
        _left_out,
        "skip-containers",
    ),
    Planted(
        "carts/deployment/carts-dynamodb",
        "a Deny takes back what the policy allows",
        _denied,
        "permission-limits",
    ),
    Planted(
        "orders/deployment/orders",
        "the Pods are older than the annotation",
        _after_the_pods,
        "injection",
    ),
)
