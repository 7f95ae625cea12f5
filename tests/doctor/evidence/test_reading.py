"""Found, not there, or not to be seen: three answers that must not be confused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError

from irsa_helpers.doctor.evidence.reading import (
    CannotSeeError,
    SkipError,
    read_aws,
    read_kubernetes,
)
from irsa_helpers.errors import IrsaLabError


def world(status: int = 200, answer: str = "{}", error: Exception | None = None) -> Any:
    """A world whose API server gives that answer."""

    def call(*_: Any) -> Any:
        if error is not None:
            raise error
        return SimpleNamespace(status=status, read=str, data=answer.encode())

    client = SimpleNamespace(
        param_serialize=lambda *words, **_: words,
        call_api=call,
        configuration=SimpleNamespace(host="https://127.0.0.1"),
    )
    return SimpleNamespace(cluster_name="enginrect-cluster", kubernetes=client)


PATH = "/api/v1/namespaces/shop/pods/app"


def failing(error: Exception) -> Any:
    def call(*_: Any, **__: Any) -> None:
        raise error

    return call


def aws_error(code: str) -> Any:
    return failing(ClientError({"Error": {"Code": code, "Message": "…"}}, "GetRole"))


def test_what_is_there_is_given() -> None:
    assert read_aws("iam:GetRole", lambda **request: request, RoleName="x") == {"RoleName": "x"}
    assert read_kubernetes(world(answer='{"kind": "Pod"}'), "get pods", PATH) == {"kind": "Pod"}
    assert read_kubernetes(world(answer="hello\n"), "get pods/log", f"{PATH}/log") == "hello\n"


@pytest.mark.parametrize("code", ["NoSuchEntity", "ResourceNotFoundException", "404"])
def test_what_is_not_there_is_none(code: str) -> None:
    assert read_aws("iam:GetRole", aws_error(code)) is None
    assert read_kubernetes(world(404), "get pods", PATH) is None


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_a_denial_names_the_right(code: str) -> None:
    with pytest.raises(CannotSeeError, match="the right that is missing: iam:GetRole"):
        read_aws("iam:GetRole", aws_error(code))


def test_rbacs_denial_names_the_verb_and_the_namespace() -> None:
    with pytest.raises(CannotSeeError, match="get pods in namespace shop"):
        read_kubernetes(world(403), "get pods", PATH)
    with pytest.raises(CannotSeeError, match=r"get namespaces \(Kubernetes RBAC\)"):
        read_kubernetes(world(403), "get namespaces", "/api/v1/namespaces/shop")


def test_a_cluster_that_knows_nobody_or_is_not_there_ends_it() -> None:
    gone = MaxRetryError(HTTPConnectionPool("127.0.0.1"), "/api")
    for here, said in (
        (world(401), "does not accept your credentials"),
        (world(error=gone), "cannot be reached"),
        (world(500, "etcd"), "answers 500: etcd"),
    ):
        with pytest.raises(IrsaLabError, match=said) as caught:
            read_kubernetes(here, "get pods", PATH)
        assert not isinstance(caught.value, CannotSeeError), "no right is missing"


@pytest.mark.parametrize("code", ["ExpiredTokenException", "InvalidClientTokenId"])
def test_credentials_that_have_ended_end_it(code: str) -> None:
    with pytest.raises(IrsaLabError, match="does not accept your credentials") as caught:
        read_aws("iam:GetRole", aws_error(code))
    assert not isinstance(caught.value, CannotSeeError)
    with pytest.raises(IrsaLabError, match="AWS cannot be reached"):
        read_aws("iam:GetRole", failing(EndpointConnectionError(endpoint_url="http://x")))


def test_without_credentials_nothing_can_be_seen() -> None:
    with pytest.raises(CannotSeeError, match="Unable to locate credentials"):
        read_aws("iam:GetRole", failing(NoCredentialsError()))


def test_what_a_world_does_not_offer_is_skipped() -> None:
    with pytest.raises(SkipError, match="not offered"):
        read_aws("eks:ListPodIdentityAssociations", aws_error("NotImplemented"))


def test_any_other_failure_is_not_hidden() -> None:
    with pytest.raises(ClientError):
        read_aws("iam:GetRole", aws_error("Throttling"))
