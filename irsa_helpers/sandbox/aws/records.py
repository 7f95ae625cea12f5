"""moto, which keeps AWS's records: one thread owns it, and what it acknowledged is on disk.

moto authenticates and authorises nothing here: whoever calls has been decided on before.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from irsa_helpers.errors import AwsError
from irsa_helpers.sandbox.aws import models, operations
from irsa_helpers.sandbox.aws.invocations import Invocation
from irsa_helpers.sandbox.aws.journal import Journal
from irsa_helpers.sandbox.aws.wire import Answer
from irsa_helpers.sandbox.clock import Clock

# The services that moto keeps the records of, and its entry to each.
SERVICES = {
    "iam": "IamResponse",
    "eks": "EKSResponse",
    "s3": "S3Response",
    "dynamodb": "DynamoHandler",
    "secretsmanager": "SecretsManagerResponse",
}
log = logging.getLogger("irsa-lab")
T = TypeVar("T")

Rule = Callable[[Invocation], Answer]
Amendment = Callable[[Invocation], None]


class Records:
    """AWS's records of all accounts.

    `rules` perform an operation in moto's place; `amendments` mend what moto wrote. Both run again
    at every start, when the journal is replayed.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._path = path
        self._journal: Journal | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aws-records")
        self._replayed_time: float | None = None
        self.rules: dict[tuple[str, str], Rule] = {}
        self.amendments: dict[tuple[str, str], Amendment] = {}
        self.generation = 0

    async def start(self) -> None:
        """Load moto and replay what was acknowledged."""
        await self.run(self._load)

    async def stop(self) -> None:
        """Finish what runs and close the journal."""
        if self._journal is not None:
            await self.run(self._journal.close)
        self._thread.shutdown()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run a function in the thread that owns the records."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def call(self, invocation: Invocation) -> Answer:
        """Perform a call; a change is on disk when this returns."""
        return await self.run(self.perform, invocation)

    def perform(self, invocation: Invocation) -> Answer:
        """`call`, for those who are in the records' thread already."""
        if models.is_read(invocation.operation):
            return self._execute(invocation)
        entry = {"at": self._clock.time(), "seed": secrets.randbits(128), **invocation.to_entry()}
        answer = self._execute_seeded(invocation, entry)
        if answer.status < 400 and self._journal is not None:
            self._journal.append(entry)
        return answer

    def _load(self) -> None:
        _import_moto(self._now)
        self._journal = Journal(self._path)
        for entry in self._journal.entries():
            self._replay(entry)

    def _replay(self, entry: dict[str, Any]) -> None:
        """Perform an acknowledged call again: same time, same random numbers, same ids."""
        invocation = operations.restore(entry)
        self._replayed_time = entry["at"]
        try:
            self._execute_seeded(invocation, entry)
        except AwsError:
            log.exception("replay: %s is refused now", invocation.operation)
        finally:
            self._replayed_time = None

    def _execute_seeded(self, invocation: Invocation, entry: dict[str, Any]) -> Answer:
        from moto.moto_api._internal import mock_random

        self.generation += 1
        mock_random.seed(entry["seed"])
        try:
            return self._execute(invocation)
        finally:
            self.generation += 1

    def _execute(self, invocation: Invocation) -> Answer:
        name = (invocation.service, invocation.operation)
        rule = self.rules.get(name)
        answer = rule(invocation) if rule else _moto(invocation)
        if answer.status < 400 and name in self.amendments:
            self.amendments[name](invocation)
        return answer

    def _now(self) -> datetime:
        """The sandbox's time as moto keeps it: UTC without a time zone."""
        seconds = self._clock.time() if self._replayed_time is None else self._replayed_time
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _import_moto(now: Callable[[], datetime]) -> None:
    """Load moto's services; they live on the sandbox's clock and leave bucket policies to us."""
    from moto.core.config import default_user_config

    default_user_config["iam"] = {"load_aws_managed_policies": True}
    for service in SERVICES:
        importlib.import_module(f"moto.{service}.models")
        importlib.import_module(f"moto.{service}.responses")
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and hasattr(module, "utcnow"):
            vars(module)["utcnow"] = now
    clock = SimpleNamespace(time=lambda: now().replace(tzinfo=UTC).timestamp())
    vars(sys.modules["moto.secretsmanager.models"])["time"] = clock
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]


def _moto(invocation: Invocation) -> Answer:
    """What moto answers. An input that it stumbles over is refused by the operation's name."""
    from moto.core.request import Request

    request = Request.from_primitives(
        invocation.method,
        f"http://127.0.0.1{invocation.path}" + (f"?{invocation.query}" * bool(invocation.query)),
        dict((*invocation.headers, *_identity_headers(invocation))),
        invocation.body,
    )
    try:
        status, headers, body = _handler(invocation)(request, request.raw_url, request.headers)
    except Exception as error:
        log.exception("moto did not perform %s", invocation.operation)
        raise _not_performed(invocation, error) from error
    content = body.encode() if isinstance(body, str) else bytes(body)
    return Answer(int(status), _plain_headers(headers), content)


def _identity_headers(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    """What moto reads the region and the account from."""
    scope = f"AKIAEXAMPLEEXAMPLEXX/20260101/{invocation.region}/{invocation.service}/aws4_request"
    return (
        ("authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"),
        ("x-moto-account-id", invocation.account_id),
        ("host", "127.0.0.1"),
    )


def _handler(invocation: Invocation) -> Callable[..., tuple[int, dict[str, Any], Any]]:
    """moto's entry for a service; S3 has one for buckets and one for objects."""
    responses = sys.modules[f"moto.{invocation.service}.responses"]
    entry = getattr(responses, SERVICES[invocation.service])
    if invocation.service != "s3":
        return entry.dispatch  # type: ignore[no-any-return]
    is_object = "Key" in invocation.parameters
    return entry.key_dispatch if is_object else entry.bucket_dispatch  # type: ignore[no-any-return]


def _not_performed(invocation: Invocation, error: Exception) -> AwsError:
    """The refusal in place of a server error: unknown here, or an input nobody could act on."""
    if isinstance(error, NotImplementedError):
        text = f"The sandbox does not implement {invocation.service}:{invocation.operation}."
        return AwsError("NotImplemented", 400, text)
    text = f"{invocation.service}:{invocation.operation} cannot be performed with this input."
    return AwsError("ValidationException", 400, text, explanation=repr(error))


def _plain_headers(headers: Any) -> dict[str, str]:
    """moto's headers as text, without those that the server itself writes."""
    own = {"server", "date", "status", "connection"}
    return {
        str(name).lower(): str(value) for name, value in headers.items() if name.lower() not in own
    }
