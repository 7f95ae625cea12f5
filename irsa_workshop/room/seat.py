"""`python -m irsa_workshop.room.seat`: one learner's lab, as the hub's spawner starts it.

The seat's folder is the learner's home; `irsa-lab/` in it is a copy of the course with a sandbox of
its own, laid out as a learner's own checkout is. It ends when the hub says so, the sandbox with it;
all that was made is on the disk and is there at the next start.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import datetime
from pathlib import Path

from irsa_course import jupyter
from irsa_helpers.ground import state
from irsa_helpers.worlds import environment, forks, launch
from irsa_workshop.room.kernels import NAME

COURSE_FOLDER = "irsa-lab"
PROJECT_VARIABLE = "IRSA_LAB_PROJECT"
RENEW_VARIABLE = "IRSA_LAB_RENEW"
OWN = ("notebooks", "labs")  # copied for each seat; the rest of the course is the project's own


def main() -> None:
    """Serve until the hub ends it."""
    course = Path.home() / COURSE_FOLDER
    home = Path(os.environ[state.HOME_VARIABLE])
    if (asked := os.environ.pop(RENEW_VARIABLE, "")) and asked != _renewed(course):
        renew(course, home)
        _mark(course).write_text(asked, encoding="utf-8")
    lay_out(course, Path(os.environ[PROJECT_VARIABLE]))
    sandbox = launch.ensure_sandbox(home)
    variables = environment.process_environment(sandbox)
    variables |= jupyter.jupyter_settings(home, room=_kernels())
    os.environ.update(variables)
    os.chdir(course)
    try:
        _serve(course)
    finally:
        launch.stop_sandbox(home)


def _kernels() -> jupyter.KernelsOfARoom | None:
    """How kernels start in a room; a hub of another kind has neither forks nor a board."""
    if forks.VARIABLE not in os.environ:
        return None
    return jupyter.KernelsOfARoom(NAME, "irsa_workshop.room.reports")


def lay_out(course: Path, project: Path) -> None:
    """The seat's copy of the course is there; what the learner has changed stays."""
    course.mkdir(mode=0o700, exist_ok=True)
    for name in OWN:
        if not (course / name).exists():
            part = course / f".{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(project / name, part, ignore=shutil.ignore_patterns(".*", "__*"))
            part.rename(course / name)
    for name in ("irsa_helpers", "pyproject.toml", "labs/.machinery"):
        if not (course / name).is_symlink():
            (course / name).symlink_to(project / name)


def renew(course: Path, home: Path) -> None:
    """The seat is as on the first day; the learner's earlier notebooks are kept beside it."""
    launch.reset_sandbox(home)
    if (course / "notebooks").exists():
        kept = course / f"notebooks-until-{datetime.now():%H-%M-%S}"
        (course / "notebooks").rename(kept)


def _mark(course: Path) -> Path:
    """Where it is kept which wish for a fresh world was the last: the hub repeats it each start."""
    return course.with_name("renewed")


def _renewed(course: Path) -> str:
    mark = _mark(course)
    return mark.read_text(encoding="utf-8") if mark.exists() else ""


def _serve(course: Path) -> None:
    """The single-user server, in this process. It reads its address from the hub's variables."""
    from jupyterhub.singleuser.extension import main as serve

    # JupyterLab has read these variables when it was loaded, before there was a seat.
    folders = {"user_settings_dir": "SETTINGS", "workspaces_dir": "WORKSPACES"}
    named = [
        f"--LabApp.{name}={os.environ[f'JUPYTERLAB_{variable}_DIR']}"
        for name, variable in folders.items()
    ]
    kernels = "--ServerApp.kernel_manager_class=irsa_workshop.room.kernels.SeatKernels"
    sys.argv = [sys.argv[0], *jupyter.server_arguments(course), *named, kernels]
    serve()


if __name__ == "__main__":
    main()
