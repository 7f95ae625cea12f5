"""The Kubernetes side, second part: what the webhook gave the Pod, and what the Pod made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.cluster import AUDIENCE, TOKEN_VOLUME, token_source
from irsa_helpers.doctor.evidence.environment import variables
from irsa_helpers.doctor.evidence.reading import SkipError
from irsa_helpers.doctor.fixes.shell import (
    annotate_command,
    commands,
    comment,
    patch_template,
    restart_command,
    unset_command,
)
from irsa_helpers.doctor.links.workload import NODE_ROLE, no_role_is_wanted
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.doctor.evidence.case import Case

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
PAIR = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
SKIPPED = f"{PREFIX}skip-containers"
POD_IDENTITY = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def preset_variables(case: Case) -> Link:
    """No container sets the webhook's variables itself."""
    if case.template is None and not case.pods:
        raise SkipError("no Pod to look at")
    trouble = [
        text for container in containers_of(case.pod_spec) for text in _preset(case, container)
    ]
    if not trouble:
        return ok("no container sets AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE itself")
    if all(_whole_pair(case, container) for container in containers_of(case.pod_spec)):
        return ok("set by hand as the webhook would: " + "; ".join(trouble))
    return broken(
        "; ".join(trouble),
        expected="neither variable in the Pod template: one of them keeps the webhook from "
        "setting the other",
        error=_preset_error(case),
        fix=_unset_pair(case),
    )


def _unset_pair(case: Case) -> str:
    """What takes the pair out of each container that sets some of it otherwise than the webhook."""
    wrong = [
        container for container in containers_of(case.pod_spec) if not _whole_pair(case, container)
    ]
    names = {
        container["name"]: [name for name in environment_of(container) if name in PAIR]
        for container in wrong
    }
    return commands(*(unset_command(case, own, name) for name, own in names.items()))


def _preset_error(case: Case) -> str:
    """What becomes of a Pod with that much of the pair. Source: botocore.credentials."""
    names = {n for c in containers_of(case.pod_spec) for n in environment_of(c) if n in PAIR}
    if names == {"AWS_ROLE_ARN"}:
        return NODE_ROLE
    if len(names) == 1:
        return "InvalidConfigError: the web identity configuration requires a role_arn"
    return "the app becomes, or is refused, another role than the annotation's"


def _whole_pair(case: Case, container: dict[str, Any]) -> bool:
    """Whether the author set neither variable, or both, with the role that the chain is about."""
    pair = _pair_of(case, container)
    role = case.annotations.get(ROLE_ARN, case.role_by_hand)
    whole = len(pair) == len(PAIR) and pair["AWS_ROLE_ARN"] == role
    return not pair or whole


def _preset(case: Case, container: dict[str, Any]) -> list[str]:
    """What is amiss with the pair of variables as the author wrote them.

    A Pod without a template shows the webhook's work as well, so there only half a pair is telling.
    """
    pair = _pair_of(case, container)
    if case.template is None and len(pair) != 1:
        return []
    return [f"container {container['name']} sets {name}={value}" for name, value in pair.items()]


def _pair_of(case: Case, container: dict[str, Any]) -> dict[str, str]:
    """What a container's own `env` sets of the pair, with the values of ConfigMaps and Secrets.

    What `envFrom` brings in does not keep the webhook from setting it, and loses to it.
    """
    own = environment_of(container)
    stated = variables(case, container) if any("(" in own.get(name, "") for name in PAIR) else {}
    return {
        name: (stated[name].value if name in stated else None) or own[name]
        for name in PAIR
        if name in own
    }


def skip_containers(case: Case) -> Link:
    """No container that needs the role is named in the Pod's annotation `skip-containers`."""
    no_role_is_wanted(case)
    value = _annotations(case).get(SKIPPED)
    if value is None:
        return ok("no container is left out")
    names = [container["name"] for container in case.pod_spec["containers"]]
    listed = left_out(case)
    main = _main_container(case, names)
    if main not in listed and not set(names) <= set(listed):
        return ok(f"left out: {value}")
    needing = [main] if main in listed else names
    rest = [name for name in listed if name not in needing]
    aside = [name for name in names if name not in (*rest, *needing)]
    return broken(
        f"{SKIPPED}: {value}",
        expected=f"a list without {', '.join(needing)}, which the app runs in",
        error=NODE_ROLE,
        fix=commands(
            _leave_out(case, rest),
            comment(f"if {', '.join(aside)} needs no role:\n{_leave_out(case, rest + aside)}")
            if aside
            else "",
        ),
    )


def _main_container(case: Case, names: list[str]) -> str:
    """The container that the app runs in, as far as it is said; empty where it is not.

    By the annotation that kubectl goes by, as the only one, or by the workload's name.
    """
    stated = _annotations(case).get(DEFAULT_CONTAINER)
    if stated in names:
        return str(stated)
    return names[0] if len(names) == 1 else next((n for n in names if n == case.name), "")


def left_out(case: Case) -> list[str]:
    """The containers that the Pod's annotation `skip-containers` leaves out."""
    value = _annotations(case).get(SKIPPED)
    return str(value).splitlines()[0].split(",") if value else []


def _annotations(case: Case) -> dict[str, Any]:
    """The annotations of the Pod's template, of the Pod itself where it has none."""
    thing = case.template if case.template is not None else case.pod
    return thing.get("metadata", {}).get("annotations") or {}


def _leave_out(case: Case, containers: list[str]) -> str:
    """What has the webhook leave out those containers and no other."""
    annotations = {SKIPPED: ",".join(containers) or None}
    return patch_template(case, metadata={"annotations": annotations})


def injection(case: Case) -> Link:
    """Every living Pod carries the role that the annotation, or the association, gives now."""
    if case.uses_pod_identity:
        return _association_injected(case)
    if ROLE_ARN not in case.annotations:
        raise SkipError(f"{case.account_name} names no role")
    role = case.annotations[ROLE_ARN]
    if _has_own_volume(case):
        return broken(
            f"the Pod's author has a volume of the webhook's name, {TOKEN_VOLUME}, without the "
            "token that the ServiceAccount asks for",
            expected="no volume of that name: the webhook then adds its own, with the token",
            error=NODE_ROLE,
            fix=comment(f"rename the volume {TOKEN_VOLUME} and its mounts in the Pod's template"),
        )
    lacking = _by_pod(case, lambda container: _lacks(container, role))
    if not lacking:
        return ok(f"{_names(case.live_pods)} carries {role}")
    newest = lacking.get(case.pod["metadata"]["name"])
    return broken(
        "\n".join([*newest, _ages(case)]) if newest else _older(case, lacking),
        expected=f"AWS_ROLE_ARN={role}, AWS_WEB_IDENTITY_TOKEN_FILE and the token's mount",
        error=NODE_ROLE,
        fix=restart_command(case),
    )


def _association_injected(case: Case) -> Link:
    """Every living Pod has what EKS Pod Identity gives; one older than the association has not."""
    lacking = _by_pod(
        case,
        lambda c: "" if POD_IDENTITY in environment_of(c) else f"container {c['name']} lacks it",
    )
    if not lacking:
        return ok(f"{_names(case.live_pods)} has {POD_IDENTITY}")
    return broken(
        _older(case, lacking).replace("annotation", "association"),
        expected=f"{POD_IDENTITY} in each container",
        error=NODE_ROLE,
        fix=restart_command(case),
    )


def _by_pod(case: Case, lacks: Callable[[dict[str, Any]], str]) -> dict[str, list[str]]:
    """By the name of each living Pod that lacks something: what its containers lack."""
    lacking = {
        pod["metadata"]["name"]: [
            text for container in _candidates(case, pod) if (text := lacks(container))
        ]
        for pod in case.live_pods
    }
    return {name: texts for name, texts in lacking.items() if texts}


def _older(case: Case, lacking: dict[str, list[str]]) -> str:
    """How many Pods lack something, and what the first of them lacks."""
    name, texts = next(iter(lacking.items()))
    count = f"{len(lacking)} of {len(case.live_pods)} living Pods"
    told = "made before the annotation, or while the webhook was away"
    return f"{count}: {name}: {'; '.join(texts)}; {told}"


def _names(pods: list[dict[str, Any]]) -> str:
    first = str(pods[0]["metadata"]["name"])
    return first if len(pods) == 1 else f"each of {len(pods)} Pods, as {first},"


def _has_own_volume(case: Case) -> bool:
    """Whether another volume stands where the webhook's would: it adds none of that name then."""
    written = case.template["spec"] if case.template is not None else {}
    for volume in (*case.pod["spec"].get("volumes", []), *written.get("volumes", [])):
        source = token_source(volume)
        if volume["name"] == TOKEN_VOLUME and source is None:
            return True
    own = [v for v in written.get("volumes", []) if v["name"] == TOKEN_VOLUME]
    return any((token_source(v) or {}).get("audience") != wanted_audience(case) for v in own)


def wanted_audience(case: Case) -> str:
    """The audience that the ServiceAccount asks for."""
    return str(case.intended_annotations.get(f"{PREFIX}audience", AUDIENCE))


def _candidates(case: Case, pod: dict[str, Any]) -> list[dict[str, Any]]:
    """A Pod's containers that the webhook should have changed."""
    annotations = pod["metadata"].get("annotations") or {}
    aside = annotations.get(SKIPPED, "").split(",")
    preset = {c["name"] for c in containers_of(case.pod_spec) if _preset(case, c)}
    containers = containers_of(pod["spec"])
    return [c for c in containers if c["name"] not in aside and c["name"] not in preset]


def _lacks(container: dict[str, Any], role: str) -> str:
    """What the webhook should have given a container and did not; empty where all is there."""
    environment = environment_of(container)
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
    changed = max((str(field.get("time", "")) for field in fields), default="")
    if changed > made:
        return f"the Pod was made {made}, the ServiceAccount was changed {changed}"
    return f"the Pod was made {made}, before the annotation or while the webhook was away"


def token(case: Case) -> Link:
    """The token's volume is made for the audience that the ServiceAccount asks for."""
    volume = _token_volume(case)
    source, wanted = token_source(volume) or {}, wanted_audience(case)
    if ROLE_ARN in case.annotations and _has_own_volume(case):
        raise SkipError("the link injection tells it")
    audience = source.get("audience", "(the API server's own)")
    if audience != wanted:
        return broken(
            f"the token's audience is {audience}",
            expected=wanted,
            error="InvalidIdentityToken: Incorrect token audience",
            fix=restart_command(case),
        )
    odd, path = _other_token_file(case)
    if odd:
        return risk(
            f"container {odd} reads its token from {path}",
            expected="the file of the projected volume, which the kubelet keeps fresh",
            error="ExpiredTokenException once the copied token is too old",
            fix=commands(
                unset_command(case, PAIR, odd),
                comment(
                    "or, where the app cannot be changed, let the token that it copies live longer "
                    "(a day at most), and give it a new Pod in time:"
                ),
                comment(annotate_command(case, "86400", f"{PREFIX}token-expiration")),
            ),
        )
    return ok(f"audience {audience}, renewed every {source.get('expirationSeconds', 3600)} s")


def _token_volume(case: Case) -> dict[str, Any]:
    volume: dict[str, Any] | None = case.token_volume()
    if volume is None:
        raise SkipError(f"the Pod has no volume {TOKEN_VOLUME}")
    if token_source(volume) is None:
        raise SkipError(f"the volume {TOKEN_VOLUME} has no token")
    return volume


def _other_token_file(case: Case) -> tuple[str, str]:
    """A container and its token file outside of the mounted token volumes; empty without one."""
    projected = {v["name"] for v in case.pod["spec"].get("volumes", []) if token_source(v)}
    for container in containers_of(case.pod["spec"]):
        path = environment_of(container).get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
        mounts = container.get("volumeMounts", [])
        inside = any(
            path.startswith(f"{mount['mountPath'].rstrip('/')}/")
            for mount in mounts
            if mount["name"] in projected
        )
        if path and not inside:
            return str(container["name"]), path
    return "", ""


def token_readable(case: Case) -> Link:
    """The user that the containers run as may read the token file."""
    volume, spec = _token_volume(case), case.pod["spec"]
    mode = volume["projected"].get("defaultMode", 0o644)
    pod_context = spec.get("securityContext") or {}
    users = {
        (c.get("securityContext") or {}).get("runAsUser", pod_context.get("runAsUser"))
        for c in containers_of(spec)
    }
    shared = "fsGroup" in pod_context or (len(users) == 1 and None not in users)
    if shared or mode & 0o004 or users <= {0, None}:
        return ok(f"mode {mode:o}, users {_listed(users)}")
    return broken(
        f"the token file has mode {mode:o}, no fsGroup, and containers run as {_listed(users)}",
        expected="securityContext.fsGroup, so that every user of the Pod may read the token",
        error="PermissionError: [Errno 13] Permission denied: …/serviceaccount/token",
        fix=patch_template(case, spec={"securityContext": {"fsGroup": 65534}}),
    )


def _listed(users: set[int | None]) -> str:
    return ", ".join(sorted("the image's user" if u is None else str(u) for u in users))


def containers_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """All containers of a Pod's spec, the init containers first."""
    return [*spec.get("initContainers", []), *spec["containers"]]


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    """A container's variables as they are written; those with `valueFrom` have no value here."""
    return {
        variable["name"]: variable.get("value", "(from elsewhere)")
        for variable in container.get("env", [])
    }
