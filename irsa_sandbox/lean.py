"""The differences between two similar JSON values, and a value restored from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Path = tuple[str | int, ...]
Change = tuple[Path, Any]  # where, and what stands there
LISTS = (list, tuple)


def changes(base: Any, value: Any, path: Path = ()) -> Iterator[Change]:
    """The smallest parts of a value that are not as in the base, each with the way to it.

    What is equal counts as the same: 1 and True, members in another order.
    """
    if base == value:
        return
    if isinstance(value, dict) and isinstance(base, dict) and list(base) == list(value):
        for name, part in value.items():
            yield from changes(base[name], part, (*path, name))
    elif isinstance(value, LISTS) and isinstance(base, LISTS) and len(base) == len(value):
        for index, part in enumerate(value):
            yield from changes(base[index], part, (*path, index))
    else:
        yield path, value


def restored(base: Any, differing: Sequence[Sequence[Any]]) -> Any:
    """The value of which these are the changes; the base stays as it is.

    Raises IndexError, KeyError, TypeError or ValueError where they are of another base.
    """
    value = base
    copied: dict[Path, Any] = {}
    for path, part in differing:
        value = _with(value, tuple(path), part, copied, ())
    return value


def _with(value: Any, path: Path, part: Any, copied: dict[Path, Any], here: Path) -> Any:
    """The value with the part in its place; each object or list on the way is copied once."""
    if not path:
        return part
    if here not in copied:
        copied[here] = list(value) if isinstance(value, LISTS) else dict(value)
    own = copied[here]
    own[path[0]] = _with(own[path[0]], path[1:], part, copied, (*here, path[0]))
    return own
