"""`python -m irsa_workshop.room.image`: what the container image runs.

Under a hub it is a seat of that hub; alone it is a lab of one learner's own, at port 8888.
"""

from __future__ import annotations

import os
from pathlib import Path

from irsa_course import jupyter
from irsa_workshop.room import seat

HUB_VARIABLE = "JUPYTERHUB_SERVICE_PREFIX"
"""Set by every hub for the server that it starts. Source: JupyterHub's Spawner.get_env."""
PORT = 8888


def main() -> int:
    """Serve until the container is stopped; returns the exit status."""
    if HUB_VARIABLE in os.environ:
        seat.main()
        return 0
    course = Path.home() / seat.COURSE_FOLDER
    seat.lay_out(course, Path(os.environ[seat.PROJECT_VARIABLE]))
    os.chdir(course)
    return jupyter.open_course(port=PORT, browser=False, address="0.0.0.0")


if __name__ == "__main__":
    raise SystemExit(main())
