"""The app's own last word counts where every link of its chain holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor.app_log import app_log
from irsa_helpers.doctor.reading import SkipError


def case(log: str, state: str = "running") -> Any:
    """A Deployment `app` whose Pod printed that log."""
    pod = {
        "metadata": {"name": "app-1"},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"state": {state: {}}}]},
    }
    world = SimpleNamespace(
        kubernetes=SimpleNamespace(
            param_serialize=lambda *words, **_: words,
            call_api=lambda *_: SimpleNamespace(status=200, read=str, data=log.encode()),
        )
    )
    return SimpleNamespace(
        pod=pod,
        world=world,
        namespace="default",
        owner="deployment/app",
    )


@pytest.mark.parametrize(
    "log", ["", "hello\n", "AccessDenied: no\nread hello.txt\n", "An error of another kind\n"]
)
def test_a_log_that_ends_well_is_no_fault(log: str) -> None:
    assert app_log(case(log)).state == "ok"


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("An error occurred (ExpiredTokenException) when calling …", "ExpiredTokenException"),
        ("An error occurred (ExpiredToken) when calling the ListObjectsV2 …", "ExpiredToken"),
        ("Unable to locate credentials. You can configure …", "Unable to locate credentials"),
        (
            "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity …",
            "AssumeRoleWithWebIdentity",
        ),
    ],
)
def test_an_aws_error_at_the_end_is_told_with_its_cause(line: str, sign: str) -> None:
    link = app_log(case(f"started\n{line}\n\n"))
    assert (link.state, link.error, link.found) == ("risk", sign, line)
    assert link.fix


def test_a_container_that_does_not_run_has_no_last_word() -> None:
    with pytest.raises(SkipError, match="no container has run"):
        app_log(case("ExpiredToken", state="waiting"))
