"""A healthy chain in a world of plain data, and whether its Pods' calls would succeed."""

from __future__ import annotations

import copy
import json
from typing import Any

from irsa_helpers.doctor import Diagnosis, doctor
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.trust import build_trust_policy
from tests.doctor.plain_world import (
    ACCOUNT,
    ISSUER,
    PROVIDER,
    ROLE_ARN,
    Document,
    PlainWorld,
    arn_of,
)

APP, BUCKET = "system:serviceaccount:shop:app", "shop-data"
PREFIX = "eks.amazonaws.com/"
ARNS = f"arn:aws:iam::{ACCOUNT}:oidc-provider/"
GREEN = f"{ISSUER.rpartition('/')[0]}/00000000000000000000000000000GREEN"
GITHUB = "token.actions.githubusercontent.com"
TOKEN = "sts:AssumeRoleWithWebIdentity"
WITHOUT_EACH_OTHER = ("app", "proxy", "setup")


def statement(host: str, condition: Document, **members: Any) -> Document:
    """A statement that admits tokens of an issuer."""
    return {
        "Effect": "Allow",
        "Principal": {"Federated": f"{ARNS}{host}"},
        "Action": TOKEN,
        "Condition": condition,
    } | members


# Who uses the role besides: another cluster, a pipeline at GitHub, a role.
OTHERS = [
    statement(GREEN, {"StringEquals": {f"{GREEN}:sub": APP, f"{GREEN}:aud": "sts.amazonaws.com"}}),
    statement(
        GITHUB,
        {
            "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{GITHUB}:sub": "repo:org/app:*"},
        },
    ),
    {
        "Effect": "Allow",
        "Principal": {"AWS": arn_of("pipeline")},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    },
]


def allow(action: Any, resource: Any, **members: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | members


def policy(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


READ = policy(
    allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET}"),
    allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"),
)


class Chain:
    """A Deployment `app` (containers app and proxy, after setup), its account, role and bucket."""

    def __init__(self) -> None:
        self.world = PlainWorld()
        self.world.buckets = {BUCKET: None, "others-data": None}
        self.world.roles = {
            "app-role": {"trust": policy(*OTHERS, self.own()), "inline": {"read": READ}},
            "other-role": {"trust": policy(self.own("other")), "inline": {"read": READ}},
        }
        for name in ("default", "app", "other"):
            self.world.put("ServiceAccount", {"metadata": {"name": name, "annotations": {}}})
        self.annotate(ROLE_ARN, arn_of("app-role"))
        self.world.get("ServiceAccount", "other")["metadata"]["annotations"] = {
            ROLE_ARN: arn_of("other-role")
        }
        self.deploy("app", "proxy", "setup")
        self.deploy("other")
        self.world.roll()
        self.world.roll("other")

    def deploy(self, name: str, *more: str) -> None:
        labels = {"app": name}
        template = {
            "metadata": {"labels": labels},
            "spec": {
                "serviceAccountName": name,
                "containers": [{"name": each, "image": "busybox"} for each in (name, *more[:1])],
                "initContainers": [{"name": each, "image": "busybox"} for each in more[1:]],
            },
        }
        spec = {"selector": {"matchLabels": labels}, "template": template}
        self.world.put("Deployment", {"metadata": {"name": name, "uid": name}, "spec": spec,
                                      "status": {"updatedReplicas": 1}})  # fmt: skip

    # Handles to change it by

    def own(self, account: str = "app", **condition: Any) -> Document:
        """The statement that admits the ServiceAccount, with further conditions."""
        found: Document = build_trust_policy(PROVIDER, "shop", account)["Statement"][0]
        for operator, block in condition.items():
            found["Condition"].setdefault(operator, {}).update(block)
        return found

    def trust(self, *statements: Document) -> None:
        self.role["trust"] = policy(*OTHERS, *statements)

    def claims(self, operator: str = "StringEquals", **claims: Any) -> None:
        keys = {f"{ISSUER}:{name.replace('_', '.')}": value for name, value in claims.items()}
        self.trust(statement(ISSUER, {operator: keys}))

    @property
    def role(self) -> Document:
        return self.world.roles["app-role"]

    def permit(self, *statements: Document, name: str = "read") -> None:
        self.role["inline"][name] = policy(*statements)

    def annotate(self, key: str, value: str | None) -> None:
        annotations = self.world.get("ServiceAccount", "app")["metadata"]["annotations"]
        annotations.pop(key, None)
        if value is not None:
            annotations[key] = value

    @property
    def template(self) -> Document:
        found: Document = self.world.get("Deployment", "app")["spec"]["template"]
        return found

    @property
    def spec(self) -> Document:
        found: Document = self.template["spec"]
        return found

    def container(self, name: str = "app") -> Document:
        every = [*self.spec["containers"], *self.spec["initContainers"]]
        return next(each for each in every if each["name"] == name)

    def env(self, in_container: str = "app", **values: Any) -> None:
        """Set variables of a container: texts, or `valueFrom` as dicts; and make Pods anew."""
        own = self.container(in_container).setdefault("env", [])
        for name, value in values.items():
            key = "value" if isinstance(value, str) else "valueFrom"
            own.append({"name": name, key: value})
        self.world.roll()

    def mark(self, key: str, value: str) -> None:
        """Annotate the Pod template."""
        self.template["metadata"].setdefault("annotations", {})[key] = value
        self.world.roll()

    def mount(self, path: str, **volume: Any) -> None:
        """Mount a volume into the container app."""
        name = f"volume-{len(self.spec.setdefault('volumes', []))}"
        self.spec["volumes"].append({"name": name, **volume})
        mounts = self.container().setdefault("volumeMounts", [])
        mounts.append({"name": name, "mountPath": path})

    def aws_config(self, text: str, **env: str) -> None:
        """Give the container app an AWS file from a ConfigMap."""
        self.world.put("ConfigMap", {"metadata": {"name": "aws"}, "data": {"config": text}})
        self.mount("/etc/aws", configMap={"name": "aws"})
        self.env(AWS_CONFIG_FILE="/etc/aws/config", **env)

    def associate(self, role: str = "app-role") -> None:
        self.world.associations.append(
            {
                "associationId": "a-1",
                "namespace": "shop",
                "serviceAccount": "app",
                "roleArn": arn_of(role),
            }
        )

    def with_pod_identity(self, actions: Any = ("sts:AssumeRole", "sts:TagSession"),
                          **condition: Any) -> None:  # fmt: skip
        """Give the role by EKS Pod Identity, and not by an annotation."""
        service = {"Service": "pods.eks.amazonaws.com"}
        own = {"Effect": "Allow", "Principal": service, "Action": list(actions)}
        self.role["trust"] = policy(*OTHERS, own | ({"Condition": condition} if condition else {}))
        self.annotate(ROLE_ARN, None)
        self.associate()
        self.world.roll()

    # What is seen of it

    def diagnose(self) -> Diagnosis:
        return doctor(self.world, "deployment/app", namespace="shop")

    def others(self) -> Document:
        """All that is not the app's own: it must be the same after a fix."""
        own = {("Deployment", "shop", "app"), ("ServiceAccount", "shop", "app")}
        objects = {
            str(key): value
            for key, value in self.world.objects.items()
            if key not in own and not key[2].startswith("app-")
        }
        roles = {name: role for name, role in self.world.roles.items() if name != "app-role"}
        found: Document = json.loads(json.dumps({"objects": objects, "roles": roles}))
        return found

    def statements_of_others(self) -> list[str]:
        """The others' statements of the role's trust policy, byte for byte."""
        role = self.world.roles.get("app-role", {"trust": policy()})
        return [json.dumps(s) for s in role["trust"]["Statement"] if s in OTHERS]

    def others_on_bucket(self) -> list[str]:
        """What the bucket's own policy says to another role."""
        found = self.world.buckets[BUCKET]
        return [
            evaluate(
                Request(arn_of("other-role"), action, f"arn:aws:s3:::{BUCKET}/k", dict(context)),
                identity_policies=[policy(allow("s3:*", "*"))],
                resource_policy=found,
            ).effect
            for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
            for context in ((), (("aws:SecureTransport", "false"),))
        ]


def copied(chain: Chain) -> Document:
    """The app's own parts, to tell what a fix changed."""
    return copy.deepcopy(
        {
            "template": chain.template,
            "account": chain.world.get("ServiceAccount", "app"),
            "role": chain.world.roles.get("app-role"),
        }
    )
