"""The Kubernetes side, second part: what the webhook gave the Pod, and what the Pod made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.cluster import AUDIENCE, TOKEN_VOLUME, token_source
from irsa_helpers.doctor.reading import SkipError, read_kubernetes
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.doctor.workload import NODE_ROLE, restart_command
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN

if TYPE_CHECKING:
    from irsa_helpers.doctor.case import Case

WEBHOOK = "pod-identity-webhook"
OPT_OUT = f"{PREFIX}skip-pod-identity-webhook"
PAIR = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
POD_IDENTITY = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
# What botocore looks at before it looks at the token. Source: botocore.credentials.
EARLIER = {
    "AWS_ACCESS_KEY_ID": "keys in the environment come first",
    "AWS_SECRET_ACCESS_KEY": "keys in the environment come first",
    "AWS_PROFILE": "the SDK uses that profile, or fails where it is not there",
    "AWS_DEFAULT_PROFILE": "the SDK uses that profile, or fails where it is not there",
}


def webhook(case: Case) -> Link:
    """The pod identity webhook is registered, and is asked about this Pod."""
    labels = case.template or (case.pod if case.pods else {})
    if OPT_OUT in (labels.get("metadata", {}).get("labels") or {}):
        return broken(
            f"the Pod's label {OPT_OUT}",
            expected="no such label",
            error=NODE_ROLE,
            fix=f"take the label {OPT_OUT} out of the Pod template",
        )
    found = _webhooks(case)
    if any(_asks_about_new_pods(hook) for hook in found):
        return ok(", ".join(hook["name"] for hook in found))
    return broken(
        "; ".join(f"{hook['name']} has no rule for new Pods" for hook in found)
        or "no such MutatingWebhookConfiguration",
        expected=f"the MutatingWebhookConfiguration {WEBHOOK}, called when a Pod is made",
        error=NODE_ROLE,
        fix=f"restore {WEBHOOK} (on EKS, AWS keeps it; self-hosted: apply its manifests again)\n"
        f"{restart_command(case)}",
    )


def _webhooks(case: Case) -> list[dict[str, Any]]:
    from kubernetes.client import AdmissionregistrationV1Api

    api = AdmissionregistrationV1Api(case.world.kubernetes)
    right = "list mutatingwebhookconfigurations"
    found = read_kubernetes(case.world, right, api.list_mutating_webhook_configuration)
    return [
        hook
        for configuration in (found or {}).get("items", [])
        for hook in configuration.get("webhooks", [])
        if configuration["metadata"]["name"] == WEBHOOK or "iam-for-pods" in hook["name"]
    ]


def _asks_about_new_pods(hook: dict[str, Any]) -> bool:
    return any(
        {"CREATE", "*"} & set(rule.get("operations", []))
        and {"pods", "*", "*/*"} & set(rule.get("resources", []))
        for rule in hook.get("rules", [])
    )


def preset_variables(case: Case) -> Link:
    """No container sets the webhook's variables itself."""
    if case.template is None and not case.pods:
        raise SkipError("no Pod to look at")
    trouble = [
        text for container in _containers(case.pod_spec) for text in _preset(case, container)
    ]
    if not trouble:
        return ok("no container sets AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE itself")
    return broken(
        "; ".join(trouble),
        expected="neither variable in the Pod template: one of them keeps the webhook from "
        "setting the other",
        error="InvalidConfigError: the web identity configuration requires role_arn, or another "
        "role than the annotation's",
        fix=f"kubectl set env {case.kind.name}/{case.name} -n {case.namespace} "
        "AWS_ROLE_ARN- AWS_WEB_IDENTITY_TOKEN_FILE-",
    )


def _preset(case: Case, container: dict[str, Any]) -> list[str]:
    """What is amiss with the pair of variables as the author wrote them.

    A Pod without a template shows the webhook's work as well, so there only half a pair is telling.
    """
    found = {name: value for name, value in _environment(container).items() if name in PAIR}
    if case.template is None and len(found) != 1:
        return []
    return [f"container {container['name']} sets {name}={value}" for name, value in found.items()]


def skip_containers(case: Case) -> Link:
    """No container that needs the role is named in the Pod's annotation `skip-containers`."""
    key = f"{PREFIX}skip-containers"
    thing = case.template if case.template is not None else case.pod
    value = (thing.get("metadata", {}).get("annotations") or {}).get(key)
    if value is None:
        return ok("no container is left out")
    main = case.pod_spec["containers"][0]["name"]
    listed = value.splitlines()[0].split(",") if value else []
    if main not in listed:
        return ok(f"left out: {value}")
    return broken(
        f"{key}: {value}",
        expected=f"a list without {main}, the container that the app runs in",
        error=NODE_ROLE,
        fix=f"take {main} out of the Pod template's annotation {key}",
    )


def injection(case: Case) -> Link:
    """The newest Pod carries the role that the annotation names now."""
    if ROLE_ARN not in case.annotations:
        raise SkipError(f"{case.account_name} names no role")
    role = case.annotations[ROLE_ARN]
    if case.uses_pod_identity:
        raise SkipError("EKS Pod Identity is used instead")
    lacking = [text for each in _candidates(case) if (text := _lacks(each, role))]
    if not lacking:
        return ok(f"{case.pod['metadata']['name']} carries {role}")
    return broken(
        "; ".join(lacking) + _ages(case),
        expected=f"AWS_ROLE_ARN={role}, AWS_WEB_IDENTITY_TOKEN_FILE and the token's mount",
        error=NODE_ROLE,
        fix=restart_command(case),
    )


def _candidates(case: Case) -> list[dict[str, Any]]:
    """The newest Pod's containers that the webhook should have changed."""
    annotations = case.pod["metadata"].get("annotations") or {}
    left_out = annotations.get(f"{PREFIX}skip-containers", "").split(",")
    preset = {c["name"] for c in _containers(case.pod_spec) if _preset(case, c)}
    found = _containers(case.pod["spec"])
    return [c for c in found if c["name"] not in left_out and c["name"] not in preset]


def _lacks(container: dict[str, Any], role: str) -> str:
    """What the webhook should have given a container and did not; empty where all is there."""
    environment = _environment(container)
    if environment.get("AWS_ROLE_ARN") not in {None, role}:
        return f"container {container['name']} has AWS_ROLE_ARN={environment['AWS_ROLE_ARN']}"
    missing = [name for name in PAIR if name not in environment]
    mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
    if TOKEN_VOLUME not in mounts:
        missing.append("the token's mount")
    return f"container {container['name']} lacks {', '.join(missing)}" if missing else ""


def _ages(case: Case) -> str:
    """When the Pod was made and when the ServiceAccount was last changed, where that is known."""
    made = case.pod["metadata"].get("creationTimestamp", "")
    fields = case.account["metadata"].get("managedFields", [])
    changed = max((str(each.get("time", "")) for each in fields), default="")
    if changed > made:
        return f"\nthe Pod was made {made}, the ServiceAccount was changed {changed}"
    return f"\nthe Pod was made {made}, before the annotation or while the webhook was away"


def static_credentials(case: Case) -> Link:
    """Nothing that the SDK looks at earlier hides the token."""
    found = []
    for container in _containers(case.pod_spec):
        names = {**_environment(container), **_from_sources(case, container)}
        found += [
            f"container {container['name']} has {name} ({EARLIER[name]})"
            for name in names
            if name in EARLIER
        ]
    if not found:
        return ok("no keys and no profile in the environment")
    return broken(
        "; ".join(found),
        expected="no AWS keys and no AWS_PROFILE: the SDK would use them before the token",
        error="the app acts as somebody else: InvalidClientTokenId, AccessDenied for another "
        "user, or `The config profile could not be found`",
        fix=f"kubectl set env {case.kind.name}/{case.name} -n {case.namespace} "
        + " ".join(f"{name}-" for name in EARLIER)
        + "\nand take them out of any ConfigMap or Secret named in envFrom",
    )


def _from_sources(case: Case, container: dict[str, Any]) -> dict[str, str]:
    """The names of the variables that ConfigMaps and Secrets bring in through `envFrom`."""
    names: dict[str, str] = {}
    for source in container.get("envFrom", []):
        for kind in {"configMapRef", "secretRef"} & source.keys():
            keys = case.keys_of(kind, source[kind]["name"])
            names |= {source.get("prefix", "") + key: kind for key in keys}
    return names


def token(case: Case) -> Link:
    """The token's volume is made for the audience that the ServiceAccount asks for."""
    volume = _token_volume(case)
    source = token_source(volume) or {}
    wanted = case.intended_annotations.get(f"{PREFIX}audience", AUDIENCE)
    audience = source.get("audience", "(the API server's own)")
    if audience != wanted:
        return broken(
            f"the token's audience is {audience}",
            expected=wanted,
            error="InvalidIdentityToken: Incorrect token audience",
            fix=restart_command(case),
        )
    odd = _other_token_file(case)
    if odd:
        return risk(
            odd,
            expected="the file of the projected volume, which the kubelet keeps fresh",
            error="ExpiredTokenException once the copied token is too old",
            fix="leave AWS_WEB_IDENTITY_TOKEN_FILE to the webhook",
        )
    return ok(f"audience {audience}, renewed every {source.get('expirationSeconds', 3600)} s")


def _token_volume(case: Case) -> dict[str, Any]:
    for volume in case.pod["spec"].get("volumes", []):
        if volume["name"] == TOKEN_VOLUME:
            return dict(volume)
    raise SkipError(f"the Pod has no volume {TOKEN_VOLUME}")


def _other_token_file(case: Case) -> str:
    """A token file outside of the mounted token volumes, in words; empty where there is none."""
    projected = {v["name"] for v in case.pod["spec"].get("volumes", []) if token_source(v)}
    for container in _containers(case.pod["spec"]):
        path = _environment(container).get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
        mounts = container.get("volumeMounts", [])
        inside = any(
            path.startswith(f"{mount['mountPath'].rstrip('/')}/")
            for mount in mounts
            if mount["name"] in projected
        )
        if path and not inside:
            return f"container {container['name']} reads its token from {path}"
    return ""


def token_readable(case: Case) -> Link:
    """The user that the containers run as may read the token file."""
    volume, spec = _token_volume(case), case.pod["spec"]
    mode = volume["projected"].get("defaultMode", 0o644)
    pod_context = spec.get("securityContext") or {}
    users = {
        (c.get("securityContext") or {}).get("runAsUser", pod_context.get("runAsUser"))
        for c in _containers(spec)
    }
    shared = "fsGroup" in pod_context or (len(users) == 1 and None not in users)
    if shared or mode & 0o004 or users <= {0, None}:
        return ok(f"mode {mode:o}, users {_listed(users)}")
    return broken(
        f"the token file has mode {mode:o}, no fsGroup, and containers run as {_listed(users)}",
        expected="securityContext.fsGroup, so that every user of the Pod may read the token",
        error="PermissionError: [Errno 13] Permission denied: …/serviceaccount/token",
        fix=f"kubectl patch {case.kind.name} {case.name} -n {case.namespace} -p "
        '\'{"spec":{"template":{"spec":{"securityContext":{"fsGroup":65534}}}}}\'',
    )


def _listed(users: set[int | None]) -> str:
    return ", ".join(sorted("the image's user" if u is None else str(u) for u in users))


def _containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*spec.get("initContainers", []), *spec["containers"]]


def _environment(container: dict[str, Any]) -> dict[str, str]:
    return {
        each["name"]: each.get("value", "(from elsewhere)") for each in container.get("env", [])
    }
