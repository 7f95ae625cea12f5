"""One signed call: checked, authorised, performed, answered."""

from __future__ import annotations

from irsa_sandbox.aws.callers.callers import ANONYMOUS, Caller
from irsa_sandbox.aws.calls import s3_deletions
from irsa_sandbox.aws.decisions import needs_s3
from irsa_sandbox.aws.decisions.authorize import Authorizer
from irsa_sandbox.aws.handshake.eks_auth import EksAuth
from irsa_sandbox.aws.handshake.sts import Sts
from irsa_sandbox.aws.records import iam, stored_policies
from irsa_sandbox.aws.records.records import Records
from irsa_sandbox.aws.settings import AwsSettings
from irsa_sandbox.aws.wire import constraints, messages, operations
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer, HttpRequest
from irsa_sandbox.aws.wire.models import PROTOCOLS

_MISSING_KEY = frozenset({"GetObject", "HeadObject"})


class Services:
    """The services behind the endpoint."""

    def __init__(
        self,
        settings: AwsSettings,
        records: Records,
        authorizer: Authorizer,
        sts: Sts,
        eks_auth: EksAuth,
    ) -> None:
        self._settings = settings
        self._records = records
        self._authorizer = authorizer
        self._sts = sts
        self._eks_auth = eks_auth

    async def perform(self, caller: Caller, invocation: Invocation, request: HttpRequest) -> Answer:
        """The answer to a call. Raises AwsError where it is refused."""
        if invocation.service == "sts":
            result = self._sts.perform(caller, invocation, request.client)
            return messages.query_answer("sts", invocation.operation, result)
        if invocation.operation == s3_deletions.OPERATION and not caller.is_admin:
            return await self._delete_objects(caller, invocation, request.client)
        self._authorizer.check(caller, invocation, request.client)
        _check_form(invocation)
        if invocation.service == "eks-auth":
            return messages.json_answer(await self._eks_auth.assume(invocation, request.client))
        answer = await self._records.run(self._performed, invocation)
        self._hide_missing_key(caller, invocation, answer, request.client)
        return answer

    async def _delete_objects(self, caller: Caller, invocation: Invocation, client: str) -> Answer:
        """Delete what the caller may delete; the answer says what stayed and why."""
        deletion = s3_deletions.split(
            invocation, lambda need: self._authorizer.refuse(caller, invocation, need, client)
        )
        allowed = deletion.invocation
        answer = await self._records.run(self._performed, allowed) if allowed else None
        return s3_deletions.merged(answer, deletion)

    async def anonymous(self, request: HttpRequest) -> Answer:
        """The answer of S3 to a request that nobody signed."""
        settings = self._settings
        invocation = operations.identify(request, "s3", settings.region, settings.account_id)
        return await self.perform(ANONYMOUS, invocation, request)

    def _performed(self, invocation: Invocation) -> Answer:
        """Check what depends on the records and perform the call, with nobody in between."""
        if invocation.service == "iam":
            iam.check(invocation)
        stored_policies.check(invocation)
        return self._records.perform(invocation)

    def _hide_missing_key(
        self, caller: Caller, invocation: Invocation, answer: Answer, client: str
    ) -> None:
        """S3 does not say that an object is missing to whoever may not list the bucket."""
        if answer.status != 404 or invocation.operation not in _MISSING_KEY or caller.is_admin:
            return
        need = needs_s3.bucket_need("ListBucket", invocation.parameters["Bucket"])
        if error := self._authorizer.refuse(caller, invocation, need, client):
            raise error


def _check_form(invocation: Invocation) -> None:
    """Return when the parameters fit the service's model. Raises AwsError."""
    if invocation.service == "s3":
        return
    message = constraints.violations(
        invocation.service, invocation.operation, invocation.parameters
    )
    if message:
        raise common_error("invalid-input", PROTOCOLS[invocation.service], message)
