"""TokenRequest and TokenReview: ServiceAccount tokens, made and judged.

Source: Kubernetes API reference, authentication.k8s.io/v1; KEP-1205 (bound tokens).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from irsa_helpers.ground.times import stamp
from irsa_sandbox.apiserver.access.authn import API_AUDIENCE, TokenChecker, user_of
from irsa_sandbox.apiserver.ground.resources import Resource
from irsa_sandbox.apiserver.ground.status import StatusError, bad_request, invalid, not_found
from irsa_sandbox.apiserver.kinds.configuration import SECRET
from irsa_sandbox.apiserver.kinds.nodes import NODE
from irsa_sandbox.apiserver.kinds.pods import POD
from irsa_sandbox.apiserver.store.storage import Object, Store
from irsa_sandbox.apiserver.structure.fields import check_types
from irsa_sandbox.apiserver.validation.causes import invalid as invalid_value
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys
from irsa_sandbox.trace import Trace

SHORTEST_SECONDS = 600
DEFAULT_SECONDS = 3600
LONGEST_SECONDS = 2**32
# A kubelet asks for this for the API server's own audience; it is given a year, and a warning time.
KUBELET_SECONDS = 3607
EXTENDED_SECONDS = 365 * 24 * 3600

BINDABLE = {(kind.api_version, kind.kind): kind for kind in (POD, NODE, SECRET)}
_TOKEN_REQUEST = Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest")


class TokenIssuer:
    """Signs tokens for ServiceAccounts."""

    def __init__(
        self, keys: SigningKeys, issuer_url: str, clock: Clock, store: Store, trace: Trace
    ) -> None:
        self._keys = keys
        self._issuer_url = issuer_url
        self._clock = clock
        self._store = store
        self._trace = trace

    def request(self, account: Object, body: Object) -> Object:
        """A TokenRequest answered: `status.token` and `status.expirationTimestamp`.

        Raises StatusError 422 for a life under ten minutes, 404 for a Pod that is not there, 409
        for a Pod of another uid, 400 for a Pod that runs as another ServiceAccount.
        """
        check_types(_TOKEN_REQUEST, body)
        spec = body.get("spec") or {}
        audiences = spec.get("audiences") or [API_AUDIENCE]
        seconds = spec.get("expirationSeconds") or DEFAULT_SECONDS
        _check_seconds(seconds)
        bound = self._bound_object(account, spec.get("boundObjectRef"))
        pod = bound if bound and bound["kind"] == POD.kind else None
        claims = self._claims(account, audiences, seconds, bound)
        metadata = account["metadata"]
        self._trace.add(
            "token-request",
            "kubelet" if pod else "client",
            "API server",
            f"TokenRequest for {metadata['namespace']}/{metadata['name']}, "
            f"audience {', '.join(audiences)}, {seconds} s",
            namespace=metadata["namespace"],
            service_account=metadata["name"],
            audiences=audiences,
            expiration_seconds=seconds,
            pod=pod["metadata"]["name"] if pod else None,
        )
        status = {
            "token": self._keys.sign(claims),
            "expirationTimestamp": stamp(datetime.fromtimestamp(claims["exp"], UTC)),
        }
        reference = {"boundObjectRef": spec["boundObjectRef"]} if bound else {}
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "creationTimestamp": stamp(datetime.fromtimestamp(claims["iat"], UTC)),
            },
            "spec": {"audiences": audiences, "expirationSeconds": seconds, **reference},
            "status": status,
        }

    def _bound_object(self, account: Object, reference: Object | None) -> Object | None:
        """The Pod, Node or Secret that a token is to die with."""
        if not reference:
            return None
        kind, name = reference.get("kind", ""), reference.get("name", "")
        resource = BINDABLE.get((reference.get("apiVersion") or "v1", kind))
        if resource is None:
            group, _, version = reference.get("apiVersion", "").rpartition("/")
            text = f"cannot bind token to object of type {group}/{version}, Kind={kind}"
            raise bad_request(text)
        namespace = account["metadata"]["namespace"] if resource.namespaced else ""
        holder = self._store.get((resource.plural, namespace, name))
        if holder is None:
            raise not_found(resource, name)
        if reference.get("uid") and reference["uid"] != holder["metadata"]["uid"]:
            raise StatusError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {resource.plural} "{name}": the UID in the '
                f"bound object reference ({reference['uid']}) does not match the UID in record. "
                "The object might have been deleted and then recreated",
                {"name": name, "kind": resource.plural},
            )
        if resource is POD:
            _check_account(account, holder)
        return holder | {"kind": kind}

    def _claims(
        self, account: Object, audiences: list[str], seconds: int, bound: Object | None
    ) -> dict[str, Any]:
        metadata = account["metadata"]
        now = int(self._clock.of(metadata["namespace"]).time())
        private: dict[str, Any] = {"namespace": metadata["namespace"]}
        pod = bound if bound and bound["kind"] == POD.kind else None
        if pod and (node := self._store.get((NODE.qualified, "", pod["spec"].get("nodeName", "")))):
            private["node"] = _reference(node)
        if bound:
            private[bound["kind"].lower()] = _reference(bound)
        private["serviceaccount"] = _reference(account)
        life = seconds
        if pod and seconds == KUBELET_SECONDS and audiences == [API_AUDIENCE]:
            private["warnafter"] = now + seconds
            life = EXTENDED_SECONDS
        return {
            "aud": audiences,
            "exp": now + life,
            "iat": now,
            "iss": self._issuer_url,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": private,
            "nbf": now,
            "sub": f"system:serviceaccount:{metadata['namespace']}:{metadata['name']}",
        }


def _check_account(account: Object, pod: Object) -> None:
    name = account["metadata"]["name"]
    if pod["spec"].get("serviceAccountName") != name:
        raise bad_request(
            f'cannot bind token for serviceaccount "{name}" to pod running with different '
            "serviceaccount name."
        )


def _check_seconds(seconds: Any) -> None:
    field = "spec.expirationSeconds"
    if seconds < SHORTEST_SECONDS:
        text = "may not specify a duration less than 10 minutes"
    elif seconds > LONGEST_SECONDS:
        text = "may not specify a duration larger than 2^32 seconds"
    else:
        return
    raise invalid(_TOKEN_REQUEST, "", [invalid_value(field, seconds, text)])


def review(checker: TokenChecker, body: Object) -> Object:
    """A TokenReview answered: whom a token stands for, and for which of the audiences."""
    spec = body.get("spec") or {}
    audiences = tuple(spec.get("audiences") or (API_AUDIENCE,))
    try:
        claims = checker.claims(spec.get("token", ""), audiences)
    except StatusError:
        return body | {"status": {"user": {}, "error": "invalid bearer token"}}
    status = {
        "authenticated": True,
        "user": user_of(claims).info,
        "audiences": [audience for audience in audiences if audience in claims["aud"]],
    }
    return body | {"status": status}


def _reference(body: Object) -> dict[str, str]:
    return {"name": body["metadata"]["name"], "uid": body["metadata"]["uid"]}
