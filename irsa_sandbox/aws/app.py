"""The AWS endpoint: one address for all services, as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws import account
from irsa_sandbox.aws.callers import signature
from irsa_sandbox.aws.callers.callers import ANONYMOUS, Callers
from irsa_sandbox.aws.callers.sessions import Sessions
from irsa_sandbox.aws.calls import asked, eks_tokens, reading
from irsa_sandbox.aws.calls.calls import Calls
from irsa_sandbox.aws.decisions.authorize import Authorizer
from irsa_sandbox.aws.handshake import associations, instance
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.handshake.jwks import KeySets
from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.services import registry
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import messages
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest
from irsa_sandbox.bodies import TooLargeError, announced, limited_body

log = logging.getLogger("irsa-lab")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})  # recorded with their decision


class Aws:
    """The endpoint with all its parts; `app` serves it once `start()` has returned."""

    def __init__(self, settings: AwsSettings) -> None:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._records = Records(settings)
        directory = self._records.directory
        sessions = Sessions.load_or_create(settings.home / "session.key")
        callers = Callers(settings, sessions, directory)
        rules = {service.name: service.rules for service in registry().values()}
        authorizer = Authorizer(settings, callers, directory, rules)
        keys = KeySets(settings.fetch, settings.clock)
        self._desk = Desk(settings, directory, sessions, callers, authorizer, keys)
        self._calls = Calls(self._desk, self._records)

    @property
    def changes(self) -> int:
        """A number that grows with each change of AWS's records, until the sandbox stops."""
        return self._records.generation

    async def start(self) -> None:
        """Load the records and make sure that the account holds what it must."""
        await self._records.start()
        await self._records.run(account.ensure, self._records, self._desk.settings)

    async def stop(self) -> None:
        """Finish and close the records."""
        await self._records.stop()

    async def app(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request; a WebSocket is refused, since AWS has none here."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        request = _head(scope)
        try:
            most = self._most_bytes(request, announced(scope))
            request = replace(request, body=await limited_body(scope, receive, most))
        except TooLargeError:
            protocol = asked.protocol_of(asked.service_of(request), request)
            answer = self._refused(common_error("too-large", protocol), request)
        except AwsError as error:
            answer = self._refused(error, request)
        else:
            if len(request.body) > reading.SMALL_BYTES:
                await asyncio.to_thread(lambda: request.body_digest)  # kept with the request
            answer = await self.answer(request)
        headers = _raw_headers(request, answer)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def authenticate_eks_token(self, token: str) -> str | None:
        """The ARN of whoever signed an EKS token, None where nobody did."""
        return eks_tokens.signer(self._desk, token)

    def has_association(self, namespace: str, service_account: str) -> bool:
        """Whether a ServiceAccount of the cluster has an EKS Pod Identity association."""
        settings = self._desk.settings
        place = settings.account_id, settings.region, settings.cluster_name
        try:
            kept = associations.of_cluster(*place)
        except AwsError:
            return False  # no cluster
        return associations.find(kept, namespace, service_account) is not None

    async def instance_credentials(self, role_name: str) -> dict[str, str]:
        """The credentials that EC2's metadata service gives for the instance's role."""
        return instance.credentials(self._desk, role_name)

    async def answer(self, request: HttpRequest) -> Answer:
        """The answer to a request, be it a refusal in the form of the service's protocol."""
        try:
            return await self.respond(request)
        except AwsError as error:
            return self._refused(error, request)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            failure = AwsError("InternalFailure", 500, "The sandbox failed; see its log.")
            return self._refused(failure, request)

    def _refused(self, refusal: AwsError, request: HttpRequest) -> Answer:
        service = asked.service_of(request)
        protocol = asked.protocol_of(service, request)
        known = service if service in registry() else ""
        return messages.error_answer(refusal, protocol, known, request)

    def _most_bytes(self, head: HttpRequest, length: int | None) -> int:
        """How much of a body is read. Raises AwsError, and records who is refused."""
        service = asked.service_of(head)
        try:
            return reading.most_bytes(self._desk, head, service, length)
        except AwsError as error:
            if signature.is_signed(head) and error.code not in DENIALS:
                self._record_stranger(head, service, error)
            raise

    async def respond(self, request: HttpRequest) -> Answer:
        """The answer to a request. Raises AwsError where it is refused."""
        service = asked.service_of(request)
        if not signature.is_signed(request):
            return await self._unsigned(request, service)
        protocol = asked.protocol_of(service, request)
        try:
            caller, claim = self._desk.callers.authenticate(request, protocol)
        except AwsError as error:
            self._record_stranger(request, service, error)
            raise
        invocation = asked.identify(request, claim.service, claim.region, caller.account_id)
        return await self._calls.perform(caller, invocation, request.client)

    def _record_stranger(self, request: HttpRequest, service: str, error: AwsError) -> None:
        """Record a call whose signer is not, or no longer, recognised."""
        key_id = signature.claimed_key(request)
        self._desk.settings.trace.add(
            "aws-call",
            key_id,
            service,
            f"{service} refuses the credentials {key_id}: {error.code}",
            "denied",
            service=service,
            access_key_id=key_id,
            code=error.code,
            status=error.http_status,
            explanation=error.explanation or error.message,
        )

    async def _unsigned(self, request: HttpRequest, name: str) -> Answer:
        """The answer where nobody signed. Raises AwsError where the service insists on that."""
        service, settings = registry().get(name), self._desk.settings
        if service and service.unsigned and service.unsigned(request):
            call = asked.identify(request, name, settings.region, settings.account_id)
            return await self._calls.perform(ANONYMOUS, call, request.client)
        raise common_error("missing", asked.protocol_of(name, request))


def create(settings: AwsSettings) -> Aws:
    """The AWS endpoint of a sandbox."""
    return Aws(settings)


def _head(scope: MutableMapping[str, Any]) -> HttpRequest:
    """The request without its body."""
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    )
    return HttpRequest.of(
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        headers,
        b"",
        (scope.get("client") or ("127.0.0.1",))[0],
    )


def _raw_headers(request: HttpRequest, answer: Answer) -> list[tuple[bytes, bytes]]:
    """The headers with the body's length; the answer to HEAD has the length of what GET gives."""
    headers = dict(answer.headers)
    if request.method != "HEAD" or "content-length" not in headers:
        headers["content-length"] = str(len(answer.body))
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in headers.items()
    ]
