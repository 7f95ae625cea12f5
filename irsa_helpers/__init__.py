"""IRSA Lab: learn, teach and debug IAM Roles for Service Accounts.

Start with `world = connect()`. Every name below is loaded when it is first used, so that importing
this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irsa_helpers.course import catch_up as catch_up
    from irsa_helpers.leftovers import cleanup as cleanup
    from irsa_helpers.worlds import World as World
    from irsa_helpers.worlds import connect as connect

_HOME_OF = {
    "World": "worlds",
    "catch_up": "course",
    "cleanup": "leftovers",
    "connect": "worlds",
}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    """Load the module that has a public name, when the name is first used."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
