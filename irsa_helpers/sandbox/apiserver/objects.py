"""Create, update, patch and delete: the life of an object.

Source: Kubernetes API conventions; "Garbage Collection"; "Finalizers".
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from typing import Any

from irsa_helpers.sandbox.apiserver import defaults, managed_fields, status
from irsa_helpers.sandbox.apiserver.admission import Webhooks, admit_service_account
from irsa_helpers.sandbox.apiserver.authn import User
from irsa_helpers.sandbox.apiserver.managed_fields import Manager
from irsa_helpers.sandbox.apiserver.metadata import check_metadata, check_name, generated_name
from irsa_helpers.sandbox.apiserver.patches import apply_patch
from irsa_helpers.sandbox.apiserver.resources import BY_PATH, Resource
from irsa_helpers.sandbox.apiserver.status import StatusError
from irsa_helpers.sandbox.apiserver.storage import Key, Object, Store
from irsa_helpers.sandbox.apiserver.tokens import timestamp
from irsa_helpers.sandbox.clock import Clock

NAMESPACES = BY_PATH["", "v1", "namespaces"]
SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True)
class Target:
    """What a request is about: a resource, perhaps a namespace, a name and a subresource."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        """Where the store has it."""
        return self.resource.qualified, self.namespace, self.name


@dataclass(frozen=True)
class Writer:
    """Who writes, under which manager's name, and how: by server-side apply, or as a dry run."""

    user: User
    manager: Manager
    dry_run: bool = False
    applies: bool = False


class Objects:
    """Reads and writes objects by the API's rules."""

    def __init__(self, store: Store, clock: Clock, webhooks: Webhooks) -> None:
        self.store = store
        self._clock = clock
        self._webhooks = webhooks

    def get(self, target: Target) -> Object:
        """The object. Raises StatusError 404."""
        found = self.store.get(target.key)
        if found is None:
            raise status.not_found(target.resource, target.name)
        return found

    async def create(self, target: Target, body: Object, writer: Writer) -> Object:
        """The object as stored. Raises StatusError 400, 403, 404, 409 or 422."""
        resource, config = target.resource, body
        body = copy.deepcopy(body)
        metadata = self._checked_metadata(target, body)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = generated_name(metadata["generateName"])
        check_name(resource, metadata.get("name", ""))
        key = (resource.qualified, target.namespace, metadata["name"])
        self._check_namespace(target.namespace)
        if self.store.get(key) is not None:
            raise status.already_exists(resource, metadata["name"])
        check_metadata(resource, body)
        defaults.validate(resource, body)
        metadata.pop("managedFields", None)
        if resource.has_status and resource.kind not in {"Node"}:
            body.pop("status", None)
            if "spec" in body and resource.kind not in {"Pod", "Namespace"}:
                body["status"] = {"replicas": 0} if resource.kind == "ReplicaSet" else {}
        defaults.apply_defaults(resource, body)
        if writer.applies:
            managed_fields.record_apply(resource, body, config, writer.manager, self._now())
        else:
            managed_fields.record_update(resource, None, body, writer.manager, self._now())
        if resource.kind == "Pod":
            admit_service_account(self.store, body)
            defaults.admit_pod(body["spec"])
        body = await self._webhooks.mutate(
            resource, body, writer.user, "CREATE", dry_run=writer.dry_run
        )
        defaults.apply_defaults(resource, body)
        body["metadata"] |= {
            "uid": str(uuid.uuid4()),
            "creationTimestamp": timestamp(self._clock.time()),
        }
        if "spec" in body and resource.kind not in {"Namespace", "Node"}:
            body["metadata"]["generation"] = 1
        return body if writer.dry_run else self.store.put(key, body)

    def _now(self) -> str:
        return timestamp(self._clock.time())

    def update(self, target: Target, body: Object, writer: Writer) -> Object:
        """The object replaced. Raises StatusError 404, 409 where it changed meanwhile, or 422."""
        before = self.get(target)
        body = copy.deepcopy(body)
        metadata = self._checked_metadata(target, body)
        version = metadata.get("resourceVersion")
        if version and version != before["metadata"]["resourceVersion"]:
            raise status.conflict(target.resource, target.name)
        if metadata.get("uid", before["metadata"]["uid"]) != before["metadata"]["uid"]:
            raise status.conflict(target.resource, target.name)
        check_metadata(target.resource, body)
        after = self._after(target, before, body)
        if not writer.applies:
            manager = Manager(writer.manager.name, target.subresource)
            managed_fields.record_update(target.resource, before, after, manager, self._now())
        if writer.dry_run or _same(before, after):
            return after
        if not after["metadata"].get("finalizers") and _ready_to_go(target.resource, after):
            self.store.put(target.key, after)
            return self.store.delete(target.key)
        return self.store.put(target.key, after)

    def patch(self, target: Target, content_type: str, patch: Any, writer: Writer) -> Object:
        """The object patched; the same refusals as `update`."""
        before = self.get(target)
        after = apply_patch(content_type, copy.deepcopy(before), patch)
        return self.update(target, after, writer)

    async def apply(
        self, target: Target, config: Object, writer: Writer, *, force: bool
    ) -> tuple[Object, bool]:
        """Server-side apply: the object, and whether it was made.

        Raises StatusError 400 for a configuration that names no kind, 409 for a conflict with
        another manager, and what `create` and `update` refuse.
        """
        for name in ("apiVersion", "kind"):
            if not config.get(name):
                raise status.bad_request(f"{name} must be set in an apply request")
        if (config.get("metadata") or {}).get("managedFields"):
            raise status.bad_request("metadata.managedFields must be nil")
        live = self.store.get(target.key)
        if live is None:
            named = copy.deepcopy(config)
            named.setdefault("metadata", {}).setdefault("name", target.name)
            place = Target(target.resource, target.namespace)
            return await self.create(place, named, writer), True
        self._checked_metadata(target, copy.deepcopy(config))
        after = managed_fields.server_side_apply(
            target.resource, live, config, writer.manager, self._now(), force=force
        )
        return self.update(target, after, writer), False

    def _after(self, target: Target, before: Object, body: Object) -> Object:
        """What an update leaves: system fields stay, and each half keeps out of the other's way."""
        metadata = body["metadata"]
        for name in SYSTEM_FIELDS:
            metadata.pop(name, None)
            if name in before["metadata"]:
                metadata[name] = before["metadata"][name]
        if target.subresource == "status":
            metadata = before["metadata"] | {
                k: v for k, v in metadata.items() if k in {"labels", "annotations"}
            }
            metadata.pop("managedFields", None)
            return before | {"metadata": metadata, "status": body.get("status", {})}
        if target.resource.has_status and "status" in before:
            body["status"] = before["status"]
        defaults.validate(target.resource, body)
        if target.resource.kind == "Pod":
            defaults.check_pod_update(target.resource, before, body)
        defaults_needed = target.resource.kind != "Namespace"
        if defaults_needed:
            defaults.apply_defaults(target.resource, body)
        if "generation" in before["metadata"]:
            changed = before.get("spec") != body.get("spec")
            metadata["generation"] = before["metadata"]["generation"] + changed
        return body

    def delete(self, target: Target, options: Object, *, dry_run: bool) -> Object:
        """The object goes, at once or after its grace period and finalizers; returns what is left.

        Raises StatusError 404, or 409 where `preconditions` name another uid.
        """
        body = self.get(target)
        wanted = (options.get("preconditions") or {}).get("uid")
        if wanted and wanted != body["metadata"]["uid"]:
            raise status.conflict(target.resource, target.name)
        policy = options.get("propagationPolicy")
        finalizers = list(body["metadata"].get("finalizers") or ())
        if policy in {"Foreground", "Orphan"}:
            name = "foregroundDeletion" if policy == "Foreground" else "orphan"
            finalizers = [*finalizers, *([name] if name not in finalizers else [])]
        grace = self._grace(target, body, options)
        if dry_run:
            return body
        if not finalizers and grace == 0 and target.resource.kind != "Namespace":
            last = self.store.delete(target.key)
            if "deletionGracePeriodSeconds" in last["metadata"]:
                last["metadata"]["deletionGracePeriodSeconds"] = 0
            return last
        marked = copy.deepcopy(body)
        metadata = marked["metadata"]
        if finalizers:
            metadata["finalizers"] = finalizers
        if "deletionTimestamp" not in metadata and "generation" in metadata:
            metadata["generation"] += 1
        if grace < metadata.get("deletionGracePeriodSeconds", grace + 1):
            metadata["deletionTimestamp"] = timestamp(self._clock.time() + grace)
            if target.resource.kind != "Namespace":
                metadata["deletionGracePeriodSeconds"] = grace
        if target.resource.kind == "Namespace":
            marked["status"] = {"phase": "Terminating"}
        return marked if _same(body, marked) else self.store.put(target.key, marked)

    def _grace(self, target: Target, body: Object, options: Object) -> int:
        """Seconds that a Pod is given to end; nothing else is given any."""
        if target.resource.kind != "Pod" or not body["spec"].get("nodeName"):
            return 0
        asked = options.get("gracePeriodSeconds")
        default = body["spec"].get("terminationGracePeriodSeconds", 30)
        return int(default if asked is None else asked)

    def _checked_metadata(self, target: Target, body: Object) -> Object:
        resource = target.resource
        version, kind = body.get("apiVersion"), body.get("kind")
        if kind is not None and kind != resource.kind:
            raise status.bad_request(
                f'{kind} in version "{version}" cannot be handled as a {resource.kind}: '
                f"converting ({version}.{kind}) to (core.{resource.kind}): unknown conversion"
            )
        if version is not None and version != resource.api_version:
            raise status.bad_request(
                "the API version in the data "
                f"({version}) does not match the expected API version ({resource.api_version})"
            )
        body |= {"apiVersion": resource.api_version, "kind": resource.kind}
        metadata: Object = body.setdefault("metadata", {})
        if target.name and metadata.setdefault("name", target.name) != target.name:
            raise status.bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL "
                f"({target.name})"
            )
        if target.namespace:
            given = metadata.setdefault("namespace", target.namespace)
            if given != target.namespace:
                raise status.bad_request(
                    "the namespace of the provided object does not match the namespace sent on "
                    "the request"
                )
        return metadata

    def _check_namespace(self, name: str) -> None:
        if not name:
            return
        namespace = self.store.get(("namespaces", "", name))
        if namespace is None:
            raise status.not_found(NAMESPACES, name)
        if namespace["metadata"].get("deletionTimestamp"):
            raise StatusError(
                403,
                "Forbidden",
                f"unable to create new content in namespace {name} because it is being terminated",
            )


def _same(before: Object, after: Object) -> bool:
    def bare(body: Object) -> Object:
        metadata = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
        return body | {"metadata": metadata}

    return bare(before) == bare(after)


def _ready_to_go(resource: Resource, body: Object) -> bool:
    """Marked for deletion, and the last finalizer is gone."""
    if not body["metadata"].get("deletionTimestamp"):
        return False
    if resource.kind == "Namespace":
        return not (body.get("spec") or {}).get("finalizers")
    return int(body["metadata"].get("deletionGracePeriodSeconds", 0)) == 0
