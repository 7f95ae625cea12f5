"""Policy variables: `${aws:PrincipalTag/team}`, `${aws:username, 'nobody'}`, `${*}`.

Source: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Callable

Lookup = Callable[[str], tuple[str, ...] | None]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
LITERALS = {"*": "*", "?": "?", "$": "$"}
# Stands for a character that the policy's author wrote as ${*}, ${?} or ${$}: never a wildcard.
# Private-use code points, so that no request can hold one by accident.
STAND_INS = {"*": "\ue000", "?": "\ue001", "$": "\ue002"}


class UnresolvedError(Exception):
    """A variable whose key is absent or has several values: the value matches nothing."""


def expand(text: str, lookup: Lookup) -> str:
    """The text with its variables replaced; a value's own `*` and `?` are plain characters.

    Raises UnresolvedError.
    """
    return _VARIABLE.sub(lambda variable: _escape(_value(variable[1], lookup)), text)


def _value(inner: str, lookup: Lookup) -> str:
    if inner in LITERALS:
        return inner
    key, _, rest = inner.partition(",")
    default = _quoted(rest.strip())
    values = lookup((inner if default is None else key).strip())
    if values is not None and len(values) == 1:
        return values[0]
    if default is not None and values is None:
        return default
    raise UnresolvedError(inner)


def _quoted(text: str) -> str | None:
    """What stands between single quotes; None for anything else."""
    inside = text[1:-1]
    return inside if len(text) > 1 and text == f"'{inside}'" and "'" not in inside else None


def _escape(value: str) -> str:
    return "".join(STAND_INS.get(sign, sign) for sign in value)


def unescape(text: str) -> str:
    """The text with the protected characters as they were."""
    for sign, stand_in in STAND_INS.items():
        text = text.replace(stand_in, sign)
    return text


def has_variable(text: str) -> bool:
    """Whether there is anything to expand."""
    return "${" in text
