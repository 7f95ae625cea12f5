"""A world as one look shows it: each kind of object listed once, each AWS call made once.

Looks at every workload of a cluster rest on the same few answers. Secrets are not listed: those
that a workload names are read, one by one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from irsa_helpers.doctor.evidence import iam_snapshot
from irsa_helpers.doctor.evidence.reading import CannotSeeError, Stored, read_kubernetes
from irsa_helpers.doctor.evidence.remembered import Remembered, RememberedEks
from irsa_helpers.doctor.evidence.rollout import has_no_new_pod_yet
from irsa_helpers.doctor.evidence.workload_pods import SETTLE_SECONDS

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

T = TypeVar("T")
Document = dict[str, Any]
PAGE = 500  # Objects of one answer, as kubectl asks for them.
POLL_SECONDS = 0.2
ONE_BY_ONE = {"secrets"}
ROLLED_OUT = ("deployments", "statefulsets", "daemonsets")


class Snapshot(Stored):
    """A world that is read once; where a kind may not be listed, its objects are read singly.

    It stands in for the World that it was made of: all else is that world's own. `namespace` limits
    the lists to that namespace.
    """

    def __init__(self, world: World, namespace: str = "") -> None:
        self._world = world
        self._namespace = namespace
        self._clients: dict[tuple[str, str], Remembered] = {}
        self._made: dict[Hashable, tuple[Any, CannotSeeError | None]] = {}
        self._settle()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def aws(self, service: str, *, region: str | None = None) -> Any:
        """A client of an AWS service that makes each call of reading once."""
        key = (service, region or self._world.region)
        if key not in self._clients:
            self._clients[key] = _remembered(service, self._world.aws(service, region=key[1]))
        return self._clients[key]

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made the first time that it is asked for under that name."""
        if what not in self._made:
            self._made[what] = _outcome(make)
        value, error = self._made[what]
        if error is not None:
            raise error
        given: T = value
        return given

    def stored(self, right: str, path: str) -> Any | None:
        """What the cluster had at that path: an object, or a list; None where it had none."""
        api, namespace, plural, name = _parsed(path)
        if plural in ONE_BY_ONE:
            return self._single(right, path)
        try:
            listed = self.objects(api, plural)
        except CannotSeeError:
            return self._single(right, path)
        if name:
            return listed.get(namespace, {}).get(name)
        places = [listed.get(namespace, {})] if namespace else listed.values()
        return {"items": [body for place in places for body in place.values()]}

    def objects(self, api: str, plural: str) -> dict[str, dict[str, Document]]:
        """All objects of a kind: by namespace (empty for those without one), and by name.

        Raises CannotSeeError, which names the right, where you may not list them.
        """
        return self.once((api, plural), lambda: self._listed(api, plural))

    def _single(self, right: str, path: str) -> Any | None:
        return self.once(path, lambda: read_kubernetes(self._world, right, path))

    def _listed(self, api: str, plural: str) -> dict[str, dict[str, Document]]:
        place = f"namespaces/{self._namespace}/" if self._is_limited(plural) else ""
        path = f"/{api}/{place}{plural}"
        by_namespace: dict[str, dict[str, Document]] = {}
        more: dict[str, Any] = {}
        while True:
            page = read_kubernetes(self._world, f"list {plural}", path, limit=PAGE, **more) or {}
            for body in page.get("items", []):
                metadata = body["metadata"]
                by_namespace.setdefault(metadata.get("namespace", ""), {})[metadata["name"]] = body
            if not (token := page.get("metadata", {}).get("continue")):
                return by_namespace
            more = {"continue": token}

    def _is_limited(self, plural: str) -> bool:
        """Whether the kind is looked at in one namespace; who uses a role is asked of all."""
        return bool(self._namespace) and plural not in {"serviceaccounts", *WITHOUT_NAMESPACE}

    def _settle(self) -> None:
        """Wait for rollouts that have only just begun, up to SETTLE_SECONDS in all.

        Until then the Pods that are there are those of the template before.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._has_just_begun() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            self._made.clear()

    def _has_just_begun(self) -> bool:
        for plural in ROLLED_OUT:
            try:
                listed = self.objects("apis/apps/v1", plural)
            except CannotSeeError:
                continue
            if any(
                has_no_new_pod_yet(workload)
                for place in listed.values()
                for workload in place.values()
            ):
                return True
        return False


def _remembered(service: str, client: Any) -> Remembered:
    if service == "eks":
        return RememberedEks(client)
    return Remembered(client, iam_snapshot.answers(client) if service == "iam" else {})


WITHOUT_NAMESPACE = {"namespaces", "nodes", "mutatingwebhookconfigurations"}


def _parsed(path: str) -> tuple[str, str, str, str]:
    """(API, namespace, plural, name) of a path; the last two of `/api/v1/namespaces/shop` too."""
    parts = path.strip("/").split("/")
    length = 2 if parts[0] == "api" else 3
    api, rest = "/".join(parts[:length]), parts[length:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    return api, namespace, rest[0], rest[1] if len(rest) > 1 else ""


def _outcome(make: Callable[[], T]) -> tuple[T | None, CannotSeeError | None]:
    try:
        return make(), None
    except CannotSeeError as error:
        return None, error
