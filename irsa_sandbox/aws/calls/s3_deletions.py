"""S3 `DeleteObjects`: each key is decided on by itself, and the answer says which stayed.

Source: S3 API, `DeleteObjects` (the answer is 200 with an `Error` for each key that was refused).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.decisions import needs_s3
from irsa_sandbox.aws.decisions.need import Need
from irsa_sandbox.aws.wire.invocations import Invocation
from irsa_sandbox.aws.wire.messages import Answer

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
OPERATION = "DeleteObjects"
Refuse = Callable[[Need], AwsError | None]


@dataclass(frozen=True)
class Deletion:
    """What may be deleted (None where nothing may), and why the rest stays."""

    invocation: Invocation | None
    refused: tuple[tuple[dict[str, Any], AwsError], ...]


def split(invocation: Invocation, refuse: Refuse) -> Deletion:
    """The call reduced to the keys that the caller may delete."""
    refused, kept = [], []
    for each in needs_s3.deleted(invocation.parameters):
        error = refuse(needs_s3.deletion_need(invocation.parameters["Bucket"], each))
        if error is None:
            kept.append(each)
        else:
            refused.append((each, error))
    if not refused:
        return Deletion(invocation, ())
    return Deletion(_reduced(invocation, kept) if kept else None, tuple(refused))


def merged(answer: Answer | None, deletion: Deletion) -> Answer:
    """The answer with an error for each key that was refused."""
    errors = "".join(_error(each, error) for each, error in deletion.refused).encode()
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


def _object(each: dict[str, Any]) -> str:
    version = f"<VersionId>{escape(each['VersionId'])}</VersionId>" if "VersionId" in each else ""
    return f"<Object><Key>{escape(each.get('Key', ''))}</Key>{version}</Object>"


def _error(each: dict[str, Any], error: AwsError) -> str:
    return (
        f"<Error><Key>{escape(each.get('Key', ''))}</Key><Code>{error.code}</Code>"
        f"<Message>{escape(error.message)}</Message></Error>"
    )
