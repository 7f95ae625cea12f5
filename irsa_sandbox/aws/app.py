"""The AWS endpoint: one address for all services, as an ASGI application."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws import account
from irsa_sandbox.aws.callers import signature
from irsa_sandbox.aws.callers.callers import Callers
from irsa_sandbox.aws.callers.directory import Directory
from irsa_sandbox.aws.callers.sessions import Sessions
from irsa_sandbox.aws.calls import reading
from irsa_sandbox.aws.calls.calls import Services
from irsa_sandbox.aws.decisions.authorize import Authorizer
from irsa_sandbox.aws.handshake import assumed_roles
from irsa_sandbox.aws.handshake.eks_auth import EksAuth
from irsa_sandbox.aws.handshake.jwks import KeySets
from irsa_sandbox.aws.handshake.sts import Sts
from irsa_sandbox.aws.handshake.target_roles import TargetRoles
from irsa_sandbox.aws.handshake.web_identity import OPERATION, WebIdentity
from irsa_sandbox.aws.records import eks, iam, pod_identity, s3
from irsa_sandbox.aws.records.pod_identity import PodIdentity
from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import messages, operations
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest
from irsa_sandbox.bodies import TooLargeError, announced, limited_body
from irsa_sandbox.numbers import whole_number

log = logging.getLogger("irsa-lab")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})  # recorded with their decision
INSTANCE_SESSION = "i-0a1b2c3d4e5f60718"
INSTANCE_SECONDS = 21_600
EKS_TOKEN_PREFIX = "k8s-aws-v1."
EKS_TOKEN_SECONDS = 900
EKS_TOKEN_PARAMETERS = {
    *("action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires"),
    *("x-amz-security-token", "x-amz-signature", "x-amz-signedheaders", "x-amz-user-agent"),
}


class Aws:
    """The endpoint with all its parts; `app` serves it once `start()` has returned."""

    def __init__(self, settings: AwsSettings) -> None:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings = settings
        self._records = Records(settings.home / "journal.jsonl", settings.clock)
        self._sessions = Sessions.load_or_create(settings.home / "session.key")
        self._directory = Directory(self._records)
        self._callers = Callers(settings, self._sessions, self._directory)
        authorizer = Authorizer(settings, self._callers, self._directory)
        keys = KeySets(settings.fetch, settings.clock)
        self._web_identity = WebIdentity(settings, self._directory, keys, self._sessions)
        self._reading = reading.Reading(settings, self._callers, authorizer)
        targets = TargetRoles(settings, self._directory, self._callers, authorizer)
        pods = EksAuth(settings, self._directory, keys, self._sessions, targets)
        sts = Sts(settings, self._directory, self._sessions, authorizer)
        self._services = Services(settings, self._records, authorizer, sts, pods)
        eks.install(self._records, settings)
        iam.install(self._records)
        s3.install(self._records)
        PodIdentity(self._records, self._directory)

    @property
    def changes(self) -> int:
        """A number that grows with each change of AWS's records, until the sandbox stops."""
        return self._records.generation

    async def start(self) -> None:
        """Load the records and make sure that the account holds what it must."""
        await self._records.start()
        await self._records.run(account.ensure, self._records, self._settings)

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
            answer = self._refused(reading.too_large(_service(request)), request)
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
        """The ARN of whoever signed the GetCallerIdentity inside an EKS token, None where nobody.

        Source: aws-iam-authenticator, "API Authorization from Outside a Cluster".
        """
        request = _eks_token_request(token, self._settings.cluster_name)
        if request is None:
            return None
        try:
            caller, claim = self._callers.authenticate(request, "query")
            invocation = operations.identify(request, claim.service, claim.region, "")
        except AwsError as error:
            log.info("EKS token refused: %s", error)
            return None
        is_identity = (claim.service, invocation.operation) == ("sts", "GetCallerIdentity")
        return caller.arn if is_identity else None

    def has_association(self, namespace: str, service_account: str) -> bool:
        """Whether a ServiceAccount of the cluster has an EKS Pod Identity association."""
        settings = self._settings
        place = settings.account_id, settings.region, settings.cluster_name
        associations = pod_identity.of_cluster(*place) or {}
        return pod_identity.find(associations, namespace, service_account) is not None

    async def instance_credentials(self, role_name: str) -> dict[str, str]:
        """The credentials that EC2's metadata service gives for the instance's role."""
        arn = f"arn:aws:iam::{self._settings.account_id}:role/{role_name}"
        role = self._directory.role(arn)
        if role is None:
            raise AwsError("NoSuchEntity", 404, f"the instance's role {role_name} does not exist")
        session = assumed_roles.new_session(
            role,
            INSTANCE_SESSION,
            issued_at=self._settings.clock.time(),
            duration_seconds=INSTANCE_SECONDS,
            context={"ec2:SourceInstanceARN": self._instance_arn},
        )
        credentials = self._sessions.seal(session)
        return {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "Expiration": credentials.expiration,
        }

    @property
    def _instance_arn(self) -> str:
        settings = self._settings
        return f"arn:aws:ec2:{settings.region}:{settings.account_id}:instance/{INSTANCE_SESSION}"

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
        service = _service(request)
        protocol = operations.protocol_of(service, request)
        return messages.error_answer(refusal, protocol, service, request)

    def _most_bytes(self, head: HttpRequest, length: int | None) -> int:
        """How much of a body is read. Raises AwsError, and records who is refused."""
        service = _service(head)
        try:
            return self._reading.most_bytes(head, service, length)
        except AwsError as error:
            if signature.is_signed(head) and error.code not in DENIALS:
                self._record_stranger(head, service, error)
            raise

    async def respond(self, request: HttpRequest) -> Answer:
        """The answer to a request. Raises AwsError where it is refused."""
        service = _service(request)
        if not signature.is_signed(request):
            return await self._unsigned(request, service)
        protocol = operations.protocol_of(service, request)
        try:
            caller, claim = self._callers.authenticate(request, protocol)
        except AwsError as error:
            self._record_stranger(request, service, error)
            raise
        invocation = operations.identify(request, claim.service, claim.region, caller.account_id)
        return await self._services.perform(caller, invocation, request)

    def _record_stranger(self, request: HttpRequest, service: str, error: AwsError) -> None:
        """Record a call whose signer is not, or no longer, recognised."""
        key_id = signature.claimed_key(request)
        self._settings.trace.add(
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

    async def _unsigned(self, request: HttpRequest, service: str) -> Answer:
        """Web identity is the one call that needs no signature; a bucket may be public."""
        if service == "sts":
            fields = operations.form_fields(request)
            if fields.get("Action") == OPERATION:
                parameters = operations.identify(request, "sts", "", "").parameters
                result = await self._web_identity.assume(parameters, request.client)
                return messages.query_answer("sts", OPERATION, result)
        if service == "s3" and request.path != "/":
            return await self._services.anonymous(request)
        raise common_error("missing", operations.protocol_of(service, request))


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


def _service(request: HttpRequest) -> str:
    """The service that a request is for, by its signature or else by its looks."""
    return signature.claimed_service(request) or _unsigned_service(request)


def _unsigned_service(request: HttpRequest) -> str:
    target = request.header("x-amz-target")
    if target:
        return "dynamodb" if target.startswith("DynamoDB") else "secretsmanager"
    form = request.header("content-type").startswith("application/x-www-form-urlencoded")
    if form or "Action=" in request.query:
        return "sts"
    return "eks" if request.path.startswith("/clusters") else "s3"


def _is_token_query(query: str) -> bool:
    """Whether it has the form of an EKS token: known parameters, each once, the cluster's name
    among the signed headers, no longer life than a quarter of an hour.

    Source: aws-iam-authenticator, pkg/token/token.go, Verify.
    """
    pairs = parse_qsl(query.lower(), keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs) or not set(given) <= EKS_TOKEN_PARAMETERS:
        return False
    expires = whole_number(given.get("x-amz-expires", "0"))
    return (
        "x-k8s-aws-id" in given.get("x-amz-signedheaders", "").split(";")
        and expires is not None
        and expires <= EKS_TOKEN_SECONDS
    )


def _eks_token_request(token: str, cluster: str) -> HttpRequest | None:
    """The presigned request inside an EKS token, as the API server would send it to STS."""
    if not token.startswith(EKS_TOKEN_PREFIX):
        return None
    encoded = token.removeprefix(EKS_TOKEN_PREFIX)
    try:
        url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("ascii")
        parts = urlsplit(url)
    except ValueError:
        return None
    if not _is_token_query(parts.query):
        return None
    headers = (("host", parts.netloc), ("x-k8s-aws-id", cluster))
    return HttpRequest.of("GET", parts.path or "/", parts.query, headers)
