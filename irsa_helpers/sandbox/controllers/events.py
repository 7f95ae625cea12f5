"""Events: what a component tells about an object, seen in `kubectl describe` and `get events`."""

from __future__ import annotations

from irsa_helpers.sandbox.apiclient import ApiClient, ApiError, Object, path_of
from irsa_helpers.sandbox.clock import Clock


class EventRecorder:
    """Writes Events of one component; the same Event again raises its count."""

    def __init__(self, client: ApiClient, clock: Clock, component: str, host: str = "") -> None:
        self._client = client
        self._clock = clock
        self._source = {"component": component} | ({"host": host} if host else {})
        self._known: dict[tuple[str, str, str], Object] = {}

    async def record(
        self, about: Object, kind: str, reason: str, message: str, *, field_path: str = ""
    ) -> None:
        """An Event about an object; `kind` is Normal or Warning."""
        key = (about["metadata"]["uid"], reason, message)
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            if known := self._known.get(key):
                change = {"count": known["count"] + 1, "lastTimestamp": now}
                path = path_of(
                    "v1", "events", known["metadata"]["namespace"], known["metadata"]["name"]
                )
                self._known[key] = await self._client.patch(path, change)
                return
            namespace = about["metadata"].get("namespace", "default")
            body = self._event(about, kind, reason, message, field_path, now)
            self._known[key] = await self._client.create(path_of("v1", "events", namespace), body)
        except ApiError as error:
            # The namespace or the Event went meanwhile; nobody is left to read it.
            if error.status not in {403, 404, 409}:
                raise
            self._known.pop(key, None)

    def _event(
        self, about: Object, kind: str, reason: str, message: str, field_path: str, now: str
    ) -> Object:
        metadata = about["metadata"]
        namespace = metadata.get("namespace", "default")
        involved = {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "namespace": metadata.get("namespace", ""),
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        }
        if field_path:
            involved["fieldPath"] = field_path
        return {
            "metadata": {"generateName": f"{metadata['name']}.", "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": kind,
            "source": self._source,
            "reportingComponent": self._source["component"],
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
