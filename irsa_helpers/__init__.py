"""IRSA Lab: learn, teach and debug IAM Roles for Service Accounts.

Start with `world = connect()`. Every name below is loaded when it is first used, so that importing
this package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_helpers.ground.doors import door

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
__getattr__ = door(__name__, _HOME_OF)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
