"""A call in canonical form: the operation that was decided on is the one that moto performs.

What a client sent can be read in more than one way (`Action` in the query and in the body, two S3
sub-resources in one URL). So moto never sees that: it gets a request built anew from the
operation's name and from just those parts that botocore's model of the operation knows.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from irsa_sandbox.aws.wire import models


@dataclass(frozen=True)
class Invocation:
    """One operation with its parameters, for one account and region."""

    service: str
    operation: str
    region: str
    account_id: str
    method: str = "POST"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    parameters: dict[str, Any] = field(default_factory=dict, compare=False)

    def to_entry(self) -> dict[str, Any]:
        """The call as JSON-able data, without its parameters, which follow from the rest."""
        return {
            "service": self.service,
            "operation": self.operation,
            "region": self.region,
            "account": self.account_id,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": [list(header) for header in self.headers],
            "body": base64.b64encode(self.body).decode(),
        }

    @classmethod
    def from_entry(cls, entry: dict[str, Any]) -> Invocation:
        """The call that `to_entry` described, without its parameters."""
        return cls(
            entry["service"],
            entry["operation"],
            entry["region"],
            entry["account"],
            entry["method"],
            entry["path"],
            entry["query"],
            tuple((name, value) for name, value in entry["headers"]),
            base64.b64decode(entry["body"]),
        )


def query_invocation(
    service: str, operation: str, region: str, account_id: str, fields: dict[str, str]
) -> Invocation:
    """A query service's call by its flat form fields, without `Action` and `Version`."""
    return Invocation(
        service,
        operation,
        region,
        account_id,
        headers=(("content-type", "application/x-www-form-urlencoded"),),
        body=urlencode({"Action": operation, **fields}).encode(),
        parameters=dict(fields),
    )


def json_headers(service: str, operation: str) -> tuple[tuple[str, str], ...]:
    """The headers that name a JSON service's operation."""
    return (
        ("content-type", f"application/x-amz-json-{models.json_version(service)}"),
        ("x-amz-target", f"{models.target_prefix(service)}.{operation}"),
    )
