"""An AdmissionReview of a Pod, as the pod identity webhook reads it."""

from __future__ import annotations

import json
from typing import Any

from irsa_sandbox.values.shapes import check_shape
from irsa_sandbox.values.texts import encodable, is_encodable

_CONTAINERS = [
    {"name!": str, "env": [{"name!": str}], "volumeMounts": [{"name!": str, "mountPath": str}]}
]
# What is read of an AdmissionReview.
REVIEW = {
    "apiVersion!": str,
    "kind!": str,
    "request!": {
        "uid!": str,
        "namespace!": str,
        "object!": {
            "metadata!": {
                "name": str,
                "generateName": str,
                "namespace": str,
                "labels": {"*": str},
                "annotations": {"*": str},
            },
            "spec!": {
                "serviceAccountName": str,
                "nodeSelector": {"*": str},
                "os": {"name": str},
                "volumes": [{"name!": str}],
                "containers!": _CONTAINERS,
                "initContainers": _CONTAINERS,
            },
        },
    },
}
LARGEST_REVIEW = 8 * 2**20  # the API server takes objects of three, and a review holds two


def read(raw: bytes) -> dict[str, Any]:
    """The AdmissionReview of a body. Raises ValueError where it is none of a Pod."""
    try:
        review: dict[str, Any] = json.loads(raw.decode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    check_shape(review, REVIEW)
    return _encodable(review)


def _encodable(review: dict[str, Any]) -> dict[str, Any]:
    """The review with U+FFFD in place of each half of a surrogate pair, as Go reads it."""
    text = json.dumps(review, ensure_ascii=False)
    mended: dict[str, Any] = review if is_encodable(text) else json.loads(encodable(text))
    return mended
