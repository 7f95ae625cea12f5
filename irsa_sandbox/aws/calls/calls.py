"""One call: checked, authorised, performed, answered."""

from __future__ import annotations

from irsa_sandbox.aws.callers.callers import Caller
from irsa_sandbox.aws.handshake.desk import Desk
from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.services import registry
from irsa_sandbox.aws.services.record import Call
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer


class Calls:
    """The services behind the endpoint."""

    def __init__(self, desk: Desk, records: Records) -> None:
        self._desk = desk
        self._records = records

    async def perform(self, caller: Caller, invocation: Invocation, client: str) -> Answer:
        """The answer to a call. Raises AwsError where it is refused."""
        service = registry()[invocation.service]
        call = Call(self._desk, caller, invocation, client, self._performed)
        if answer := service.answers.get(invocation.operation):
            return await answer(call)
        if not service.moto:
            raise call.not_implemented()
        return await call.answer()

    async def _performed(self, invocation: Invocation) -> Answer:
        return await self._records.run(self._checked_and_performed, invocation)

    def _checked_and_performed(self, invocation: Invocation) -> Answer:
        """Check what depends on the records and perform the call, with nobody in between."""
        if check := registry()[invocation.service].checks.get(invocation.operation):
            check(invocation)
        return self._records.perform(invocation)
