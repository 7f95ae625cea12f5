"""AdmissionReviews for the Pod identity webhook."""

from __future__ import annotations

from hypothesis import strategies as st

from benchmarks.fuzzing.bases import STORED, bases
from benchmarks.fuzzing.calls import Call
from benchmarks.fuzzing.mutations import gzipped, json_bytes, mutated

_POD = bases(next(each for each in STORED if each.kind == "Pod"))[0]
_ODD = {"eks.amazonaws.com/skip-containers": 'a,"b', "eks.amazonaws.com/token-expiration": "²"}
_REVIEW = {
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {
        "uid": "u",
        "namespace": "fuzz",
        "operation": "CREATE",
        "object": _POD | {"metadata": {"name": "p", "namespace": "fuzz", "annotations": _ODD}},
    },
}


@st.composite
def _call(draw: st.DrawFn) -> tuple[Call, ...]:
    review = draw(mutated(_REVIEW))
    raw = draw(json_bytes(review) | st.binary(max_size=20))
    headers = {"Content-Type": draw(st.sampled_from(("application/json", "text/plain", "")))}
    if draw(st.integers(0, 19)) == 0:
        raw, headers["Content-Encoding"] = gzipped(raw), "gzip"
    method = draw(st.sampled_from(("POST",) * 9 + ("GET",)))
    path = draw(st.sampled_from(("/mutate",) * 9 + ("/", "/mutate/x", "/mutate?a=%ff")))
    return (Call("webhook", method, path, headers, raw),)


calls = _call()
