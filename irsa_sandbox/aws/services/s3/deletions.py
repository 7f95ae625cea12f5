"""S3 `DeleteObjects`: each key is decided on by itself, and the answer says which stayed.

Source: S3 API, `DeleteObjects` (the answer is 200 with an `Error` for each key that was refused).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.services.record import Call
from irsa_sandbox.aws.services.s3 import needs
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
OPERATION = "DeleteObjects"


@dataclass(frozen=True)
class Deletion:
    """What may be deleted (None where nothing may), and why the rest stays."""

    invocation: Invocation | None
    refused: tuple[tuple[dict[str, Any], AwsError], ...]


async def answer(call: Call) -> Answer:
    """Delete what the caller may delete; the answer says what stayed and why."""
    deletion = _split(call)
    allowed = deletion.invocation
    return _merged(await call.perform(allowed) if allowed else None, deletion)


def _split(call: Call) -> Deletion:
    """The call reduced to the keys that the caller may delete."""
    invocation = call.invocation
    refused, kept = [], []
    for named in needs.deleted(invocation.parameters):
        error = call.refuse(needs.deletion_need(invocation.parameters["Bucket"], named))
        if error is None:
            kept.append(named)
        else:
            refused.append((named, error))
    if not refused:
        return Deletion(invocation, ())
    return Deletion(_reduced(invocation, kept) if kept else None, tuple(refused))


def _merged(answer: Answer | None, deletion: Deletion) -> Answer:
    """The answer with an error for each key that was refused."""
    errors = "".join(_error(*refusal) for refusal in deletion.refused).encode()
    if answer is None:
        body = b'<DeleteResult xmlns="%s">%s</DeleteResult>' % (NAMESPACE.encode(), errors)
        return Answer(200, {"content-type": "application/xml"}, body)
    if not errors or answer.status != 200:
        return answer
    headers = {name: v for name, v in answer.headers.items() if name != "content-length"}
    empty, end = b"<DeleteResult />", b"</DeleteResult>"
    body = answer.body.replace(empty, b"<DeleteResult></DeleteResult>")
    return Answer(200, headers, body.replace(end, errors + end))


def _reduced(invocation: Invocation, kept: Sequence[dict[str, Any]]) -> Invocation:
    wanted = invocation.parameters["Delete"]
    quiet = f"<Quiet>{str(wanted.get('Quiet', False)).lower()}</Quiet>"
    body = f'<Delete xmlns="{NAMESPACE}">{"".join(map(_object, kept))}{quiet}</Delete>'
    parameters = invocation.parameters | {"Delete": {**wanted, "Objects": list(kept)}}
    return replace(invocation, body=body.encode(), parameters=parameters)


def _object(named: dict[str, Any]) -> str:
    version = f"<VersionId>{escape(named['VersionId'])}</VersionId>" if "VersionId" in named else ""
    return f"<Object><Key>{escape(named.get('Key', ''))}</Key>{version}</Object>"


def _error(named: dict[str, Any], error: AwsError) -> str:
    return (
        f"<Error><Key>{escape(named.get('Key', ''))}</Key><Code>{error.code}</Code>"
        f"<Message>{escape(error.message)}</Message></Error>"
    )
