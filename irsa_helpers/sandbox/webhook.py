"""The Amazon EKS pod identity webhook: what makes a Pod able to become a role.

A Pod whose ServiceAccount carries `eks.amazonaws.com/role-arn` gets a projected token made for STS
and the variables by which every AWS SDK finds it. The webhook acts when a Pod is created, never
after. Source: github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from irsa_helpers.sandbox.apiclient import ApiClient, Object, path_of
from irsa_helpers.sandbox.trace import Trace

PREFIX = "eks.amazonaws.com"
VOLUME = "aws-iam-token"
MOUNT_PATH = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
AUDIENCE = "sts.amazonaws.com"
DEFAULT_SECONDS = 86_400
SHORTEST_SECONDS = 600
SKIP_LABEL = f"{PREFIX}/skip-pod-identity-webhook"
ROLE_KEYS = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
REGION_KEYS = ("AWS_DEFAULT_REGION", "AWS_REGION")
STS_KEY = "AWS_STS_REGIONAL_ENDPOINTS"
# What Go's strconv.ParseBool takes.
BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


@dataclass(frozen=True)
class WebhookSettings:
    """The flags of the webhook; EKS runs it with the cluster's region and regional STS."""

    region: str
    sts_regional_endpoints: bool = True


@dataclass(frozen=True)
class Injection:
    """What one Pod is to get."""

    role_arn: str
    audience: str
    expiration_seconds: int
    regional: bool
    region: str
    skipped: frozenset[str]
    windows: bool

    @property
    def token_file(self) -> str:
        """Where the SDK finds the token, in the form of the Pod's operating system."""
        path = f"{MOUNT_PATH}/token"
        return "C:" + path.replace("/", "\\") if self.windows else path


def mutate(pod: Object, account: Object | None, settings: WebhookSettings) -> list[Object]:
    """The JSON Patch for a Pod; empty where its ServiceAccount names no role.

    A role ARN of a wrong form is injected as it is: the error comes from STS.
    """
    annotations = (account or {}).get("metadata", {}).get("annotations") or {}
    role_arn = annotations.get(f"{PREFIX}/role-arn")
    if not role_arn:
        return []
    injection = _injection(pod, annotations, role_arn, settings)
    spec = pod["spec"]
    patch = _volume_patch(spec, injection)
    for group in ("containers", "initContainers"):
        if spec.get(group):
            value = [_container(each, injection) for each in spec[group]]
            patch.append({"op": "add", "path": f"/spec/{group}", "value": value})
    return patch


def _injection(
    pod: Object, annotations: Object, role_arn: str, settings: WebhookSettings
) -> Injection:
    own = pod["metadata"].get("annotations") or {}
    seconds = _seconds(annotations.get(f"{PREFIX}/token-expiration"), DEFAULT_SECONDS)
    selector = pod["spec"].get("nodeSelector") or {}
    systems = (selector.get("kubernetes.io/os"), selector.get("beta.kubernetes.io/os"))
    regional = annotations.get(f"{PREFIX}/sts-regional-endpoints", "")
    return Injection(
        role_arn=role_arn,
        audience=annotations.get(f"{PREFIX}/audience", AUDIENCE),
        expiration_seconds=_seconds(own.get(f"{PREFIX}/token-expiration"), seconds),
        regional=BOOLEANS.get(regional, settings.sts_regional_endpoints),
        region=settings.region,
        skipped=frozenset(filter(None, own.get(f"{PREFIX}/skip-containers", "").split(","))),
        windows="windows" in systems,
    )


def _seconds(text: str | None, otherwise: int) -> int:
    """The annotation's number, at least ten minutes; what is no number counts as absent."""
    try:
        return max(int(text), SHORTEST_SECONDS) if text is not None else otherwise
    except ValueError:
        return otherwise


def _volume_patch(spec: Object, injection: Injection) -> list[Object]:
    volumes = spec.get("volumes") or []
    if any(volume["name"] == VOLUME for volume in volumes):
        return []
    source = {
        "audience": injection.audience,
        "expirationSeconds": injection.expiration_seconds,
        "path": "token",
    }
    volume = {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": source}]}}
    if volumes:
        return [{"op": "add", "path": "/spec/volumes/0", "value": volume}]
    return [{"op": "add", "path": "/spec/volumes", "value": [volume]}]


def _container(container: Object, injection: Injection) -> Object:
    """The container with what it lacks; one that has all, or is to be skipped, stays as it is."""
    if container["name"] in injection.skipped:
        return container
    env = list(container.get("env") or ())
    present = {each["name"] for each in env}
    has_role = not present.isdisjoint(ROLE_KEYS)
    has_region = not present.isdisjoint(REGION_KEYS)
    if has_role and has_region and STS_KEY in present:
        return container
    if injection.regional and STS_KEY not in present:
        env.append({"name": STS_KEY, "value": "regional"})
    if injection.region and not has_region:
        env += [{"name": name, "value": injection.region} for name in REGION_KEYS]
    if not has_role:
        values = (injection.role_arn, injection.token_file)
        env += [{"name": n, "value": v} for n, v in zip(ROLE_KEYS, values, strict=True)]
    mounts = list(container.get("volumeMounts") or ())
    if not any(mount["name"] == VOLUME for mount in mounts):
        mounts.append({"name": VOLUME, "readOnly": True, "mountPath": MOUNT_PATH})
    return container | {"env": env, "volumeMounts": mounts}


def configuration(url: str, ca_pem: str) -> Object:
    """The MutatingWebhookConfiguration as EKS registers it: it fails open."""
    rule = {
        "operations": ["CREATE"],
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["pods"],
        "scope": "*",
    }
    webhook = {
        "name": "iam-for-pods.amazonaws.com",
        "clientConfig": {
            "url": f"{url}/mutate",
            "caBundle": base64.b64encode(ca_pem.encode()).decode(),
        },
        "rules": [rule],
        "failurePolicy": "Ignore",
        "objectSelector": {"matchExpressions": [{"key": SKIP_LABEL, "operator": "DoesNotExist"}]},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [webhook],
    }


class Webhook:
    """The admission webhook as an ASGI application at `/mutate`."""

    def __init__(self, client: ApiClient, settings: WebhookSettings, trace: Trace) -> None:
        self._client = client
        self._settings = settings
        self._trace = trace

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/mutate" or scope["method"] != "POST":
            await JSONResponse({"error": "POST /mutate"}, 404)(scope, receive, send)
            return
        review = json.loads(await Request(scope, receive).body())
        await JSONResponse(await self.review(review))(scope, receive, send)

    async def review(self, review: Object) -> Object:
        """The AdmissionReview answered: always allowed, perhaps with a patch."""
        request = review["request"]
        pod = request["object"]
        pod["metadata"].setdefault("namespace", request["namespace"])
        account = await self._account(pod)
        patch = mutate(pod, account, self._settings)
        self._record(pod, account, patch)
        response: Object = {"uid": request["uid"], "allowed": True}
        if patch:
            encoded = base64.b64encode(json.dumps(patch).encode()).decode()
            response |= {"patchType": "JSONPatch", "patch": encoded}
        same_type = {"apiVersion": review["apiVersion"], "kind": review["kind"]}
        return same_type | {"response": response}

    async def _account(self, pod: Object) -> Object | None:
        """The Pod's ServiceAccount, asked of the API each time: it is never stale."""
        namespace = pod["metadata"]["namespace"]
        name = pod["spec"].get("serviceAccountName") or "default"
        return await self._client.get(path_of("v1", "serviceaccounts", namespace, name))

    def _record(self, pod: Object, account: Object | None, patch: list[Object]) -> None:
        name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
        account_name = pod["spec"].get("serviceAccountName", "default")
        annotations = (account or {}).get("metadata", {}).get("annotations") or {}
        role_arn = annotations.get(f"{PREFIX}/role-arn")
        said = (
            f"ServiceAccount {account_name} names {role_arn}: token volume and variables injected"
            if patch
            else f"ServiceAccount {account_name} names no role: Pod left as it is"
        )
        self._trace.add(
            "admission",
            "API server",
            "pod identity webhook",
            said,
            namespace=pod["metadata"]["namespace"],
            pod=name,
            service_account=account_name,
            role_arn=role_arn,
            mutated=bool(patch),
        )


def create_app(client: ApiClient, *, region: str, trace: Trace) -> Webhook:
    """The webhook for a cluster of that region."""
    return Webhook(client, WebhookSettings(region), trace)
