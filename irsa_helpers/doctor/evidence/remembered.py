"""An AWS client that makes each call of reading once, and gives its answer to all who ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

READS = ("get_", "list_", "describe_", "head_")
ASSOCIATIONS = "list_pod_identity_associations"
Answer = tuple[Any, Exception | None]
Answers = dict[tuple[str, str], Answer]


def key_of(call: str, request: Mapping[str, Any]) -> tuple[str, str]:
    """What a call is remembered by: its name in boto3, and what was asked."""
    return call, json.dumps(request, sort_keys=True)


class Remembered:
    """A boto3 client whose calls of reading are made once; `told` has answers that are known.

    Calls that change something, and those of STS, are the client's own.
    """

    def __init__(self, client: Any, told: Answers | None = None) -> None:
        self._client = client
        self._answers: Answers = dict(told or {})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._client, name)
        if not name.startswith(READS):
            return call
        return lambda **request: self._answer(name, request, lambda: call(**request))

    def get_paginator(self, name: str) -> Any:
        """A paginator with `paginate`, which gives the pages as a list."""

        def pages(**request: Any) -> list[Any]:
            ask = self._client.get_paginator(name).paginate
            return list(self._answer(name, request, lambda: list(ask(**request))))

        return SimpleNamespace(paginate=pages)

    def _answer(self, name: str, request: Mapping[str, Any], ask: Callable[[], Any]) -> Any:
        key = key_of(name, request)
        if key not in self._answers:
            self._answers[key] = _asked(ask)
        value, error = self._answers[key]
        if error is not None:
            raise error
        return value


class RememberedEks(Remembered):
    """Of EKS, all Pod Identity associations are listed at once, for whichever account is asked."""

    def list_pod_identity_associations(self, **request: Any) -> dict[str, Any]:
        """The cluster's associations with the namespace and ServiceAccount that are asked for."""
        pages = self.get_paginator(ASSOCIATIONS).paginate(clusterName=request["clusterName"])
        wanted = {key: request[key] for key in ("namespace", "serviceAccount") if key in request}
        listed = [association for page in pages for association in page["associations"]]
        return {
            "associations": [
                association for association in listed if wanted.items() <= association.items()
            ]
        }


def _asked(ask: Callable[[], Any]) -> Answer:
    """The answer, or AWS's refusal: that is remembered too."""
    from botocore.exceptions import ClientError

    try:
        return ask(), None
    except ClientError as error:
        return None, error
