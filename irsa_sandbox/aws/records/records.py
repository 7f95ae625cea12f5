"""moto, which keeps AWS's records: one thread owns it, and what it acknowledged is on disk.

moto authenticates and authorises nothing here: whoever calls has been decided on before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from irsa_helpers.errors import AwsError
from irsa_sandbox import disk, notices, progress
from irsa_sandbox.aws.callers.directory import Directory
from irsa_sandbox.aws.records import moto_setup
from irsa_sandbox.aws.records.journal import Journal
from irsa_sandbox.aws.services import registry
from irsa_sandbox.aws.services.record import Around, Entry, Service
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import messages, models, operations
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer
from irsa_sandbox.chance import CHANCE

log = logging.getLogger("irsa-lab")
T = TypeVar("T")


class Records:
    """AWS's records of all accounts, and a view of IAM's."""

    def __init__(self, settings: AwsSettings) -> None:
        self._clock = settings.clock
        self._path = settings.home / "journal.jsonl"
        self._journal: Journal | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aws-records")
        self._time: float | None = None  # of the change that is being made
        self.generation = 0
        self.directory = Directory(lambda: self.generation)
        self._around = Around(settings, self.directory, self.now)

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
        if _changes_nothing(invocation):
            return self._execute(invocation)
        numbers = CHANCE.numbers(invocation.service, invocation.operation)
        entry = {"at": self._clock.time(), "seed": numbers.getrandbits(128)}
        entry |= invocation.to_entry()
        if self._journal is None:
            return self._execute_entry(invocation, entry)
        return self._perform_kept(self._journal, invocation, entry)

    def _perform_kept(self, journal: Journal, invocation: Invocation, entry: Entry) -> Answer:
        """Perform a change that is in the journal before, and no more where it is refused."""
        try:
            journal.write(entry)
        except OSError as error:
            raise self._not_kept(invocation, error) from error
        try:
            answer = self._execute_entry(invocation, entry)
        except BaseException:
            journal.take_back()
            raise
        if answer.status >= 400:
            journal.take_back()
            return answer
        try:
            journal.keep()
        except OSError as error:
            journal.take_back()
            self._load_again()
            raise self._not_kept(invocation, error) from error
        disk.has_space()
        return answer

    def _not_kept(self, invocation: Invocation, error: OSError) -> Exception:
        """The refusal of a change that cannot be written; any other error is the sandbox's own."""
        if not disk.is_full(error):
            return error
        text = disk.no_space(self._path.parent)
        return common_error("no-space", models.protocol(invocation.service), text)

    def _load(self) -> None:
        moto_setup.load(self._naive_now)
        self._journal = Journal(self._path)
        self._replay_all(self._journal)

    def _load_again(self) -> None:
        """moto holds what the journal holds, and nothing that was not kept."""
        from moto.core.base_backend import BackendDict

        BackendDict.reset()
        if self._journal is not None:
            self._replay_all(self._journal)

    def _replay_all(self, journal: Journal) -> None:
        for number, entry in enumerate(journal.entries(), 1):
            self._replay(entry)
            progress.report(f"replaying {number:,} of {len(journal):,} AWS writes")

    def _replay(self, entry: dict[str, Any]) -> None:
        """Perform an acknowledged call again: same time, same random numbers, same ids."""
        try:
            self._execute_entry(operations.restore(entry), entry)
        except Exception as error:
            log.exception("replay: %s is refused now", entry["operation"])
            name = f"{entry['service']}:{entry['operation']}"
            notices.tell(f"replay {name}", f"{name} cannot be made again as it was: {error}")

    def _execute_entry(self, invocation: Invocation, entry: dict[str, Any]) -> Answer:
        from moto.moto_api._internal import mock_random

        counts = invocation.operation not in registry()[invocation.service].passing
        self.generation += counts
        moto_setup.open_account(invocation.account_id)
        mock_random.seed(entry["seed"])
        self._time = entry["at"]
        try:
            return self._execute(invocation)
        finally:
            self._time = None
            self.generation += counts

    def _execute(self, invocation: Invocation) -> Answer:
        service = registry()[invocation.service]
        perform = service.performs.get(invocation.operation)
        answer = perform(invocation, self._around) if perform else _moto(service, invocation)
        if answer.status < 400 and (amend := service.amends.get(invocation.operation)):
            amend(invocation, self._around)
        return answer

    def now(self) -> datetime:
        """The time at which a call is, or was first, performed."""
        seconds = self._clock.time() if self._time is None else self._time
        return datetime.fromtimestamp(seconds, UTC)

    def _naive_now(self) -> datetime:
        """The same as moto keeps it: UTC without a time zone."""
        return self.now().replace(tzinfo=None)


def _changes_nothing(invocation: Invocation) -> bool:
    idle = registry()[invocation.service].idle.get(invocation.operation)
    return idle(invocation) if idle else models.is_read(invocation.operation)


def _moto(service: Service, invocation: Invocation) -> Answer:
    """What moto answers. An input that it stumbles over is refused by the operation's name."""
    from moto.core.request import Request

    request = Request.from_primitives(
        invocation.method,
        f"http://127.0.0.1{invocation.path}" + (f"?{invocation.query}" * bool(invocation.query)),
        dict((*invocation.headers, *_identity_headers(invocation))),
        invocation.body,
    )
    try:
        entry = getattr(service.load(), service.dispatch(invocation))
        status, headers, body = entry(request, request.raw_url, request.headers)
    except Exception as error:
        log.info("moto cannot perform %s with this input: %r", invocation.operation, error)
        raise _not_performed(service, invocation, error) from error
    if int(status) >= 500:
        raise _not_performed(service, invocation, RuntimeError(f"moto answered {status}"))
    content = body.encode() if isinstance(body, str) else bytes(body)
    answer = Answer(int(status), _plain_headers(headers), content)
    is_raw = models.has_raw_answer(invocation.service, invocation.operation)
    return answer if is_raw and answer.status < 400 else messages.readable(answer)


def _identity_headers(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    """What moto reads the region and the account from."""
    scope = f"AKIAEXAMPLEEXAMPLEXX/20260101/{invocation.region}/{invocation.service}/aws4_request"
    return (
        ("authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x"),
        ("x-moto-account-id", invocation.account_id),
        ("host", "127.0.0.1"),
    )


def _not_performed(service: Service, invocation: Invocation, error: Exception) -> AwsError:
    """The refusal in place of a server error: unknown here, or an input nobody could act on."""
    name, protocol = (
        f"{invocation.service}:{invocation.operation}",
        models.protocol(invocation.service),
    )
    if isinstance(error, NotImplementedError):
        return common_error("not-implemented", protocol, f"The sandbox does not implement {name}.")
    if said := service.failure(invocation, error):
        return said
    text = f"{name} cannot be performed with this input."
    return common_error("invalid-input", protocol, text, explanation=repr(error))


def _plain_headers(headers: Any) -> dict[str, str]:
    """moto's headers as text, without those that the server itself writes."""
    own = {"server", "date", "status", "connection"}
    return {
        str(name).lower(): str(value) for name, value in headers.items() if name.lower() not in own
    }
