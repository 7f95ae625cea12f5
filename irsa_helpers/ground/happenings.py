"""What a learner has just done, told to whoever listens: nobody, unless a room has asked.

`$IRSA_LAB_LISTENER` names the function that hears it, as `MODULE:FUNCTION`.
"""

from __future__ import annotations

import os
from importlib import import_module

LISTENER_VARIABLE = "IRSA_LAB_LISTENER"


def happened(kind: str, **facts: object) -> None:
    """`answer`, `lab`... happened; `facts` are plain data that JSON can carry."""
    if named := os.environ.get(LISTENER_VARIABLE):
        module, _, function = named.partition(":")
        getattr(import_module(module), function)(kind, **facts)
