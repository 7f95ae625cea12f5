"""What happens to an object before it is stored: the ServiceAccount plugin and webhooks.

Source: Kubernetes documentation, "Dynamic Admission Control" and "Configure Service Accounts".
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import string
import uuid
from typing import Any

import httpx
import jsonpatch

from irsa_helpers.sandbox.apiserver.authn import User
from irsa_helpers.sandbox.apiserver.resources import Resource
from irsa_helpers.sandbox.apiserver.selectors import label_selector
from irsa_helpers.sandbox.apiserver.status import StatusError
from irsa_helpers.sandbox.apiserver.storage import Object, Store

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
MUTATING = "mutatingwebhookconfigurations.admissionregistration.k8s.io"


def admit_service_account(store: Store, pod: Object) -> None:
    """The Pod names a ServiceAccount that exists and mounts its API token.

    Raises StatusError 403 where the ServiceAccount is not there.
    """
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = store.get(("serviceaccounts", namespace, name))
    if account is None:
        pod_name = pod["metadata"].get("name", "")
        raise StatusError(
            403,
            "Forbidden",
            f'pods "{pod_name}" is forbidden: error looking up service account '
            f'{namespace}/{name}: serviceaccount "{name}" not found',
            {"name": pod_name, "kind": "pods"},
        )
    wanted = spec.get(
        "automountServiceAccountToken", account.get("automountServiceAccountToken", True)
    )
    if wanted:
        _mount_api_token(spec)


def _mount_api_token(spec: Object) -> None:
    containers = [*spec.get("initContainers", ()), *spec["containers"]]
    unmounted = [
        container
        for container in containers
        if MOUNT_PATH not in {mount["mountPath"] for mount in container.get("volumeMounts", ())}
    ]
    if not unmounted:
        return
    alphabet = string.ascii_lowercase + string.digits
    name = "kube-api-access-" + "".join(secrets.choice(alphabet) for _ in range(5))
    for container in unmounted:
        mount = {"name": name, "readOnly": True, "mountPath": MOUNT_PATH}
        container.setdefault("volumeMounts", []).append(mount)
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    projected = {"defaultMode": 420, "sources": sources}
    spec.setdefault("volumes", []).append({"name": name, "projected": projected})


class Webhooks:
    """Calls the mutating webhooks that a MutatingWebhookConfiguration registers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def mutate(
        self, resource: Resource, body: Object, user: User, operation: str, *, dry_run: bool
    ) -> Object:
        """The object after every webhook that wants it.

        Raises StatusError where one refuses it, or fails and its failurePolicy is Fail.
        """
        for configuration in self._store.list(MUTATING):
            for webhook in configuration.get("webhooks", ()):
                if self._wants(webhook, resource, body, operation):
                    body = await self._call(webhook, resource, body, user, operation, dry_run)
        return body

    def _wants(self, webhook: Object, resource: Resource, body: Object, operation: str) -> bool:
        rules = webhook.get("rules", ())
        if not any(_rule_matches(rule, resource, operation) for rule in rules):
            return False
        if not _selects(webhook.get("objectSelector"), body):
            return False
        namespace = self._store.get(("namespaces", "", body["metadata"].get("namespace", "")))
        return namespace is None or _selects(webhook.get("namespaceSelector"), namespace)

    async def _call(
        self,
        webhook: Object,
        resource: Resource,
        body: Object,
        user: User,
        operation: str,
        dry_run: bool,
    ) -> Object:
        review = _review(resource, body, user, operation, dry_run)
        try:
            answer = await self._ask(webhook, review)
        except (httpx.HTTPError, OSError, ValueError, KeyError) as error:
            if webhook.get("failurePolicy", "Fail") == "Ignore":
                return body
            raise StatusError(
                500,
                "InternalError",
                f'Internal error occurred: failed calling webhook "{webhook["name"]}": '
                f'failed to call webhook: Post "{webhook["clientConfig"].get("url")}": {error}',
            ) from error
        if not answer["allowed"]:
            status = answer.get("status") or {}
            raise StatusError(
                status.get("code", 400),
                status.get("reason", "BadRequest"),
                f'admission webhook "{webhook["name"]}" denied the request: '
                f"{status.get('message', 'no reason given')}",
            )
        if not answer.get("patch"):
            return body
        patch = json.loads(base64.b64decode(answer["patch"]))
        mutated: Object = jsonpatch.apply_patch(body, patch)
        return mutated

    async def _ask(self, webhook: Object, review: Object) -> Object:
        """The response of the webhook's AdmissionReview."""
        configuration = webhook["clientConfig"]
        client = self._client(configuration.get("caBundle", ""))
        timeout = webhook.get("timeoutSeconds", 10)
        answer = await client.post(configuration["url"], json=review, timeout=timeout)
        answer.raise_for_status()
        body = answer.json()
        if (body.get("apiVersion"), body.get("kind")) != ("admission.k8s.io/v1", "AdmissionReview"):
            raise ValueError(
                "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got "
                f"{body.get('apiVersion', '/')}, Kind={body.get('kind', '')}"
            )
        if body["response"]["uid"] != review["request"]["uid"]:
            raise ValueError("the response's uid is not the request's")
        response: Object = body["response"]
        return response

    def _client(self, ca_bundle: str) -> httpx.AsyncClient:
        """A client that trusts just the CA of the configuration."""
        if ca_bundle not in self._clients:
            pem = base64.b64decode(ca_bundle).decode()
            context = ssl.create_default_context(cadata=pem or None)
            self._clients[ca_bundle] = httpx.AsyncClient(verify=context, trust_env=False)
        return self._clients[ca_bundle]

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()


def _rule_matches(rule: Object, resource: Resource, operation: str) -> bool:
    def covers(member: str, wanted: str) -> bool:
        return "*" in rule[member] or wanted in rule[member]

    return (
        covers("operations", operation)
        and covers("apiGroups", resource.group)
        and covers("apiVersions", resource.version)
        and covers("resources", resource.plural)
    )


def _selects(selector: Object | None, body: Object) -> bool:
    labels = body["metadata"].get("labels") or {}
    matched = (selector or {}).get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in matched.items()):
        return False
    return all(_expression(e)(body) for e in (selector or {}).get("matchExpressions") or ())


def _expression(expression: Object) -> Any:
    key, operator = expression["key"], expression["operator"]
    values = ",".join(expression.get("values") or ())
    return label_selector(
        {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }[operator]
    )


def _review(resource: Resource, body: Object, user: User, operation: str, dry_run: bool) -> Object:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    place = {"group": resource.group, "version": resource.version, "resource": resource.plural}
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": str(uuid.uuid4()),
            "kind": kind,
            "resource": place,
            "requestKind": kind,
            "requestResource": place,
            "name": body["metadata"].get("name", ""),
            "namespace": body["metadata"].get("namespace", ""),
            "operation": operation,
            "userInfo": {"username": user.name, "groups": list(user.groups)},
            "object": body,
            "oldObject": None,
            "dryRun": dry_run,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    }
