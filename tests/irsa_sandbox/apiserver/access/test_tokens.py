"""TokenRequest and TokenReview: what a token says, how long it is good, and with what it goes."""

from __future__ import annotations

from typing import Any

import pytest

from irsa_helpers.tokens import decode_unverified
from tests.irsa_sandbox.apiserver.conftest import Http

CORE = "/api/v1/namespaces/default"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
API_SERVER = "https://kubernetes.default.svc"
ISSUER = "https://oidc.eks.ap-northeast-2.amazonaws.com/id/EXAMPLE"
KUBELETS_SECONDS, A_YEAR = 3607, 365 * 24 * 3600


@pytest.fixture(autouse=True)
def _objects(http: Http) -> Any:
    """The ServiceAccount `app`, its Pod `p` on the node `n`, a Pod of another, and a Secret."""
    http("POST", "/api/v1/nodes", {"metadata": {"name": "n"}})
    for name in ("app", "other"):
        http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": name}})
    container = {"name": "c", "image": "pause"}
    for name, account in (("p", "app"), ("q", "other")):
        spec = {"serviceAccountName": account, "nodeName": "n", "containers": [container]}
        http("POST", f"{CORE}/pods", {"metadata": {"name": name}, "spec": spec})
    http("POST", f"{CORE}/secrets", {"metadata": {"name": "s"}})
    yield
    for path in ("pods/p", "pods/q", "secrets/s", "serviceaccounts/app", "serviceaccounts/other"):
        http("DELETE", f"{CORE}/{path}?gracePeriodSeconds=0")
    http("DELETE", "/api/v1/nodes/n")


def asked(http: Http, **spec: Any) -> Any:
    """The answer to a TokenRequest for `app`."""
    return http("POST", f"{CORE}/serviceaccounts/app/token", {"spec": spec})


def claims_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return decode_unverified(answer.json()["status"]["token"]).claims


def uid(http: Http, path: str) -> str:
    found: str = http("GET", path).json()["metadata"]["uid"]
    return found


def review(http: Http, token: str, *audiences: str) -> dict[str, Any]:
    body = {"spec": {"token": token, "audiences": list(audiences)}}
    status: dict[str, Any] = http("POST", REVIEWS, body).json()["status"]
    return status


def test_a_token_is_of_its_service_account_and_for_the_api_server(http: Http) -> None:
    claims = claims_of(asked(http))
    account = {"name": "app", "uid": uid(http, f"{CORE}/serviceaccounts/app")}
    assert claims["sub"] == "system:serviceaccount:default:app"
    assert (claims["iss"], claims["aud"]) == (ISSUER, [API_SERVER])
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["nbf"] == claims["iat"]
    assert claims["kubernetes.io"] == {"namespace": "default", "serviceaccount": account}
    assert claims["jti"] != claims_of(asked(http))["jti"]


def test_a_token_is_bound_to_its_pod_and_tells_the_node(http: Http) -> None:
    answer = asked(http, audiences=["a", "b"], boundObjectRef={"kind": "Pod", "name": "p"})
    claims = claims_of(answer)
    assert claims["aud"] == ["a", "b"]
    assert claims["kubernetes.io"] == {
        "namespace": "default",
        "node": {"name": "n", "uid": uid(http, "/api/v1/nodes/n")},
        "pod": {"name": "p", "uid": uid(http, f"{CORE}/pods/p")},
        "serviceaccount": {"name": "app", "uid": uid(http, f"{CORE}/serviceaccounts/app")},
    }
    assert answer.json()["spec"]["boundObjectRef"] == {"kind": "Pod", "name": "p"}


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ({"kind": "Secret", "apiVersion": "v1", "name": "s"}, f"{CORE}/secrets/s"),
        ({"kind": "Node", "name": "n"}, "/api/v1/nodes/n"),
    ],
)
def test_a_token_is_bound_to_a_secret_or_a_node(http: Http, reference: Any, path: str) -> None:
    whole = reference | {"uid": uid(http, path)}
    private = claims_of(asked(http, boundObjectRef=whole))["kubernetes.io"]
    kind = reference["kind"].lower()
    assert private[kind] == {"name": reference["name"], "uid": whole["uid"]}
    assert set(private) == {"namespace", "serviceaccount", kind}


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ({"kind": "Pod", "name": "gone"}, 404, 'pods "gone" not found'),
        ({"kind": "Pod", "name": "p", "uid": "x"}, 409, "does not match the UID in record"),
        ({"kind": "Pod", "name": "q"}, 400, "running with different serviceaccount name"),
        ({"kind": "ConfigMap", "name": "c"}, 400, "cannot bind token to object of type"),
        ({"kind": "Pod", "apiVersion": "v2", "name": "p"}, 400, "of type /v2, Kind=Pod"),
    ],
)
def test_a_token_is_bound_to_nothing_else(
    http: Http, reference: dict[str, str], code: int, said: str
) -> None:
    answer = asked(http, boundObjectRef=reference)
    assert answer.status_code == code
    assert said in answer.json()["message"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (599, "may not specify a duration less than 10 minutes"),
        (600, ""),
        (2**32, ""),
        (2**32 + 1, "may not specify a duration larger than 2^32 seconds"),
    ],
)
def test_a_token_lives_for_as_long_as_is_asked_within_bounds(
    http: Http, seconds: int, said: str
) -> None:
    answer = asked(http, expirationSeconds=seconds)
    if said:
        assert answer.status_code == 422
        assert said in answer.json()["message"]
        return
    claims = claims_of(answer)
    assert claims["exp"] - claims["iat"] == seconds


@pytest.mark.parametrize(
    ("spec", "life"),
    [
        ({}, A_YEAR),
        ({"audiences": [API_SERVER]}, A_YEAR),
        ({"audiences": ["sts.amazonaws.com"]}, KUBELETS_SECONDS),
        ({"audiences": [API_SERVER, "sts.amazonaws.com"]}, KUBELETS_SECONDS),
        ({"boundObjectRef": None}, KUBELETS_SECONDS),
    ],
)
def test_what_a_kubelet_asks_for_the_api_server_lives_for_a_year(
    http: Http, spec: dict[str, Any], life: int
) -> None:
    """Old clients do not read their token again; EKS and other clusters extend it for them."""
    bound = {"boundObjectRef": {"kind": "Pod", "name": "p"}, "expirationSeconds": KUBELETS_SECONDS}
    claims = claims_of(asked(http, **(bound | spec)))
    assert claims["exp"] - claims["iat"] == life
    warned = claims["kubernetes.io"].get("warnafter")
    assert warned == (claims["iat"] + KUBELETS_SECONDS if life == A_YEAR else None)


def test_a_review_says_whose_a_token_is_and_for_what(http: Http) -> None:
    reference = {"kind": "Pod", "name": "p"}
    answer = asked(http, audiences=["a", API_SERVER], boundObjectRef=reference).json()
    token = answer["status"]["token"]
    status = review(http, token, "b", "a")
    assert (status["authenticated"], status["audiences"]) == (True, ["a"])
    user = status["user"]
    assert user["username"] == "system:serviceaccount:default:app"
    assert user["uid"] == uid(http, f"{CORE}/serviceaccounts/app")
    assert user["groups"] == [
        *("system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated")
    ]
    assert user["extra"]["authentication.kubernetes.io/pod-name"] == ["p"]
    assert review(http, token)["audiences"] == [API_SERVER]
    assert review(http, token, "b") == {"user": {}, "error": "invalid bearer token"}
    assert review(http, f"{token}x", "a") == {"user": {}, "error": "invalid bearer token"}


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ({"kind": "Pod", "name": "p"}, f"{CORE}/pods/p?gracePeriodSeconds=0"),
        ({"kind": "Secret", "name": "s"}, f"{CORE}/secrets/s"),
        ({"kind": "Node", "name": "n"}, "/api/v1/nodes/n"),
        (None, f"{CORE}/serviceaccounts/app"),
    ],
)
def test_a_token_goes_with_what_it_is_bound_to(http: Http, reference: Any, path: str) -> None:
    bound = {"boundObjectRef": reference} if reference else {}
    token = asked(http, **bound).json()["status"]["token"]
    assert review(http, token)["authenticated"] is True
    assert http("DELETE", path).status_code == 200
    assert review(http, token) == {"user": {}, "error": "invalid bearer token"}


def test_a_token_is_of_the_very_account_not_of_one_of_its_name(http: Http) -> None:
    token = asked(http).json()["status"]["token"]
    http("DELETE", f"{CORE}/serviceaccounts/app")
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "app"}})
    assert "authenticated" not in review(http, token)
