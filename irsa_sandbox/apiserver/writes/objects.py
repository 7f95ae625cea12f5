"""Create, update, patch and delete: the life of an object.

Source: Kubernetes API conventions; "Garbage Collection"; "Finalizers".
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.datastructures import QueryParams

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiserver.access import escalation
from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.access.rbac import Authorizer
from irsa_sandbox.apiserver.admission import checks
from irsa_sandbox.apiserver.admission.admission_request import Admission
from irsa_sandbox.apiserver.admission.preparation import (
    SYSTEM_FIELDS,
    after_update,
    apply_defaults,
    prepare,
    ready_to_go,
    same,
)
from irsa_sandbox.apiserver.admission.webhooks import Webhooks, decoded_again
from irsa_sandbox.apiserver.ground import status
from irsa_sandbox.apiserver.ground.aside import aside
from irsa_sandbox.apiserver.ground.metadata import generated_name
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds import Kind, rbac
from irsa_sandbox.apiserver.kinds.namespaces import NAMESPACE
from irsa_sandbox.apiserver.requests.targets import Target, checked_metadata
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Key, Object, Store
from irsa_sandbox.apiserver.structure import managed_fields, typed_config
from irsa_sandbox.apiserver.structure.fieldsets import schema_of
from irsa_sandbox.apiserver.structure.managed_fields import Manager
from irsa_sandbox.apiserver.structure.normal import normalized
from irsa_sandbox.apiserver.structure.patches import apply_patch
from irsa_sandbox.apiserver.structure.rendering import in_order
from irsa_sandbox.apiserver.validation.causes import required
from irsa_sandbox.apiserver.writes.deletion import (
    check_preconditions,
    finalizers_after,
    grace_seconds,
)
from irsa_sandbox.apiserver.writes.subresources import bound, scale_of, scaled, stream_options
from irsa_sandbox.chance import CHANCE
from irsa_sandbox.clock import Clock


class Objects:
    """Reads and writes objects by the API's rules."""

    def __init__(
        self, store: Store, clock: Clock, webhooks: Webhooks, authorizer: Authorizer
    ) -> None:
        self.store = store
        self._clock = clock
        self._webhooks = webhooks
        self._authorizer = authorizer

    def get(self, target: Target) -> Object:
        """The object. Raises StatusError 404."""
        body = self.store.get(target.key)
        if body is None:
            raise status.not_found(target.resource, target.name)
        return body

    def is_there(self, target: Target) -> bool:
        """Whether there is such an object."""
        return self.store.get(target.key) is not None

    async def create(self, target: Target, body: Object, writer: Writer) -> Object:
        """The object as stored. Raises StatusError 400, 403, 404, 409 or 422."""
        resource, config = target.resource, body
        body = await aside(body, lambda: normalized(resource, copy.deepcopy(config)))
        metadata = checked_metadata(target, body)
        for name in (*SYSTEM_FIELDS, "managedFields"):
            metadata.pop(name, None)
        if metadata.get("resourceVersion"):
            raise status.unversioned()
        given = metadata.get("name") or not metadata.get("generateName")
        if not given:
            metadata["name"] = generated_name(metadata["generateName"])
        key = (resource.qualified, target.namespace, metadata.get("name", ""))
        self._check_namespace(resource, target.namespace, key[2])
        uid = CHANCE.uid(*key)
        await aside(body, prepare, resource, body, uid, config, writer, self._now(target))
        body = await self._admitted(target, body, writer, generated=not given)
        await aside(body, checks.check_new, resource, body)
        self._check_grants(resource, body, writer)
        await self._webhooks.validate(Admission("CREATE", target, writer, body))
        if self.store.get(key) is not None:
            raise status.already_exists(resource, metadata["name"])
        resource.complete(self.store, body)
        body["metadata"] |= {
            "uid": uid,
            "creationTimestamp": self._now(target),
        }
        if resource.counts_generation:
            body["metadata"]["generation"] = 1
        return in_order(body) if writer.dry_run else self._put(target, key, body)

    async def _admitted(
        self, target: Target, body: Object, writer: Writer, *, generated: bool
    ) -> Object:
        """The new object after the plugins and webhooks that may change or refuse it.

        A generated name is made after them: webhooks do not see it.
        """
        resource = target.resource
        resource.admit(self.store, body)
        name = {"name": body["metadata"].pop("name")} if generated else {}
        asked = Admission("CREATE", target, writer, body)
        if (mutated := await self._webhooks.mutate(asked)) is not asked:
            body = decoded_again(resource, mutated.object)
        body["metadata"] |= name
        apply_defaults(resource, body)
        return body

    def _check_grants(
        self, resource: Kind, body: Object, writer: Writer, before: Object | None = None
    ) -> None:
        if resource.group == rbac.GROUP:
            escalation.check(self._authorizer, self.store, resource, body, writer.user, before)

    def _put(self, target: Target, key: Key, body: Object) -> Object:
        # The store sets its value; here it gets its place in the order of members.
        body["metadata"].setdefault("resourceVersion", "")
        stored = self.store.put(key, in_order(body))
        target.resource.on_written(self.store)
        return stored

    def _take_away(self, target: Target) -> Object:
        last = self.store.delete(target.key)
        target.resource.on_written(self.store)
        return last

    def _now(self, target: Target) -> str:
        return stamp(self._clock.of(target.namespace).now())

    async def update(self, target: Target, body: Object, writer: Writer) -> Object:
        """The object replaced. Raises StatusError 404, 409 where it changed meanwhile, or 422."""
        return await self.change(target, lambda _: body, writer)

    async def patch(
        self,
        target: Target,
        content_type: str,
        patch: Any,
        writer: Writer,
        check: Callable[[Object], None],
    ) -> Object:
        """The object patched, and checked before it is written; the same refusals as `update`."""
        schema = schema_of(target.resource)

        def patched(before: Object) -> Object:
            after = apply_patch(content_type, copy.deepcopy(before), patch, schema)
            check(after)
            return after

        return await self.change(target, patched, writer, patch)

    async def change(
        self, target: Target, changed: Callable[[Object], Object], writer: Writer, given: Any = None
    ) -> Object:
        """The object that `changed` makes from the stored one; its size is that of `given`.

        It is refused as `update` is.
        Where another write came in between, while a webhook was asked, it is made once more.
        Source: apiserver, pkg/storage/etcd3, GuaranteedUpdate.
        """
        while True:
            before = self.get(target)
            wanted = await aside([before, given], changed, before)
            after = await self._changed(target, before, wanted, writer)
            if self.store.get(target.key) is before:
                return self._replace(target, before, after, writer)

    async def _changed(
        self, target: Target, before: Object, body: Object, writer: Writer
    ) -> Object:
        """What is to be written, after the plugins and webhooks that may change or refuse it."""
        whole = await aside(body, copy.deepcopy, body)
        metadata = checked_metadata(target, whole)
        if not metadata.get("name"):
            raise status.bad_request("the name of the object (<unknown>) does not match the name")
        body = await aside(whole, normalized, target.resource, whole)
        metadata = body["metadata"]
        version, uid = metadata.get("resourceVersion"), metadata.get("uid")
        if uid and uid != before["metadata"]["uid"]:
            raise status.other_uid(target.resource, target.key, uid, before["metadata"]["uid"])
        if version and version != before["metadata"]["resourceVersion"]:
            raise status.conflict(target.resource, target.name)
        after = after_update(target, before, body)
        if not writer.applies:
            manager = Manager(writer.manager.name, target.subresource)
            place = (target.resource, before, after, manager, self._now(target))
            await aside(after, managed_fields.record_update, *place)
        shown = scale_of if target.subresource == "scale" else lambda body: body
        asked = Admission("UPDATE", target, writer, shown(after), shown(before))
        if (mutated := await self._webhooks.mutate(asked)) is not asked:
            if target.subresource == "scale":
                left = scaled(after, "", mutated.object)
            else:
                left = decoded_again(target.resource, mutated.object)
            after = after_update(target, before, left)
        changes_made = (target.resource, before, after, target.subresource)
        await aside(after, checks.check_update, *changes_made)
        if not _keeps_all_but_owners(before, after):
            self._check_grants(target.resource, after, writer, before)
        await self._webhooks.validate(asked.after(shown(after)))
        return after

    def _replace(self, target: Target, before: Object, after: Object, writer: Writer) -> Object:
        if writer.dry_run or same(before, after):
            return in_order(after)
        if not after["metadata"].get("finalizers") and ready_to_go(target.resource, after):
            self.store.put(target.key, after)
            if target.resource is NAMESPACE:
                self._clock.of(target.name).forget()
            return self._take_away(target)
        return self._put(target, target.key, after)

    async def apply(
        self, target: Target, config: Object, writer: Writer, *, force: bool
    ) -> tuple[Object, bool]:
        """Server-side apply: the object, and whether it was made.

        Raises StatusError 400 for a configuration that names no kind, 409 for a conflict with
        another manager, and what `create` and `update` refuse.
        """
        config = config | {"metadata": config.get("metadata") or {}}
        for name in ("apiVersion", "kind"):
            if not config.get(name):
                raise status.bad_request(f"{name} must be set in an apply request")
        typed_config.check(target.resource, target.namespace, config)
        if config["metadata"].get("managedFields"):
            raise status.bad_request("metadata.managedFields must be nil")
        named = copy.deepcopy(config)
        named["metadata"].setdefault("name", target.name)
        if not self.is_there(target):
            place = Target(target.resource, target.namespace)
            return await self.create(place, named, writer), True
        checked_metadata(target, named)

        def applied(before: Object) -> Object:
            return managed_fields.server_side_apply(
                target.resource, before, config, writer.manager, self._now(target), force=force
            )

        return await self.change(target, applied, writer, config), False

    async def delete(
        self, target: Target, options: Object, writer: Writer, *, named: bool = True
    ) -> tuple[Object, bool]:
        """The object goes, at once or after its grace period and finalizers.

        Returns what is left, and whether it is gone; one of a collection is not `named` to
        webhooks.

        Raises StatusError 404, 409 where `preconditions` name another uid, or a refusal.
        """
        asked = target if named else Target(target.resource, target.namespace)
        while True:
            body = self.get(target)
            check_preconditions(target.resource, body, options)
            if target.name in target.resource.undeletable:
                why = f"this {target.resource.kind.lower()} may not be deleted"
                raise status.forbidden(target.resource, target.name, why)
            await self._webhooks.admit(Admission("DELETE", asked, writer, None, body))
            if self.store.get(target.key) is body:
                return self._delete(target, body, options, dry_run=writer.dry_run)

    def _delete(
        self, target: Target, body: Object, options: Object, *, dry_run: bool
    ) -> tuple[Object, bool]:
        finalizers = finalizers_after(body, options)
        grace = grace_seconds(target.resource, body, options)
        held = bool(finalizers) or target.resource.is_held(body)
        at_once = grace == 0 and not held
        if dry_run:
            return body, at_once
        if at_once:
            last = self._take_away(target)
            if "deletionGracePeriodSeconds" in last["metadata"]:
                last["metadata"]["deletionGracePeriodSeconds"] = 0
            return last, True
        marked = copy.deepcopy(body)
        metadata = marked["metadata"]
        if finalizers:
            metadata["finalizers"] = finalizers
        if "deletionTimestamp" not in metadata and "generation" in metadata:
            metadata["generation"] += 1
        if grace < metadata.get("deletionGracePeriodSeconds", grace + 1):
            end = self._clock.of(target.namespace).now() + timedelta(seconds=grace)
            metadata["deletionTimestamp"] = stamp(end)
            if not target.resource.is_held(body):
                metadata["deletionGracePeriodSeconds"] = grace
        target.resource.on_delete(marked)
        return (marked if same(body, marked) else self.store.put(target.key, marked)), False

    async def admit(self, target: Target, body: Object, writer: Writer) -> Object:
        """An object that is not stored, such as a TokenRequest, as every webhook leaves it."""
        return await self._webhooks.admit(Admission("CREATE", target, writer, body)) or body

    async def connect(self, target: Target, query: QueryParams, user: User) -> None:
        """No webhook refuses a session of exec or attach. Raises StatusError."""
        options = stream_options(target.subresource, query)
        writer = Writer(user, Manager(""))
        await self._webhooks.admit(Admission("CONNECT", target, writer, options))

    async def evict(self, target: Target, eviction: Object, writer: Writer) -> None:
        """A Pod is deleted on somebody's behalf; webhooks are asked about the eviction alone.

        Raises StatusError 400 for an Eviction of another name, and what `delete` refuses.
        """
        if eviction.get("metadata", {}).get("name", target.name) != target.name:
            raise status.bad_request("name in URL does not match name in Eviction object")
        eviction = await self.admit(target, eviction, writer)
        options = eviction.get("deleteOptions") or {}
        pod = self.get(target)
        check_preconditions(target.resource, pod, options)
        dry_run = writer.dry_run or bool(options.get("dryRun"))
        self._delete(target, pod, options, dry_run=dry_run)

    async def bind(self, target: Target, binding: Object, writer: Writer) -> None:
        """A Pod gets its node. Raises StatusError 409 for one that has it already, 422."""
        binding = await self.admit(target, binding, writer)
        pod = self.get(target)
        node = (binding.get("target") or {}).get("name", "")
        if not node:
            asked = binding.get("metadata", {}).get("name", "")
            raise status.invalid(target.own_kind, asked, [required("target.name")])
        if has := pod["spec"].get("nodeName"):
            name = pod["metadata"]["name"]
            part = f"{target.resource.plural}/{target.subresource}"
            text = f'Operation cannot be fulfilled on {part} "{name}": pod {name} is already '
            details = {"name": name, "kind": part}
            raise StatusError(409, "Conflict", f'{text}assigned to node "{has}"', details)
        key = Target(target.resource, *target.key[1:]).key
        self.store.put(key, bound(pod, node, self._now(target)))

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        if not namespace:
            return
        body = self.store.get((NAMESPACE.qualified, "", namespace))
        if body is None:
            raise status.not_found(NAMESPACE, namespace)
        if body["metadata"].get("deletionTimestamp"):
            raise status.terminating(resource, namespace, name)


def _keeps_all_but_owners(before: Object, after: Object) -> bool:
    """Whether a write touches only what garbage collection needs.

    Source: kubernetes, pkg/registry/rbac, IsOnlyMutatingGCFields.
    """
    changing = {"ownerReferences", "finalizers", "managedFields", "resourceVersion"}

    def rest(body: Object) -> Object:
        kept = {k: v for k, v in body["metadata"].items() if k not in changing}
        return body | {"metadata": kept}

    return rest(before) == rest(after)
