"""Webhooks that a learner registers: a real server over TLS, asked as an API server asks."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from irsa_sandbox.apiserver import User
from irsa_sandbox.apiserver.admission.admission_request import Admission
from irsa_sandbox.apiserver.admission.webhooks import Webhooks
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds import BY_PATH
from irsa_sandbox.apiserver.kinds.webhook_configurations import MUTATING
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Store
from irsa_sandbox.apiserver.structure.managed_fields import Manager
from tests.irsa_sandbox.apiserver.hooks import HookServer, hook_server

PODS = BY_PATH["", "v1", "pods"]
RULE = {
    "operations": ["CREATE"],
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "resources": ["pods"],
}
CREATE = {"generateName": "p-", "namespace": "default", "labels": {"app": "s3"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookServer]:
    with hook_server(tmp_path_factory.mktemp("tls")) as made:
        yield made


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def admit(server: HookServer, tmp_path: Path) -> Any:
    """The Pod after webhooks of these (path, changes), each in a configuration of its own."""
    server.asked.clear()

    def run(*wanted: tuple[str, dict[str, Any]], dry_run: bool = False) -> Any:
        store = Store(tmp_path / "kubernetes.sqlite3")
        store.put(("namespaces", "", "default"), {"metadata": {"name": "default"}})
        for path, changes in wanted:
            webhook = server.webhook(path, RULE, **changes)
            name = webhook["name"]
            store.put(
                (MUTATING.qualified, "", name), {"metadata": {"name": name}, "webhooks": [webhook]}
            )

        async def mutate() -> Any:
            webhooks, user = Webhooks(store), User("me", ("system:authenticated",))
            pod = {"metadata": dict(CREATE), "spec": {}}
            writer = Writer(user, Manager("test"), dry_run)
            asked = Admission("CREATE", Target(PODS, "default"), writer, pod)
            try:
                return (await webhooks.mutate(asked)).object
            finally:
                await webhooks.close()
                store.close()

        return asyncio.run(mutate())

    return run


def seen(pod: Any) -> str:
    text: str = pod["metadata"].get("annotations", {}).get("seen", "")
    return text


@pytest.mark.parametrize(
    ("path", "changes", "status", "text"),
    [
        ("/deny", {}, (400, ""), "denied the request without explanation"),
        ("/forbid", {}, (403, "Forbidden"), "denied the request: no"),
        ("/forbid", {"failurePolicy": "Ignore"}, (403, "Forbidden"), "denied the request: no"),
        ("/fail", {}, (500, "InternalError"), "an error on the server ("),
        ("/junk", {}, (500, "InternalError"), "received invalid webhook response: "),
        ("/other-uid", {}, (500, "InternalError"), '", got "other"'),
        ("/other-version", {}, (500, "InternalError"), "Kind=AdmissionReview, got admission.k8s"),
        ("/no-type", {}, (500, "InternalError"), "response.patch but not response.patchType"),
        ("/bad-patch", {}, (500, "InternalError"), "Internal error occurred: can't remove"),
        (
            "/a",
            {"clientConfig": {"url": "https://127.0.0.1:{closed}"}},
            (500, "InternalError"),
            'failed to call webhook: Post "https://127.0.0.1:{closed}?timeout=10s": dial tcp '
            "127.0.0.1:{closed}: connect: connection refused",
        ),
        (
            "/a",
            {"clientConfig": {"url": "https://127.0.0.1:{port}/a"}},
            (500, "InternalError"),
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ),
        (
            "/a",
            {"clientConfig": {"url": "https://127.0.0.1:{port}/a", "caBundle": "aGVsbG8="}},
            (500, "InternalError"),
            "unable to load root certificates: unable to parse bytes as PEM block",
        ),
        (
            "/a",
            {"clientConfig": {"service": {"namespace": "default", "name": "hook"}}},
            (500, "InternalError"),
            'Post "https://hook.default.svc:443/?timeout=10s": service "hook" not found',
        ),
        (
            "/a",
            {"clientConfig": {"url": "https://no-such-host.invalid/a?b=c"}},
            (500, "InternalError"),
            'Post "https://no-such-host.invalid/a?b=c&timeout=10s": dial tcp: lookup '
            "no-such-host.invalid: no such host",
        ),
    ],
)
def test_what_goes_wrong_is_said(
    admit: Any,
    server: Any,
    path: str,
    changes: dict[str, Any],
    status: tuple[int, str],
    text: str,
) -> None:
    ports = {"{port}": str(server.server_port), "{closed}": str(closed_port())}
    shown = json.dumps(changes)
    for name, port in ports.items():
        shown, text = shown.replace(name, port), text.replace(name, port)
    with pytest.raises(StatusError) as refused:
        admit((path, json.loads(shown)))
    assert (refused.value.code, refused.value.reason) == status
    assert text in refused.value.message
    if "failed calling webhook" in refused.value.message:
        assert seen(admit((path, json.loads(shown) | {"failurePolicy": "Ignore"}))) == ""


def test_webhooks_are_asked_by_name_and_some_of_them_again(admit: Any, server: Any) -> None:
    assert seen(admit(("/b", {}), ("/a", {"reinvocationPolicy": "IfNeeded"}))) == "aba"
    path, review = server.asked[0]
    assert path == "/a?timeout=10s"
    request = review["request"]
    assert ("name" in request, request["operation"]) == (False, "CREATE"), "no generated name yet"
    assert (request["userInfo"]["username"], request["dryRun"]) == ("me", False)
    assert seen(admit(("/c", {}))) == "abca"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"objectSelector": {"matchLabels": {"app": "s3"}}}, True),
        ({"objectSelector": {"matchLabels": {"app": "db"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, False),
        ({"rules": [RULE | {"operations": ["UPDATE"]}]}, False),
        ({"rules": [RULE | {"operations": ["*"], "resources": ["*/*"]}]}, True),
        ({"rules": [RULE | {"resources": ["pods/status"]}]}, False),
        ({"rules": [RULE | {"scope": "Cluster"}]}, False),
        ({"rules": [RULE | {"apiGroups": ["apps"]}]}, False),
        ({"admissionReviewVersions": ["v1beta1", "v1"]}, True),
    ],
)
def test_a_webhook_is_asked_about_what_it_wants(
    admit: Any, changes: dict[str, Any], wanted: bool
) -> None:
    assert (seen(admit(("/a", changes))) == "a") == wanted


LABELS = "object.metadata.labels"


@pytest.mark.parametrize(
    ("expressions", "wanted"),
    [
        (["request.operation == 'CREATE' && !('system:nodes' in request.userInfo.groups)"], True),
        (["request.resource.resource != 'pods'"], False),
        ([f"has({LABELS}) && {LABELS}['app'] == 's3'", "oldObject == null"], True),
        (["object != null && object.metadata.namespace.startsWith('kube-')"], False),
        (["object.metadata.generateName.split('-')[0].upperAscii() == 'P'"], True),
        ([f"{LABELS}.nothing == 'x'", "false"], False),
        ([f"{LABELS}.nothing == 'x'"], "error: no such key: nothing"),
        (
            ["object.spec.find('x') == ''"],
            "error: NotImplemented: the sandbox has no function find",
        ),
        (["object.metadata.name"], "error: no such key: name"),
        (["object.metadata.namespace"], "error: must evaluate to bool"),
        (["1 / size(object.spec) > 0"], "division by zero"),
        (["object.metadata.namespace > 1"], "error: no such overload"),
    ],
)
def test_a_webhook_is_asked_where_its_conditions_hold(
    admit: Any, expressions: list[str], wanted: bool | str
) -> None:
    named = [{"name": f"c{n}", "expression": text} for n, text in enumerate(expressions)]
    changes = {"matchConditions": named}
    if isinstance(wanted, bool):
        assert (seen(admit(("/a", changes))) == "a") == wanted
        return
    with pytest.raises(StatusError) as refused:
        admit(("/a", changes))
    assert refused.value.code == 403
    start = f"pods \"\" is forbidden: expression '{expressions[0]}' resulted in error: "
    assert refused.value.message.startswith(start)
    assert wanted in refused.value.message
    assert seen(admit(("/a", changes | {"failurePolicy": "Ignore"}))) == ""


def test_a_dry_run_reaches_no_webhook_with_side_effects(admit: Any) -> None:
    assert seen(admit(("/a", {}), dry_run=True)) == "a"
    with pytest.raises(StatusError, match="does not support dry run"):
        admit(("/a", {"sideEffects": "Some"}), dry_run=True)
