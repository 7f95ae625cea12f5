"""A cluster and an account as plain data: each row of the doctor's matrix gets one of its own.

It answers what the doctor reads, as boto3's clients and the Kubernetes client do; Pods are made by
the sandbox's own webhook. That it answers as the sandbox does is tested in `test_plain_world.py`.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonpatch
from botocore.exceptions import ClientError

from irsa_helpers.doctor.evidence.reading import MISSING
from irsa_helpers.worlds import World
from irsa_sandbox.node.webhook import WebhookSettings, configuration, mutate

ACCOUNT, REGION, CLUSTER = "111122223333", "ap-northeast-2", "plain-cluster"
ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
ROLE_ARN = "eks.amazonaws.com/role-arn"
PLURALS = {
    "serviceaccounts": "ServiceAccount",
    "deployments": "Deployment",
    "daemonsets": "DaemonSet",
    "statefulsets": "StatefulSet",
    "jobs": "Job",
    "cronjobs": "CronJob",
    "pods": "Pod",
    "configmaps": "ConfigMap",
    "secrets": "Secret",
    "networkpolicies": "NetworkPolicy",
    "replicasets": "ReplicaSet",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
    "namespaces": "Namespace",
    "nodes": "Node",
}
Document = dict[str, Any]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def arn_of(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


class PlainWorld(World):
    """The data: `roles`, `providers`, `buckets` and their like, and Kubernetes' `objects`."""

    name = "plain"
    needs_approval = False

    def __init__(self) -> None:
        super().__init__(CLUSTER, REGION, Path("/nonexistent"))
        self.roles: dict[str, Document] = {}
        self.providers: dict[str, list[str]] = {PROVIDER: ["sts.amazonaws.com"]}
        self.buckets: dict[str, Document | None] = {}
        self.sealed: dict[str, str] = {}  # bucket -> the ARN of its key
        self.keys: dict[str, Document] = {}  # ARN -> policy and state
        self.associations: list[Document] = []
        self.managed: dict[str, Document] = {}
        self.objects: dict[tuple[str, str, str], Document] = {}
        self.logs: dict[str, str] = {}
        self.made = 0
        webhook = configuration("https://webhook", "")
        webhook["webhooks"][0]["namespaceSelector"] = {}
        self.put("MutatingWebhookConfiguration", webhook, "")
        self.auto_mode = False
        self.install_agent()
        self.put("Namespace", {"metadata": {"name": "shop", "labels": {}}}, "")

    def install_agent(self, ready: int = 2) -> None:
        """The agent of EKS Pod Identity on two nodes."""
        status = {"numberReady": ready, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2}
        template = {"spec": {"serviceAccountName": "agent", "hostNetwork": True, "containers": []}}
        spec = {"selector": {"matchLabels": {"app": "agent"}}, "template": template}
        agent = {"metadata": {"name": "eks-pod-identity-agent"}, "spec": spec, "status": status}
        self.put("DaemonSet", agent, "kube-system")
        self.put("ServiceAccount", {"metadata": {"name": "agent"}}, "kube-system")
        metadata = {
            "name": "eks-pod-identity-agent-x",
            "labels": {"app": "agent"},
            "creationTimestamp": "2026-11-23T09:00:00Z",
            "ownerReferences": [{"kind": "DaemonSet", "name": "eks-pod-identity-agent"}],
        }
        pod = {"metadata": metadata, "spec": template["spec"], "status": {"phase": "Running"}}
        self.put("Pod", pod, "kube-system")

    # Kubernetes

    def put(self, kind: str, body: Document, namespace: str = "shop") -> Document:
        """Store an object."""
        body["metadata"].setdefault("namespace", namespace)
        self.objects[kind, namespace, body["metadata"]["name"]] = body
        return body

    def get(self, kind: str, name: str, namespace: str = "shop") -> Document:
        return self.objects[kind, namespace, name]

    def roll(self, name: str = "app", count: int = 1, keep: bool = False) -> None:
        """Give a Deployment new Pods, as its controller and the webhook would."""
        deployment = self.get("Deployment", name)
        selector = deployment["spec"]["selector"]["matchLabels"]
        if not keep:
            for key in [k for k, v in self.objects.items() if _selected(k, v, selector)]:
                del self.objects[key]
        for _ in range(count):
            self._make_pod(name, copy.deepcopy(deployment["spec"]["template"]))

    def _make_pod(self, name: str, template: Document) -> None:
        self.made += 1
        pod = {"metadata": template.get("metadata", {}), "spec": template["spec"]}
        pod["metadata"] |= {
            "name": f"{name}-{self.made}",
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{name}-1"}],
            "namespace": "shop",
            "creationTimestamp": f"2026-11-23T10:{self.made:02}:00Z",
        }
        account = self.objects.get(
            ("ServiceAccount", "shop", pod["spec"].get("serviceAccountName", "default"))
        )
        settings = WebhookSettings(REGION, has_association=self._has_association)
        if self._asks_webhook(pod):
            pod = jsonpatch.apply_patch(pod, mutate(pod, account, settings))
        names = [c["name"] for c in pod["spec"]["containers"]]
        running = [{"name": name, "state": {"running": {}}, "ready": True} for name in names]
        pod["status"] = {"phase": "Running", "containerStatuses": running}
        self.put("Pod", pod)

    def _has_association(self, namespace: str, account: str) -> bool:
        return any((a["namespace"], a["serviceAccount"]) == (namespace, account)
                   for a in self.associations)  # fmt: skip

    def _asks_webhook(self, pod: Document) -> bool:
        from irsa_helpers.policy.selectors import selects

        found = self.objects.get(("MutatingWebhookConfiguration", "", "pod-identity-webhook"))
        labels = self.get("Namespace", "shop", "")["metadata"]["labels"]
        own = pod["metadata"].get("labels") or {}
        return found is not None and any(
            hook["rules"]
            and selects(hook["namespaceSelector"], labels)
            and selects(hook["objectSelector"], own)
            for hook in found["webhooks"]
        )

    @property
    def kubernetes(self) -> Any:
        return SimpleNamespace(
            configuration=SimpleNamespace(host="https://plain"),
            param_serialize=lambda method, path, query_params=(), **_: (path, dict(query_params)),
            call_api=self._answer,
        )

    def _answer(self, path: str, query: Document) -> Any:
        status, found = self._look(path, query)
        text = found if isinstance(found, str) else json.dumps(found)
        return SimpleNamespace(status=status, read=str, data=text.encode())

    def _look(self, path: str, query: Document) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = ""
        if len(parts) > 2 and parts[0] == "namespaces":
            namespace, parts = parts[1], parts[2:]
        kind, name = PLURALS[parts[0]], parts[1] if len(parts) > 1 else ""
        if parts[-1] == "log":
            before = " previous" if "previous" in query else ""
            return 200, self.logs.get(query["container"] + before, "")
        if name:
            found = self.objects.get((kind, namespace, name))
            return (200, found) if found else (404, {})
        items = [
            value
            for (its_kind, place, _), value in self.objects.items()
            if its_kind == kind and namespace in {"", place}
        ]
        return 200, {"items": items}

    # AWS

    def aws(self, service: str, **_: Any) -> Any:
        return _Client(self, service)

    def _client(self, *_: Any) -> Any:
        raise NotImplementedError

    def fetch(self, url: str) -> bytes:
        raise NotImplementedError

    def tls_chain(self, host: str) -> list[bytes]:
        raise NotImplementedError

    def trace(self, since: int = 0) -> list[dict[str, Any]]:
        return []

    def advance_clock(self, seconds: float) -> None:
        raise NotImplementedError

    def rotate_signing_key(self) -> None:
        raise NotImplementedError


def _selected(key: tuple[str, str, str], body: Document, labels: dict[str, str]) -> bool:
    return key[0] == "Pod" and labels.items() <= (body["metadata"].get("labels") or {}).items()


class _Client:
    """The calls of one AWS service: by the name that boto3 gives them."""

    def __init__(self, world: PlainWorld, service: str) -> None:
        self._world, self._service = world, service
        self.exceptions = SimpleNamespace(NoSuchEntityException=ClientError)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(_Calls(self._world), f"{self._service}_{name}")
        return lambda **given: call({key.lower(): value for key, value in given.items()})

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=lambda **given: [getattr(self, name)(**given)])


def _missing(code: str) -> ClientError:
    assert code in MISSING
    return ClientError({"Error": {"Code": code, "Message": "…"}}, "Call")


class _Calls:
    """What each call answers and does; requests have their members in small letters."""

    def __init__(self, world: PlainWorld) -> None:
        self.world = world

    def eks_describe_cluster(self, _: Document) -> Document:
        issuer = {"oidc": {"issuer": f"https://{ISSUER}"}}
        arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
        found = {"name": CLUSTER, "arn": arn, "identity": issuer, "endpoint": "", "version": "1"}
        return {"cluster": found | {"computeConfig": {"enabled": self.world.auto_mode}}}

    def eks_create_addon(self, _: Document) -> None:
        self.world.install_agent()

    def eks_list_pod_identity_associations(self, asked: Document) -> Document:
        place = (asked.get("namespace"), asked.get("serviceaccount"))
        found = [
            a
            for a in self.world.associations
            if place in {(None, None), (a["namespace"], a["serviceAccount"])}
        ]
        return {"associations": found}

    def eks_describe_pod_identity_association(self, asked: Document) -> Document:
        [found] = [
            a for a in self.world.associations if a["associationId"] == asked["associationid"]
        ]
        return {"association": found}

    def eks_delete_pod_identity_association(self, asked: Document) -> None:
        [found] = [
            a for a in self.world.associations if a["associationId"] == asked["associationid"]
        ]
        self.world.associations.remove(found)

    def sts_get_caller_identity(self, _: Document) -> Document:
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/me"}

    def iam_get_open_id_connect_provider(self, asked: Document) -> Document:
        found = self.world.providers.get(asked["openidconnectproviderarn"])
        if found is None:
            raise _missing("NoSuchEntity")
        return {"ClientIDList": found}

    def iam_list_open_id_connect_providers(self, _: Document) -> Document:
        return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in self.world.providers]}

    def iam_create_open_id_connect_provider(self, asked: Document) -> None:
        host = asked["url"].removeprefix("https://")
        self.world.providers[f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"] = [
            asked["clientidlist"]
        ]

    def iam_add_client_id_to_open_id_connect_provider(self, asked: Document) -> None:
        self.world.providers[asked["openidconnectproviderarn"]].append(asked["clientid"])

    def iam_get_role(self, asked: Document) -> Document:
        return {"Role": self._as_role(asked["rolename"])}

    def _as_role(self, name: str) -> Document:
        found = self.world.roles.get(name)
        if found is None:
            raise _missing("NoSuchEntity")
        role = {
            "RoleName": name,
            "Arn": arn_of(found.get("path", "") + name),
            "AssumeRolePolicyDocument": copy.deepcopy(found["trust"]),
            "Tags": [{"Key": k, "Value": v} for k, v in found.get("tags", {}).items()],
            "CreateDate": found.get("made", LONG_AGO),
        }
        if "boundary" in found:
            role["PermissionsBoundary"] = {"PermissionsBoundaryArn": found["boundary"]}
        return role

    def iam_get_account_authorization_details(self, _: Document) -> Document:
        attached = [arn for role in self.world.roles.values() for arn in role.get("attached", [])]
        return {
            "RoleDetailList": [self._in_full(name) for name in self.world.roles],
            "Policies": [self._managed_in_full(arn) for arn in dict.fromkeys(attached)],
        }

    def _in_full(self, name: str) -> Document:
        asked = {"rolename": name}
        inline = self.world.roles[name]["inline"]
        return self._as_role(name) | {
            "AttachedManagedPolicies": self.iam_list_attached_role_policies(asked)[
                "AttachedPolicies"
            ],
            "RolePolicyList": [
                {"PolicyName": title, "PolicyDocument": copy.deepcopy(document)}
                for title, document in inline.items()
            ],
        }

    def _managed_in_full(self, arn: str) -> Document:
        version = {"VersionId": "v1", "Document": self.world.managed[arn]}
        return {"Arn": arn, "DefaultVersionId": "v1", "PolicyVersionList": [version]}

    def iam_list_roles(self, _: Document) -> Document:
        return {"Roles": [self._as_role(name) for name in self.world.roles]}

    def iam_create_role(self, asked: Document) -> None:
        trust = json.loads(asked["assumerolepolicydocument"])
        self.world.roles[asked["rolename"]] = {"trust": trust, "inline": {}}

    def iam_update_assume_role_policy(self, asked: Document) -> None:
        self.world.roles[asked["rolename"]]["trust"] = json.loads(asked["policydocument"])

    def iam_list_role_policies(self, asked: Document) -> Document:
        return {"PolicyNames": list(self._found(asked)["inline"])}

    def _found(self, asked: Document) -> Document:
        if asked["rolename"] not in self.world.roles:
            raise _missing("NoSuchEntity")
        return self.world.roles[asked["rolename"]]

    def iam_get_role_policy(self, asked: Document) -> Document:
        return {"PolicyDocument": copy.deepcopy(self._found(asked)["inline"][asked["policyname"]])}

    def iam_put_role_policy(self, asked: Document) -> None:
        document = json.loads(asked["policydocument"])
        self._found(asked)["inline"][asked["policyname"]] = document

    def iam_delete_role_policy(self, asked: Document) -> None:
        del self._found(asked)["inline"][asked["policyname"]]

    def iam_list_attached_role_policies(self, asked: Document) -> Document:
        arns = self._found(asked).get("attached", [])
        return {
            "AttachedPolicies": [
                {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns
            ]
        }

    def iam_get_policy(self, asked: Document) -> Document:
        return {"Policy": {"DefaultVersionId": "v1", "Arn": asked["policyarn"]}}

    def iam_get_policy_version(self, asked: Document) -> Document:
        return {"PolicyVersion": {"Document": self.world.managed[asked["policyarn"]]}}

    def s3_head_bucket(self, asked: Document) -> Document:
        if asked["bucket"] not in self.world.buckets:
            raise _missing("404")
        return {}

    def s3_list_buckets(self, _: Document) -> Document:
        return {"Buckets": [{"Name": name} for name in self.world.buckets]}

    def s3_get_bucket_policy(self, asked: Document) -> Document:
        found = self.world.buckets.get(asked["bucket"])
        if found is None:
            raise _missing("NoSuchBucketPolicy")
        return {"Policy": json.dumps(found)}

    def s3_put_bucket_policy(self, asked: Document) -> None:
        self.world.buckets[asked["bucket"]] = json.loads(asked["policy"])

    def s3_delete_bucket_policy(self, asked: Document) -> None:
        self.world.buckets[asked["bucket"]] = None

    def s3_get_bucket_encryption(self, asked: Document) -> Document:
        if asked["bucket"] not in self.world.sealed:
            raise _missing("ServerSideEncryptionConfigurationNotFoundError")
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.world.sealed[asked["bucket"]]}
        rules = [{"ApplyServerSideEncryptionByDefault": default}]
        return {"ServerSideEncryptionConfiguration": {"Rules": rules}}

    def kms_describe_key(self, asked: Document) -> Document:
        if asked["keyid"] not in self.world.keys:
            raise _missing("NotFoundException")
        state = self.world.keys[asked["keyid"]]["state"]
        return {"KeyMetadata": {"Arn": asked["keyid"], "KeyState": state}}

    def kms_get_key_policy(self, asked: Document) -> Document:
        return {"Policy": json.dumps(self.world.keys[asked["keyid"]]["policy"])}

    def kms_put_key_policy(self, asked: Document) -> None:
        self.world.keys[asked["keyid"]]["policy"] = json.loads(asked["policy"])

    def kms_enable_key(self, asked: Document) -> None:
        self.world.keys[asked["keyid"]]["state"] = "Enabled"

    def kms_cancel_key_deletion(self, asked: Document) -> None:
        self.world.keys[asked["keyid"]]["state"] = "Disabled"

    def ec2_describe_instances(self, _: Document) -> Document:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "…"}}, "Call")


def secret(**values: str) -> Document:
    return {k: base64.b64encode(v.encode()).decode() for k, v in values.items()}
