"""Who signed a request: AWS Signature Version 4, in the header or in the URL.

The signature is computed with botocore's own signer and compared.
Source: IAM User Guide, "AWS Signature Version 4 for API requests".
"""

from __future__ import annotations

import calendar
import hmac
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from irsa_helpers.errors import AwsError
from irsa_sandbox.aws.wire.common_errors import common_error
from irsa_sandbox.aws.wire.messages import HttpRequest
from irsa_sandbox.values.numbers import whole_number

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW_SECONDS = 900
MAX_EXPIRES_SECONDS = 604_800
UNSIGNED_BODIES = frozenset({"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_HEADER_FIELD = re.compile(r"\s*([A-Za-z]+)=([^,\s]+)\s*")


@dataclass(frozen=True)
class Claim:
    """What a request says about its signer, before anything is verified."""

    protocol: str
    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    session_token: str
    expires_seconds: int | None


def claimed_service(request: HttpRequest) -> str:
    """The service in the credential scope, or the empty string for an unsigned request."""
    parts = _claimed_credential(request).split("/")
    return parts[-2] if len(parts) >= 5 else ""


def claimed_key(request: HttpRequest) -> str:
    """The access key id that a request names, cut to the length of one."""
    return _claimed_credential(request).partition("/")[0][:20]


def _claimed_credential(request: HttpRequest) -> str:
    scope = re.search(r"Credential=([^,\s]+)", request.header("authorization"))
    return scope.group(1) if scope else _query(request).get("X-Amz-Credential", "")


def is_signed(request: HttpRequest) -> bool:
    """Whether a request carries a signature of any kind."""
    return bool(request.header("authorization")) or "X-Amz-Signature" in _query(request)


def read(request: HttpRequest, protocol: str) -> Claim:
    """The claim of a signed request. Raises AwsError where a part is missing."""
    if request.header("authorization"):
        return _read_header(request, protocol)
    return _read_query(request, protocol)


def verify(request: HttpRequest, claim: Claim, secret_access_key: str, now: float) -> None:
    """Return when the secret's owner signed just this request. Raises AwsError.

    `now` is real time: a client does not share the time that a learner moved forward.
    """
    _check_time(claim, now)
    _check_headers(request, claim)
    _check_body(request, claim)
    _check_signature(request, claim, secret_access_key)


def verify_head(head: HttpRequest, claim: Claim, secret_access_key: str, now: float) -> None:
    """Return when the head may be one that the secret's owner signed. Raises AwsError.

    Where the head names the body's digest, or none is signed, that is sure without the body.
    """
    _check_time(claim, now)
    _check_headers(head, claim)
    if claim.protocol == "rest-xml":
        _check_signature(head, claim, secret_access_key)


def _check_signature(request: HttpRequest, claim: Claim, secret_access_key: str) -> None:
    expected = _signature(request, claim, secret_access_key)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise common_error("mismatch", claim.protocol)


def _read_header(request: HttpRequest, protocol: str) -> Claim:
    algorithm, _, rest = request.header("authorization").partition(" ")
    if algorithm != ALGORITHM:
        raise common_error("incomplete", protocol, "Unsupported authorization type")
    fields = dict(_HEADER_FIELD.findall(rest))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if name not in fields:
            raise common_error(
                "incomplete", protocol, f"Authorization header requires '{name}' parameter."
            )
    return _claim(
        protocol,
        fields,
        timestamp=request.header("x-amz-date"),
        session_token=request.header("x-amz-security-token"),
        expires_seconds=None,
    )


def _read_query(request: HttpRequest, protocol: str) -> Claim:
    query = _query(request)
    fields = {
        name: query.get(f"X-Amz-{name}", "")
        for name in ("Credential", "SignedHeaders", "Signature")
    }
    expires = query.get("X-Amz-Expires", "")
    if query.get("X-Amz-Algorithm") != ALGORITHM or not all(fields.values()):
        raise common_error("incomplete", protocol, "Query-string authentication is incomplete.")
    # STS takes a presigned request without an expiry, as `aws eks get-token` may make it.
    if (expires or protocol == "rest-xml") and not (
        (seconds := whole_number(expires)) is not None and seconds <= MAX_EXPIRES_SECONDS
    ):
        raise common_error(
            "incomplete", protocol, "X-Amz-Expires must be a number of seconds up to 604800."
        )
    return _claim(
        protocol,
        fields,
        timestamp=query.get("X-Amz-Date", ""),
        session_token=query.get("X-Amz-Security-Token", ""),
        expires_seconds=int(expires or MAX_SKEW_SECONDS),
    )


def _claim(protocol: str, fields: dict[str, str], **rest: Any) -> Claim:
    parts = fields["Credential"].split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not re.fullmatch(r"\w{1,128}", parts[0]):
        text = (
            f"Credential must have exactly 5 slash-delimited elements, got '{fields['Credential']}'"
        )
        raise common_error("incomplete", protocol, text)
    headers = tuple(fields["SignedHeaders"].split(";"))
    if "host" not in headers:
        raise common_error("incomplete", protocol, "'Host' must be a 'SignedHeader'.")
    key_id, date, region, service, _ = parts
    return Claim(protocol, key_id, date, region, service, headers, fields["Signature"], **rest)


def _check_time(claim: Claim, now: float) -> None:
    """The request is of now, within what AWS allows, and its date is the scope's."""
    try:
        signed_at = calendar.timegm(time.strptime(claim.timestamp, _TIMESTAMP))
    except ValueError:
        raise common_error(
            "incomplete", claim.protocol, "Date must be in ISO-8601 'basic format'."
        ) from None
    if claim.date != claim.timestamp[:8]:
        raise common_error(
            "mismatch", claim.protocol, "Date in Credential scope does not match the date."
        )
    if claim.expires_seconds is None:
        earliest = now - MAX_SKEW_SECONDS
    else:
        earliest = now - claim.expires_seconds
    if signed_at < earliest:
        raise _too_old(claim, earliest, now)
    if signed_at > now + MAX_SKEW_SECONDS:
        limit, when = _format(now + MAX_SKEW_SECONDS), _format(now)
        raise common_error(
            "skewed",
            claim.protocol,
            f"Signature not yet current: {claim.timestamp} is still later than {limit} "
            f"({when} + 15 min.)",
        )


def _too_old(claim: Claim, earliest: float, now: float) -> AwsError:
    if claim.protocol == "rest-xml" and claim.expires_seconds is not None:
        return AwsError("AccessDenied", 403, "Request has expired")
    if claim.protocol == "rest-xml":
        return common_error("skewed", claim.protocol)
    return common_error(
        "skewed",
        claim.protocol,
        f"Signature expired: {claim.timestamp} is now earlier than {_format(earliest)} "
        f"({_format(now)} - {round((now - earliest) / 60)} min.)",
    )


def _format(moment: float) -> str:
    return time.strftime(_TIMESTAMP, time.gmtime(moment))


def _check_headers(request: HttpRequest, claim: Claim) -> None:
    """Every header that says what is asked for is part of what was signed."""
    unsigned = {
        name
        for name, _ in request.headers
        if name.startswith("x-amz-") and name not in claim.signed_headers
    }
    if unsigned - {"x-amz-user-agent"}:
        if claim.protocol != "rest-xml":
            raise common_error("mismatch", claim.protocol)
        text = "There were headers present in the request which were not signed"
        raise AwsError("AccessDenied", 403, text)


def _check_body(request: HttpRequest, claim: Claim) -> None:
    """The body is the one whose digest was signed; S3 alone may leave it unsigned."""
    digest = request.header("x-amz-content-sha256")
    if not digest:
        return
    if claim.protocol == "rest-xml" and digest in UNSIGNED_BODIES:
        return
    if digest.startswith("STREAMING-"):
        text = f"The sandbox does not implement the payload form {digest}."
        raise common_error("not-implemented", claim.protocol, text)
    if digest != request.body_digest:
        if claim.protocol != "rest-xml":
            raise common_error("mismatch", claim.protocol)
        text = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AwsError("XAmzContentSHA256Mismatch", 400, text)


def _signature(request: HttpRequest, claim: Claim, secret_access_key: str) -> str:
    """The signature that the secret's owner would have made."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signer = S3SigV4Auth if claim.protocol == "rest-xml" else SigV4Auth
    auth = signer(Credentials(claim.access_key_id, secret_access_key), claim.service, claim.region)
    signed = AWSRequest(
        method=request.method,
        url=f"http://{request.header('host')}{request.path}{_unsigned_query(request)}",
        data=request.body,
    )
    for name, value in request.headers:
        if name in claim.signed_headers:
            signed.headers.add_header(name, value)
    signed.context["timestamp"] = claim.timestamp
    canonical = _canonical_request(auth, signed, claim, _body_digest(request, claim))
    return str(auth.signature(auth.string_to_sign(signed, canonical), signed))


def _body_digest(request: HttpRequest, claim: Claim) -> str:
    digest = request.header("x-amz-content-sha256")
    if digest:
        return digest
    if claim.protocol == "rest-xml" and claim.expires_seconds is not None:
        return "UNSIGNED-PAYLOAD"
    return request.body_digest


def _canonical_request(auth: Any, request: Any, claim: Claim, body_digest: str) -> str:
    """botocore's canonical request, over the headers that the client says it signed."""
    return "\n".join(
        (
            request.method.upper(),
            auth._normalize_url_path(_path(request.url)),
            auth.canonical_query_string(request),
            auth.canonical_headers(request.headers) + "\n",
            ";".join(claim.signed_headers),
            body_digest,
        )
    )


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3].partition("?")[0]


def _unsigned_query(request: HttpRequest) -> str:
    """The query string without the signature itself."""
    kept = [part for part in request.query.split("&") if not part.startswith("X-Amz-Signature=")]
    return "?" + "&".join(kept) if any(kept) else ""


def _query(request: HttpRequest) -> dict[str, str]:
    if not request.query:
        return {}
    return dict(parse_qsl(request.query, keep_blank_values=True))
