"""HTTP requests as they came, and answers in the forms of AWS's protocols.

Source: botocore's service models (`protocol`), "Common errors" of each service, S3 "Error
responses".
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.wire import models
from irsa_sandbox.aws.wire.common_errors import json_code

_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class HttpRequest:
    """A request: path and query as sent (percent-encoded), header names in lower case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client: str = "127.0.0.1"
    named: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        method: str,
        path: str,
        query: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        client: str = "127.0.0.1",
    ) -> HttpRequest:
        """A request whose headers can be looked up by name; a repeated one is joined by commas."""
        named: dict[str, str] = {}
        for name, value in headers:
            named[name] = f"{named[name]},{value}" if name in named else value
        return cls(method, path, query, headers, body, client, named)

    @cached_property
    def body_digest(self) -> str:
        """The SHA-256 of the body in hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()

    def header(self, name: str) -> str:
        """The value of a header, or the empty string."""
        return self.named.get(name, "")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def query_answer(service: str, action: str, result: Mapping[str, Any]) -> Answer:
    """The answer to a call of a query service."""
    request_id = str(uuid4())
    body = (
        f'<{action}Response xmlns="{models.xml_namespace(service)}"><{action}Result>'
        f"{_xml(result)}</{action}Result><ResponseMetadata><RequestId>{request_id}"
        f"</RequestId></ResponseMetadata></{action}Response>"
    )
    return _answer(200, "text/xml", body, {"x-amzn-requestid": request_id})


def json_answer(result: Mapping[str, Any], status: int = 200) -> Answer:
    """The answer to a call of a JSON service."""
    headers = {"x-amzn-requestid": str(uuid4())}
    return _answer(status, "application/json", json.dumps(result), headers)


def error_answer(error: AwsError, protocol: str, service: str, request: HttpRequest) -> Answer:
    """An error as the service's clients expect it; `service` is empty where it is unknown."""
    if protocol == "rest-xml":
        return _s3_error(error, request)
    if protocol == "json":
        return _json_error(error, service)
    if protocol == "json-query":
        return _json_query_error(error, service)
    if protocol == "rest-json":
        return _rest_json_error(error)
    if protocol == "ec2":
        return _ec2_error(error)
    return _query_error(error, service)


def _ec2_error(error: AwsError) -> Answer:
    """EC2's form, which clients of the query protocol understand as well."""
    request_id = str(uuid4())
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Errors><Error><Code>{error.code}</Code>"
        f"<Message>{_text(error.message)}</Message></Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    return _answer(error.http_status, "text/xml", body, {"x-amzn-requestid": request_id})


def _query_error(error: AwsError, service: str) -> Answer:
    request_id = str(uuid4())
    kind = "Sender" if error.http_status < 500 else "Receiver"
    body = (
        f'<ErrorResponse xmlns="{models.xml_namespace(service)}"><Error>'
        f"<Type>{kind}</Type><Code>{error.code}</Code><Message>{_text(error.message)}</Message>"
        f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return _answer(error.http_status, "text/xml", body, {"x-amzn-requestid": request_id})


def _s3_error(error: AwsError, request: HttpRequest) -> Answer:
    request_id = secrets.token_hex(8).upper()
    headers = {"x-amz-request-id": request_id, "x-amz-id-2": secrets.token_urlsafe(56)}
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{error.code}</Code><Message>{_text(error.message)}</Message>"
        f"<RequestId>{request_id}</RequestId><HostId>{headers['x-amz-id-2']}</HostId></Error>"
    )
    return _answer(
        error.http_status, "application/xml", "" if request.method == "HEAD" else body, headers
    )


def _json_error(error: AwsError, service: str) -> Answer:
    # Source: Smithy, "AWS JSON 1.0 protocol", operation error serialization: an absolute shape id.
    absolute = bool(service) and models.json_version(service) == "1.0"
    prefix = "com.amazon.coral.service#" * absolute
    body = {"__type": prefix + error.code, "message": error.message, "Message": error.message}
    headers = {"x-amzn-requestid": str(uuid4()), "x-amzn-errortype": error.code}
    return _answer(error.http_status, "application/x-amz-json-1.1", json.dumps(body), headers)


def _json_query_error(error: AwsError, service: str) -> Answer:
    """JSON, with the code of the query protocol in a header: clients go by that.

    Source: Smithy, "Query-compatible services".
    """
    in_json = AwsError(json_code(error.code), error.http_status, error.message)
    answer = _json_error(in_json, service)
    kind = "Sender" if error.http_status < 500 else "Receiver"
    return replace(answer, headers={**answer.headers, "x-amzn-query-error": f"{error.code};{kind}"})


def _rest_json_error(error: AwsError) -> Answer:
    headers = {"x-amzn-requestid": str(uuid4()), "x-amzn-errortype": error.code}
    body = json.dumps({"message": error.message})
    return _answer(error.http_status, "application/json", body, headers)


def _answer(status: int, content_type: str, body: str, headers: Mapping[str, str]) -> Answer:
    return Answer(status, {"content-type": content_type, **headers}, body.encode())


def readable(answer: Answer) -> Answer:
    """The answer with U+FFFD for what XML 1.0 forbids, where it is XML and may echo such a text."""
    if "xml" not in answer.headers.get("content-type", ""):
        return answer
    text = answer.body.decode("utf-8", "replace")
    return replace(answer, body=_NOT_XML.sub("\ufffd", text).encode())


def _xml(value: Any) -> str:
    """Members of a structure as XML; a member that is None is left out."""
    if isinstance(value, Mapping):
        return "".join(
            f"<{name}>{_xml(member)}</{name}>"
            for name, member in value.items()
            if member is not None
        )
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_xml(member)}</member>" for member in value)
    return _text(str(value))


def _text(text: str) -> str:
    """Character data that any XML parser takes: what XML 1.0 forbids becomes U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", text))
