"""`python contained.py HOME TMP USER COMMAND...`: run it as a container's runtime would.

In a mount namespace of its own every file system is closed to writes but those two folders, and the
command has another user's rights, with no way to more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from irsa_workshop.room import reach

ROOT = Path(__file__).parents[3]
NOT_FILES = {"proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "devtmpfs"}


def mounted() -> list[tuple[str, str]]:
    """Each mount's folder and kind. Source: proc(5), /proc/self/mountinfo."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [(line.split()[4], line.partition(" - ")[2].split()[0]) for line in lines]


def close(writable: list[str]) -> None:
    """Nothing can be written but below those folders, and to devices."""
    for folder in writable:
        subprocess.run(["mount", "--bind", folder, folder], check=True)
    for folder, kind in mounted():
        if kind not in NOT_FILES and folder not in writable and not folder.startswith("/dev"):
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)


def main() -> None:
    home, temporary, user, *command = sys.argv[1:]
    needed = [ROOT, Path(sys.prefix), Path(sys.base_prefix), Path(home), Path(temporary)]
    for folder, inside in reach.closed_folders(needed).items():
        reach.open_way(folder, inside)
    close([home, temporary])
    rights = ["--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
    os.execvp("setpriv", ["setpriv", *rights, *command])


if __name__ == "__main__":
    main()
