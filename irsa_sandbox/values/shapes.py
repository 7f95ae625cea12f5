"""Whether a decoded value has the shape that its reader relies on."""

from __future__ import annotations

from typing import Any


def check_shape(value: Any, shape: Any, path: str = "") -> None:
    """Raises ValueError where a value is not of its shape, and says where.

    A shape is a type, a list of one shape, a dictionary of members (a name that ends with `!` must
    be there), or `{"*": shape}` for any members. A member that may be missing may be null, too.
    """
    if isinstance(shape, type):
        _check_type(value, shape, path)
    elif isinstance(shape, list):
        _check_type(value, list, path)
        for index, item in enumerate(value):
            check_shape(item, shape[0], f"{path}[{index}]")
    else:
        _check_type(value, dict, path)
        _check_members(value, shape, path)


def _check_type(value: Any, wanted: type, path: str) -> None:
    if not isinstance(value, wanted):
        raise ValueError(f"{path or 'the body'} is {type(value).__name__}, not {wanted.__name__}")


def _check_members(value: dict[str, Any], shape: dict[str, Any], path: str) -> None:
    named = dict.fromkeys(value, shape["*"]) if "*" in shape else shape
    for name, inner in named.items():
        member = name.removesuffix("!")
        if value.get(member) is not None or name.endswith("!"):
            check_shape(value.get(member), inner, f"{path}.{member}".removeprefix("."))
