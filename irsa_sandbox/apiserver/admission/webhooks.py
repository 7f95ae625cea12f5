"""Admission webhooks: in which order they are called, what they changed, what they refused.

They are asked about every create, update, deletion and connection that their rules name; about
reviews, which are answered and never stored, they are not: a simplification.
Source: Kubernetes documentation, "Dynamic Admission Control"; apiserver, pkg/admission/plugin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import jsonpatch

from irsa_sandbox.apiserver.admission.admission_request import Admission
from irsa_sandbox.apiserver.admission.webhook_client import Answer, CallError, WebhookClient
from irsa_sandbox.apiserver.admission.webhook_matching import exempt, wants
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError, internal_error
from irsa_sandbox.apiserver.kinds import Kind
from irsa_sandbox.apiserver.kinds.webhook_configurations import MUTATING, VALIDATING
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.structure import fields
from irsa_sandbox.apiserver.structure.normal import normalized

WITHOUT_SIDE_EFFECTS = {"None", "NoneOnDryRun"}


class Webhooks:
    """Calls the webhooks that the store's configurations register."""

    def __init__(self, store: Store, tokens: Mapping[str, str] | None = None) -> None:
        self._store = store
        self._client = WebhookClient(store, tokens or {})

    async def mutate(self, admission: Admission) -> Admission:
        """The request after every mutating webhook that wants it, by their configurations' names.

        One with `reinvocationPolicy: IfNeeded` is asked once more where a later one changed the
        object. Raises StatusError where one refuses it, or fails and its failurePolicy is Fail.
        """
        asked: list[Object] = []
        again: list[Object] = []
        for webhook in self._registered(MUTATING, admission):
            if not wants(self._store, webhook, admission):
                continue
            before, admission = admission, await self._mutated(webhook, admission)
            if admission.object != before.object:
                again, asked = [*again, *asked], []
            if webhook.get("reinvocationPolicy") == "IfNeeded":
                asked.append(webhook)
        for webhook in again:
            if wants(self._store, webhook, admission):
                admission = await self._mutated(webhook, admission)
        return admission

    async def validate(self, admission: Admission) -> None:
        """Every validating webhook that wants the request lets it pass; all are asked at once.

        Raises StatusError with the refusal of the first of them, by their configurations' names.
        """
        wanted = [
            webhook
            for webhook in self._registered(VALIDATING, admission)
            if wants(self._store, webhook, admission)
        ]
        if not wanted:
            return
        calls = (self._allowed(webhook, admission) for webhook in wanted)
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def admit(self, admission: Admission) -> Object | None:
        """The object of a request that is not stored, as every webhook leaves it."""
        asked = await self.mutate(admission)
        await self.validate(asked)
        return asked.object

    def _registered(self, kind: Kind, admission: Admission) -> Iterator[Object]:
        if exempt(admission):
            return
        for configuration in self._store.list(kind.qualified):
            yield from configuration.get("webhooks") or ()

    async def _mutated(self, webhook: Object, admission: Admission) -> Admission:
        """The request with its object as the webhook leaves it."""
        answer = await self._allowed(webhook, admission)
        if not answer.patch:
            return admission
        if admission.object is None:
            text = f'admission webhook "{webhook["name"]}" attempted to modify the object, which '
            raise internal_error(f"{text}is not supported for this operation")
        try:
            mutated = jsonpatch.apply_patch(admission.object, answer.patch)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise internal_error(str(error)) from error
        return admission.after(mutated)

    async def _allowed(self, webhook: Object, admission: Admission) -> Answer:
        """The answer of a webhook that lets the request pass, or that may fail.

        Raises StatusError 400 for a dry run that it cannot do, 500 where it fails and must not, and
        what it says itself where it refuses.
        """
        name = webhook["name"]
        dry_run = admission.writer.dry_run
        if dry_run and webhook.get("sideEffects") not in WITHOUT_SIDE_EFFECTS:
            text = f'admission webhook "{name}" does not support dry run'
            raise StatusError(400, "BadRequest", text)
        try:
            answer = await self._client.ask(webhook, admission.request())
        except CallError as error:
            if webhook.get("failurePolicy", "Fail") == "Ignore":
                return Answer(True)
            raise internal_error(f'failed calling webhook "{name}": {error}') from error
        for text in answer.warnings:
            admission.writer.warn(text)
        if not answer.allowed:
            raise _denied(name, answer.status)
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _denied(name: str, status: Object) -> StatusError:
    """The refusal in the webhook's own words. Source: webhook/errors, ToStatusErr."""
    code, reason = max(status.get("code") or 0, 400), status.get("reason") or ""
    why = status.get("message") or reason
    text = f'admission webhook "{name}" denied the request' + (
        f": {why}" if why else " without explanation"
    )
    return StatusError(code, reason, text, status.get("details"))


def decoded_again(resource: Resource, after: Any) -> Object:
    """An object as webhooks left it, read as if a client had sent it: what is unknown is dropped.

    Raises StatusError 500 where it is no such object any more.
    """
    whole = isinstance(after, dict) and isinstance(after.get("metadata"), dict)
    wrong = fields.wrong_type(resource, after) if whole else "unexpected end of JSON input"
    if wrong:
        raise internal_error(wrong)
    fields.unknown_fields(resource, after)
    return normalized(resource, after)
