"""What the kubelet writes stays below the folders that are its own, whatever a manifest says."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Iterable
from pathlib import Path


def as_container_path(path: str) -> str:
    """The path as the container's own root has it: `..` leads nowhere above that root."""
    return posixpath.normpath(posixpath.join("/", path)).replace("//", "/")


def confined(place: Path, roots: Iterable[Path]) -> Path:
    """The place itself, below one of the roots even where a Pod has put links on the way.

    Raises PermissionError where it leads out of them.
    """
    real = place.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise PermissionError(errno.EPERM, "leads out of the Pod's own files", str(place))
    return place
