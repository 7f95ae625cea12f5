"""What one types after `irsa-lab doctor`."""

from __future__ import annotations

import pytest

from irsa_helpers.doctor.evidence.target import parse_target
from irsa_helpers.errors import IrsaLabError


@pytest.mark.parametrize(
    ("target", "kind", "name"),
    [
        ("deployment/s3-access-app", "deployment", "s3-access-app"),
        ("deploy/s3-access-app", "deployment", "s3-access-app"),
        ("deployment.apps/s3-access-app", "deployment", "s3-access-app"),
        ("s3-access-app", "deployment", "s3-access-app"),
        ("Pod/app-1", "pod", "app-1"),
        ("po/app-1", "pod", "app-1"),
        ("sa/enginrect-sa", "serviceaccount", "enginrect-sa"),
        ("serviceaccounts/enginrect-sa", "serviceaccount", "enginrect-sa"),
        ("sts/db", "statefulset", "db"),
        ("job.batch/report", "job", "report"),
    ],
)
def test_kubectls_names_are_understood(target: str, kind: str, name: str) -> None:
    found, found_name = parse_target(target)
    assert (found.name, found_name) == (kind, name)


@pytest.mark.parametrize("target", ["service/web", "deployment/", "", "a/b/c"])
def test_what_runs_no_pods_is_refused(target: str) -> None:
    with pytest.raises(IrsaLabError, match="cannot diagnose"):
        parse_target(target)
