"""The Amazon EKS pod identity webhook: what makes a Pod able to become a role.

A Pod whose ServiceAccount carries `eks.amazonaws.com/role-arn` gets a projected token made for STS
and the variables by which every AWS SDK finds it. One whose ServiceAccount has an EKS Pod Identity
association gets a token for the node's agent instead: that wins over the annotation. The webhook
acts when a Pod is created, never after.
Source: github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler).
"""

from __future__ import annotations

import base64
import json
import random
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from irsa_sandbox.apiclient import ApiClient, Object, path_of
from irsa_sandbox.bodies import limited_body
from irsa_sandbox.node.admission_review import LARGEST_REVIEW, read
from irsa_sandbox.trace import Trace

PREFIX = "eks.amazonaws.com"
VOLUME = "aws-iam-token"
MOUNT_PATH = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
AUDIENCE = "sts.amazonaws.com"
POD_IDENTITY_NAME = "eks-pod-identity-token"
POD_IDENTITY_MOUNT_PATH = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
POD_IDENTITY_AUDIENCE = "pods.eks.amazonaws.com"
POD_IDENTITY_URI = "http://169.254.170.23/v1/credentials"
POD_IDENTITY_LABEL = f"{PREFIX}/pod-identity"
DEFAULT_SECONDS = 86_400
# Pod Identity's default life is spread, so that the tokens of many Pods do not expire at once.
SPREAD_SECONDS = 7_200
SHORTEST_SECONDS = 600
SKIP_LABEL = f"{PREFIX}/skip-pod-identity-webhook"
ROLE_KEYS = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
POD_IDENTITY_KEYS = (
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
REGION_KEYS = ("AWS_DEFAULT_REGION", "AWS_REGION")
STS_KEY = "AWS_STS_REGIONAL_ENDPOINTS"
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # RFC 1123, as all names here
_CSV_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|\Z)')
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
    # Whether (namespace, ServiceAccount) has an EKS Pod Identity association.
    has_association: Callable[[str, str], bool] = lambda namespace, name: False


@dataclass(frozen=True)
class Method:
    """One way to credentials: its two variables, the first one's value, its token's place."""

    keys: tuple[str, str]
    value: str
    volume: str
    mount_path: str
    path: str
    audience: str


@dataclass(frozen=True)
class Injection:
    """What one Pod is to get."""

    method: Method
    expiration_seconds: int
    regional: bool
    region: str
    skipped: frozenset[str]
    windows: bool

    @property
    def token_file(self) -> str:
        """Where the SDK finds the token, in the form of the Pod's operating system."""
        path = f"{self.method.mount_path}/{self.method.path}"
        return "C:" + path.replace("/", "\\") if self.windows else path


def mutate(pod: Object, account: Object | None, settings: WebhookSettings) -> list[Object]:
    """The JSON Patch for a Pod; empty where its ServiceAccount has neither role nor association.

    A role ARN of a wrong form is injected as it is: the error comes from STS.
    """
    annotations = _annotations(account)
    method = _method(pod, annotations, settings)
    if method is None:
        return []
    injection = _injection(pod, annotations, method, settings)
    spec = pod["spec"]
    patch = _label_patch(pod["metadata"], method) + _volume_patch(spec, injection)
    for group in ("containers", "initContainers"):
        if spec.get(group):
            value = [_container(container, injection) for container in spec[group]]
            patch.append({"op": "add", "path": f"/spec/{group}", "value": value})
    return patch


def _annotations(account: Object | None) -> dict[str, str]:
    return (account or {}).get("metadata", {}).get("annotations") or {}


def _method(pod: Object, annotations: Object, settings: WebhookSettings) -> Method | None:
    """Pod Identity where there is an association, web identity where a role is named."""
    account_name = pod["spec"].get("serviceAccountName") or "default"
    if settings.has_association(pod["metadata"].get("namespace", ""), account_name):
        return Method(
            POD_IDENTITY_KEYS,
            POD_IDENTITY_URI,
            POD_IDENTITY_NAME,
            POD_IDENTITY_MOUNT_PATH,
            POD_IDENTITY_NAME,
            POD_IDENTITY_AUDIENCE,
        )
    if role_arn := annotations.get(f"{PREFIX}/role-arn"):
        audience = annotations.get(f"{PREFIX}/audience", AUDIENCE)
        return Method(ROLE_KEYS, role_arn, VOLUME, MOUNT_PATH, "token", audience)
    return None


def _injection(
    pod: Object, annotations: Object, method: Method, settings: WebhookSettings
) -> Injection:
    own = pod["metadata"].get("annotations") or {}
    seconds = _seconds(annotations.get(f"{PREFIX}/token-expiration"), DEFAULT_SECONDS)
    seconds = _seconds(own.get(f"{PREFIX}/token-expiration"), seconds)
    if method.keys == POD_IDENTITY_KEYS and seconds == DEFAULT_SECONDS:
        seconds -= random.randint(0, SPREAD_SECONDS)
    selector = pod["spec"].get("nodeSelector") or {}
    systems = (selector.get("kubernetes.io/os"), selector.get("beta.kubernetes.io/os"))
    regional = annotations.get(f"{PREFIX}/sts-regional-endpoints", "")
    return Injection(
        method=method,
        expiration_seconds=seconds,
        regional=BOOLEANS.get(regional, settings.sts_regional_endpoints),
        region=settings.region,
        skipped=_skipped(own.get(f"{PREFIX}/skip-containers", "")),
        windows="windows" in systems,
    )


def _seconds(text: str | None, otherwise: int) -> int:
    """The annotation's number, at least ten minutes; what is no number counts as absent.

    Source: Go, strconv.ParseInt in base 10 and 64 bits.
    """
    if text is None or not re.fullmatch(r"[+-]?[0-9]{1,40}", text):
        return otherwise
    number = int(text)
    return max(number, SHORTEST_SECONDS) if -(2**63) <= number < 2**63 else otherwise


def _skipped(text: str) -> frozenset[str]:
    """The names in the first CSV record, not trimmed; what is no CSV skips nothing.

    Source: Go, encoding/csv: a quote inside a field that does not begin with one is an error.
    """
    text, names, position = text.replace("\r\n", "\n").lstrip("\n"), [], 0
    while field := _CSV_FIELD.match(text, position):
        quoted, plain, end = field.groups()
        names.append(plain if quoted is None else quoted.replace('""', '"'))
        if end != ",":
            return frozenset(names) if text else frozenset()
        position = field.end()
    return frozenset()


def _label_patch(metadata: Object, method: Method) -> list[Object]:
    """The label by which EKS counts the Pods of Pod Identity; none for web identity."""
    if method.keys != POD_IDENTITY_KEYS:
        return []
    if metadata.get("labels"):
        escaped = POD_IDENTITY_LABEL.replace("/", "~1")
        return [{"op": "add", "path": f"/metadata/labels/{escaped}", "value": "enabled"}]
    return [{"op": "add", "path": "/metadata/labels", "value": {POD_IDENTITY_LABEL: "enabled"}}]


def _volume_patch(spec: Object, injection: Injection) -> list[Object]:
    name = injection.method.volume
    volumes = spec.get("volumes") or []
    if any(volume["name"] == name for volume in volumes):
        return []
    source = {
        "audience": injection.method.audience,
        "expirationSeconds": injection.expiration_seconds,
        "path": injection.method.path,
    }
    volume = {"name": name, "projected": {"sources": [{"serviceAccountToken": source}]}}
    if volumes:
        return [{"op": "add", "path": "/spec/volumes/0", "value": volume}]
    return [{"op": "add", "path": "/spec/volumes", "value": [volume]}]


def _container(container: Object, injection: Injection) -> Object:
    """The container with what it lacks; one that has all, or is to be skipped, stays as it is."""
    if container["name"] in injection.skipped:
        return container
    method = injection.method
    env = list(container.get("env") or ())
    present = {variable["name"] for variable in env}
    has_credentials = not present.isdisjoint(method.keys)
    has_region = not present.isdisjoint(REGION_KEYS)
    if has_credentials and has_region and STS_KEY in present:
        return container
    if injection.regional and STS_KEY not in present:
        env.append({"name": STS_KEY, "value": "regional"})
    if injection.region and not has_region:
        env += [{"name": name, "value": injection.region} for name in REGION_KEYS]
    if not has_credentials:
        values = (method.value, injection.token_file)
        env += [{"name": n, "value": v} for n, v in zip(method.keys, values, strict=True)]
    mounts = list(container.get("volumeMounts") or ())
    if not any(mount["name"] == method.volume for mount in mounts):
        mounts.append({"name": method.volume, "readOnly": True, "mountPath": method.mount_path})
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
    """The admission webhook as an ASGI application at `/mutate`, for the API server alone."""

    def __init__(
        self, client: ApiClient, settings: WebhookSettings, trace: Trace, token: str
    ) -> None:
        self._client = client
        self._token = token
        self._settings = settings
        self._trace = trace

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/mutate" or scope["method"] != "POST":
            await JSONResponse({"error": "POST /mutate"}, 404)(scope, receive, send)
            return
        given = Headers(scope=scope).get("authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            await JSONResponse({"error": "for the API server alone"}, 401)(scope, receive, send)
            return
        try:
            review = read(await limited_body(scope, receive, LARGEST_REVIEW))
        except ValueError as error:
            answer = JSONResponse({"error": f"no AdmissionReview of a Pod: {error}"}, 400)
        else:
            answer = JSONResponse(await self.review(review))
        await answer(scope, receive, send)

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
        if not (_NAME.fullmatch(namespace) and _NAME.fullmatch(name)):
            return None  # there is none of such a name
        return await self._client.get(path_of("v1", "serviceaccounts", namespace, name))

    def _record(self, pod: Object, account: Object | None, patch: list[Object]) -> None:
        name = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
        account_name = pod["spec"].get("serviceAccountName") or "default"
        role_arn = _annotations(account).get(f"{PREFIX}/role-arn")
        by_association = any(
            operation["path"].startswith("/metadata/labels") for operation in patch
        )
        if by_association:
            what = "has a Pod Identity association: token for the agent injected"
        elif patch:
            what = f"names {role_arn}: token volume and variables injected"
        elif account is None:
            what = "does not exist: Pod left as it is"
        else:
            what = "names no role: Pod left as it is"
        self._trace.add(
            "admission",
            "API server",
            "pod identity webhook",
            f"ServiceAccount {account_name} {what}",
            namespace=pod["metadata"]["namespace"],
            pod=name,
            service_account=account_name,
            role_arn=role_arn,
            mutated=bool(patch),
            method="pod-identity" if by_association else "web-identity" if patch else None,
            env=_injected_environment(pod, patch),
        )


def _injected_environment(pod: Object, patch: list[Object]) -> dict[str, dict[str, str]]:
    """Container -> the variables that it did not have before."""
    before = {
        container["name"]: {variable["name"] for variable in container.get("env") or ()}
        for container in pod["spec"]["containers"]
    }
    return {
        container["name"]: {
            variable["name"]: variable["value"]
            for variable in container.get("env") or ()
            if variable["name"] not in before[container["name"]]
        }
        for operation in patch
        if operation["path"] == "/spec/containers"
        for container in operation["value"]
    }


def create_app(
    client: ApiClient,
    *,
    region: str,
    token: str,
    trace: Trace,
    has_association: Callable[[str, str], bool] = lambda namespace, name: False,
) -> Webhook:
    """The webhook for a cluster of that region, whose API server shows that bearer token."""
    return Webhook(client, WebhookSettings(region, has_association=has_association), trace, token)
