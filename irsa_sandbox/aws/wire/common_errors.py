"""The errors that every service gives before it looks at the operation, each in its own words.

Source: "Common errors" of STS, IAM, DynamoDB, Secrets Manager and EKS; S3 "List of error codes".
"""

from __future__ import annotations

from irsa_helpers.errors import AwsError

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_REGISTERED = (
    "Request must contain either a valid (registered) AWS access key ID or X.509 certificate."
)
_TOO_LARGE = "Your proposed upload exceeds the maximum allowed size"
_BAD_XML = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
Error = tuple[str, int, str]  # code, HTTP status, message


def _all(*error: *Error) -> dict[str, Error]:
    return dict.fromkeys(("query", "json", "rest-json", "rest-xml"), error)


# kind -> protocol -> error
_ERRORS: dict[str, dict[str, Error]] = {
    "missing": {
        "query": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        "json": ("MissingAuthenticationTokenException", 400, _REGISTERED),
        "rest-json": ("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        "rest-xml": ("AccessDenied", 403, "Access Denied"),
    },
    "unknown-key": {
        "query": ("InvalidClientTokenId", 403, _INVALID),
        "json": ("UnrecognizedClientException", 400, _INVALID),
        "rest-json": ("UnrecognizedClientException", 403, _INVALID),
        "rest-xml": (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    },
    "bad-token": {
        "query": ("InvalidClientTokenId", 403, _INVALID),
        "json": ("UnrecognizedClientException", 400, _INVALID),
        "rest-json": ("UnrecognizedClientException", 403, _INVALID),
        "rest-xml": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    },
    "mismatch": {
        "query": ("SignatureDoesNotMatch", 403, _MISMATCH),
        "json": ("InvalidSignatureException", 400, _MISMATCH),
        "rest-json": ("InvalidSignatureException", 403, _MISMATCH),
        "rest-xml": (
            "SignatureDoesNotMatch",
            403,
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        ),
    },
    "expired": {
        "query": ("ExpiredToken", 403, _EXPIRED),
        "json": ("ExpiredTokenException", 400, _EXPIRED),
        "rest-json": ("ExpiredTokenException", 403, _EXPIRED),
        "rest-xml": ("ExpiredToken", 400, "The provided token has expired."),
    },
    "incomplete": {
        "query": ("IncompleteSignature", 400, ""),
        "json": ("IncompleteSignatureException", 400, ""),
        "rest-json": ("IncompleteSignatureException", 403, ""),
        "rest-xml": ("AuthorizationHeaderMalformed", 400, ""),
    },
    "skewed": {
        "query": ("SignatureDoesNotMatch", 403, ""),
        "json": ("InvalidSignatureException", 400, ""),
        "rest-json": ("InvalidSignatureException", 403, ""),
        "rest-xml": (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
    },
    "not-implemented": _all("NotImplemented", 400, ""),
    "invalid-input": {
        "query": ("ValidationError", 400, ""),
        "json": ("ValidationException", 400, ""),
        "rest-json": ("InvalidParameterException", 400, ""),
        "rest-xml": ("InvalidRequest", 400, ""),
    },
    "unreadable": {
        "query": ("MalformedInput", 400, ""),
        "json": ("SerializationException", 400, ""),
        "rest-json": ("SerializationException", 400, ""),
        "rest-xml": ("MalformedXML", 400, _BAD_XML),
    },
    "too-large": _all("RequestEntityTooLargeException", 413, "The request body is too large.")
    | {"rest-xml": ("EntityTooLarge", 400, _TOO_LARGE)},
    # Of the services' own servers; 507 (RFC 4918, 11.5) is one that no client asks for again.
    "no-space": {
        "query": ("ServiceFailure", 507, ""),
        "json": ("InternalServerError", 507, ""),
        "rest-json": ("ServerException", 507, ""),
        "rest-xml": ("InternalError", 507, ""),
    },
    "denied": {
        "query": ("AccessDenied", 403, ""),
        "json": ("AccessDeniedException", 400, ""),
        "rest-json": ("AccessDeniedException", 403, ""),
        "rest-xml": ("AccessDenied", 403, "Access Denied"),
    },
}


def common_error(kind: str, protocol: str, message: str = "", *, explanation: str = "") -> AwsError:
    """The error of that kind as a service of that protocol gives it; `message` fills its gap."""
    # EC2 answers in another form, but it is a query service; so was who speaks `json-query`.
    form = "query" if protocol in {"ec2", "json-query"} else protocol
    code, status, fixed = _ERRORS[kind][form]
    return AwsError(code, status, message or fixed, explanation=explanation)


def json_code(query_code: str) -> str:
    """What a JSON service calls the common error that has that code in the query protocol."""
    pairs = {forms["query"][0]: forms["json"][0] for forms in _ERRORS.values()}
    return pairs.get(query_code, query_code)
