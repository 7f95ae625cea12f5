"""Found, not there, or not to be seen: three answers that must not be confused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from kubernetes.client import ApiException

from irsa_helpers.doctor.reading import CannotSeeError, SkipError, read_aws, read_kubernetes

WORLD: Any = SimpleNamespace(
    kubernetes=SimpleNamespace(sanitize_for_serialization=lambda found: found)
)


def failing(error: Exception) -> Any:
    def call(*_: Any, **__: Any) -> None:
        raise error

    return call


def aws_error(code: str) -> Any:
    return failing(ClientError({"Error": {"Code": code, "Message": "…"}}, "GetRole"))


def test_what_is_there_is_given() -> None:
    assert read_aws("iam:GetRole", lambda **request: request, RoleName="x") == {"RoleName": "x"}
    assert read_kubernetes(WORLD, "get pods", lambda *names: names, "a", "b") == ("a", "b")


@pytest.mark.parametrize("code", ["NoSuchEntity", "ResourceNotFoundException", "404"])
def test_what_is_not_there_is_none(code: str) -> None:
    assert read_aws("iam:GetRole", aws_error(code)) is None
    assert read_kubernetes(WORLD, "get pods", failing(ApiException(status=404)), "a") is None


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_a_denial_names_the_right(code: str) -> None:
    with pytest.raises(CannotSeeError, match="the right that is missing: iam:GetRole"):
        read_aws("iam:GetRole", aws_error(code))


@pytest.mark.parametrize("status", [401, 403])
def test_rbacs_denial_names_the_verb_and_the_namespace(status: int) -> None:
    with pytest.raises(CannotSeeError, match="get pods in namespace shop"):
        read_kubernetes(WORLD, "get pods", failing(ApiException(status=status)), "app", "shop")


def test_without_credentials_nothing_can_be_seen() -> None:
    with pytest.raises(CannotSeeError, match="Unable to locate credentials"):
        read_aws("iam:GetRole", failing(NoCredentialsError()))


def test_what_a_world_does_not_offer_is_skipped() -> None:
    with pytest.raises(SkipError, match="not offered"):
        read_aws("eks:ListPodIdentityAssociations", aws_error("NotImplemented"))


def test_any_other_failure_is_not_hidden() -> None:
    with pytest.raises(ClientError):
        read_aws("iam:GetRole", aws_error("Throttling"))
    with pytest.raises(ApiException):
        read_kubernetes(WORLD, "get pods", failing(ApiException(status=500)), "a")
