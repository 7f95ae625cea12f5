"""Where the course is: the project's folder, and the notebooks in it."""

from __future__ import annotations

from pathlib import Path

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import state


def project_folder() -> Path:
    """The folder with the notebooks in it. Raises IrsaLabError outside of the project."""
    root = state.project_root()
    if root is None:
        raise IrsaLabError(
            "the notebooks are not here", next_step="cd into the project's folder, then again"
        )
    return root


def notebooks(wanted: str = "") -> list[Path]:
    """The course's notebooks in order, or those whose name begins with `wanted`.

    Raises IrsaLabError outside of the project, or where no name fits.
    """
    paths = sorted((project_folder() / "notebooks").glob(f"{wanted}*.ipynb"))
    if not paths:
        raise IrsaLabError(f"there is no notebook {wanted!r}", next_step="give its number, say 03")
    return paths
