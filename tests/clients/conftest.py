"""What the tests with real clients share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def kubectl(shell: Any, namespace: str) -> Any:
    """kubectl in a fresh namespace."""

    def call(*arguments: str, **options: Any) -> Any:
        return shell("kubectl", "-n", namespace, *arguments, **options)

    return call
