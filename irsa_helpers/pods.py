"""Step 4: a Deployment that runs as the ServiceAccount, and a look inside its Pod."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from irsa_helpers.changes import Change, kubernetes_labels, may_apply
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object
from irsa_helpers.worlds.waiting import wait_for_pod

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernetes.client import ApiException
    from kubernetes.dynamic import Resource, ResourceInstance

    from irsa_helpers.worlds import World

__all__ = [
    "IRSA_VARIABLES",
    "ExecResult",
    "caller_in_pod",
    "ensure_deployment",
    "ensure_no_deployment",
    "exec_in_pod",
    "irsa_environment",
    "pod_logs",
    "ready_pod_name",
    "restart_deployment",
    "wait_for_pod",
]

# Source: amazon-eks-pod-identity-webhook; what it adds to each container for IRSA.
IRSA_VARIABLES = (
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
TOKEN_VOLUME = "aws-iam-token"
COLUMNS = 110  # what JupyterLab shows in a window of 1,100 pixels
KIND = "Deployment"


def ensure_deployment(
    world: World,
    name: str,
    *,
    service_account: str,
    image: str = "amazon/aws-cli",
    command: Sequence[str] = ("sleep", "infinity"),
    namespace: str = "default",
    approve: bool = False,
) -> Change:
    """One Pod of that image and command runs as the ServiceAccount, kept up by a Deployment.

    Wait for it with `wait_for_pod(world, name)`.
    """
    full_name = f"{namespace}/{name}"
    deployment = kubernetes_object(_deployments(world), name, namespace)
    wanted = _Shape(service_account, image, tuple(command))
    if deployment is None:
        change = Change("create", KIND, full_name, wanted.details())
    elif details := wanted.differences(_Shape.of(deployment.spec.template.spec)):
        change = Change("update", KIND, full_name, details)
    else:
        return Change("none", KIND, full_name, (f"already runs as {service_account}",))
    if not may_apply(world, approve):
        return change
    manifest = _manifest(name, wanted, kubernetes_labels(world))
    if deployment is None:
        _deployments(world).create(namespace=namespace, body=manifest)
    else:
        template = {"spec": manifest["spec"]["template"]["spec"]}
        patch = {"spec": {"template": template}}
        _deployments(world).patch(name=name, namespace=namespace, body=patch)
    return change.done()


def _deployments(world: World) -> Resource:
    return world.resource("apps/v1", KIND)


@dataclass(frozen=True)
class _Shape:
    """What `ensure_deployment` decides about a Pod."""

    service_account: str
    image: str
    command: tuple[str, ...]

    @classmethod
    def of(cls, spec: Any) -> _Shape:
        container = spec.containers[0]
        account = spec.serviceAccountName or "default"
        return cls(account, container.image, tuple(container.command or ()))

    def facts(self) -> dict[str, str]:
        return {
            "serviceAccountName": self.service_account,
            "image": self.image,
            "command": " ".join(self.command),
        }

    def details(self) -> tuple[str, ...]:
        return tuple(f"{name} {value}" for name, value in self.facts().items())

    def differences(self, current: _Shape) -> tuple[str, ...]:
        was = current.facts()
        return tuple(
            f"{name} {value} (was {was[name]})"
            for name, value in self.facts().items()
            if value != was[name]
        )


def _manifest(name: str, shape: _Shape, labels: dict[str, str]) -> Any:
    pod = {
        "serviceAccountName": shape.service_account,
        "terminationGracePeriodSeconds": 1,  # `sleep` as process 1 ignores the signal to end
        "containers": [{"name": name, "image": shape.image, "command": list(shape.command)}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def restart_deployment(
    world: World, name: str, *, namespace: str = "default", approve: bool = False
) -> Change:
    """New Pods replace the old ones, as after `kubectl rollout restart`.

    The webhook acts when a Pod is made: an annotation set later reaches only Pods made later.
    """
    change = Change("update", KIND, f"{namespace}/{name}", ("replace its Pods by new ones",))
    if not may_apply(world, approve):
        return change
    annotation = {"kubectl.kubernetes.io/restartedAt": datetime.now(UTC).isoformat()}
    patch = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
    _deployments(world).patch(name=name, namespace=namespace, body=patch)
    return change.done()


def ensure_no_deployment(
    world: World, name: str, *, namespace: str = "default", approve: bool = False
) -> Change:
    """The Deployment is gone, and with it its Pods."""
    full_name = f"{namespace}/{name}"
    if kubernetes_object(_deployments(world), name, namespace) is None:
        return Change("none", KIND, full_name)
    change = Change("delete", KIND, full_name)
    if not may_apply(world, approve):
        return change
    delete_object(_deployments(world), name, namespace)
    return change.done()


@dataclass(frozen=True)
class ExecResult:
    """What a command in a Pod printed, and how it ended (0 is success)."""

    stdout: str
    stderr: str
    exit_code: int

    def json(self) -> Any:
        """What the command printed, read as JSON: the AWS CLI's answers.

        Raises IrsaLabError, with what the command said, where it failed.
        """
        if self.exit_code != 0:
            raise IrsaLabError(f"the command ended with {self.exit_code}: {self.stderr.strip()}")
        return json.loads(self.stdout)

    def __str__(self) -> str:
        """What a terminal would show; an error's long lines are broken between their words."""
        said = "\n".join(_broken(line) for line in self.stderr.strip().splitlines())
        ended = "" if self.exit_code == 0 else f"(exit code {self.exit_code})"
        return "\n".join(text for text in (self.stdout.rstrip(), said, ended) if text)


def _broken(line: str) -> str:
    """The line as several. A notebook would break it anywhere, an ARN in the middle of a name."""
    wrapped = textwrap.wrap(line, COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "\n".join(wrapped) or line


def ready_pod_name(world: World, deployment: str, *, namespace: str = "default") -> str:
    """The name of the Deployment's Pod, once it is ready; raises as `wait_for_pod` does."""
    pod: Any = wait_for_pod(world, deployment, namespace=namespace)
    return str(pod.metadata.name)


def caller_in_pod(world: World, deployment: str, *, namespace: str = "default") -> str:
    """Whom AWS sees when the Deployment's Pod calls: an ARN, or the error's last line."""
    name = ready_pod_name(world, deployment, namespace=namespace)
    query = "aws sts get-caller-identity --query Arn --output text"
    answer = exec_in_pod(world, name, query.split(), namespace=namespace)
    said = (answer.stdout if answer.exit_code == 0 else answer.stderr).strip()
    return said.splitlines()[-1] if said else ""


def exec_in_pod(
    world: World,
    pod_name: str,
    command: Sequence[str],
    *,
    namespace: str = "default",
    container: str | None = None,
    timeout_seconds: float = 60,
) -> ExecResult:
    """Run a command in a running Pod, as `kubectl exec` does; `command` is a list of words.

    A command that fails is a result as well: look at `exit_code`. Raises IrsaLabError where there
    is no such Pod, and where the command cannot be started or does not end in time.
    """
    from kubernetes.client import ApiException
    from kubernetes.stream.ws_client import websocket_call

    wanted = [("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    if container:
        wanted.append(("container", container))
    client: Any = world.kubernetes
    path = f"/api/v1/namespaces/{namespace}/pods/{pod_name}/exec"
    method, url, headers, *_ = client.param_serialize(
        "GET", path, query_params=wanted, auth_settings=["BearerToken"]
    )
    try:
        session: Any = websocket_call(  # type: ignore[no-untyped-call]
            client.configuration, method, url, headers=headers, binary=True, _preload_content=False
        )
    except ApiException as error:
        raise IrsaLabError(
            f"the API server opens no stream to Pod {namespace}/{pod_name}: {_refusal(error)}",
            next_step="ready_pod_name(world, DEPLOYMENT) gives the name of a Pod that runs",
        ) from error
    session.run_forever(timeout=timeout_seconds)
    if session.is_open():
        session.close()
        raise IrsaLabError(
            f"{' '.join(command)} did not end within {timeout_seconds} s",
            next_step="give it more time: timeout_seconds=…",
        )
    stdout, stderr, status = (session.read_channel(number).decode() for number in (1, 2, 3))
    return ExecResult(stdout, stderr, _exit_code(status))


def _refusal(error: ApiException) -> str:
    """What the Status object says that the client puts at the end of its own sentence."""
    said = str(error.reason)
    message = re.search(r'"message":\s*("(?:[^"\\]|\\.)*")', said)
    return str(json.loads(message[1])) if message else said


def _exit_code(status: str) -> int:
    """The exit code that the API server's closing Status object tells of."""
    document = json.loads(status or "{}")
    if document.get("status") == "Success":
        return 0
    for cause in document.get("details", {}).get("causes", ()):
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise IrsaLabError(
        f"the command could not be run: {document.get('message', 'the connection broke')}",
        next_step="check that the Pod runs and that its image has this program",
    )


def pod_logs(
    world: World,
    pod_name: str,
    *,
    namespace: str = "default",
    container: str | None = None,
    previous: bool = False,
    tail_lines: int | None = None,
) -> str:
    """What a container of the Pod printed; `previous` asks for the run before its last restart."""
    wanted = {"container": container, "tailLines": tail_lines, "previous": previous or None}
    query = [(key, str(value).lower()) for key, value in wanted.items() if value is not None]
    log: Any = world.resource("v1", "Pod").log
    # Not read as JSON: a log may look like it.
    answer = log.get(name=pod_name, namespace=namespace, query_params=query, serialize=False)
    return str(answer.data.decode())


def irsa_environment(pod: ResourceInstance, container: str | None = None) -> dict[str, Any]:
    """What the webhook gave a container (the first one, or the one named).

    Keys: `environment` (those of the five AWS_* variables that are set, by name), `volume`
    (`audience`, `expiration_seconds`, `path`; None without a token), `mount` (`path`, `read_only`;
    None where the container has no mount of it).
    """
    chosen = next(c for c in pod.spec.containers if container in {None, c.name})
    variables = {variable.name: variable.value for variable in chosen.env or []}
    return {
        "environment": {name: variables[name] for name in IRSA_VARIABLES if name in variables},
        "volume": _token_volume(pod),
        "mount": _token_mount(chosen),
    }


def _token_volume(pod: ResourceInstance) -> dict[str, Any] | None:
    for volume in pod.spec.volumes or []:
        if volume.name == TOKEN_VOLUME and volume.projected:
            token = volume.projected.sources[0].serviceAccountToken
            return {
                "audience": token.audience,
                "expiration_seconds": token.expirationSeconds,
                "path": token.path,
            }
    return None


def _token_mount(container: Any) -> dict[str, Any] | None:
    for mount in container.volumeMounts or []:
        if mount.name == TOKEN_VOLUME:
            return {"path": mount.mountPath, "read_only": bool(mount.readOnly)}
    return None
