"""Kernels of a seat: forks of one that has the course's libraries loaded."""

from __future__ import annotations

import os
import sys
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from irsa_helpers.worlds import forks

NAME = "irsa-lab-room"
"""What a kernel's description calls this way to start it (an entry point of this package)."""


class RoomProvisioner(LocalProvisioner):
    """Starts `python -m ipykernel_launcher ...` as a fork that ends with its server."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start it, and return how to connect to it. `cmd` is `PYTHON -m MODULE ARGUMENTS...`."""
        program = forks.Program(
            module=cmd[2],
            arguments=cmd[3:],
            environment=kwargs["env"],
            folder=str(kwargs.get("cwd") or os.getcwd()),
            bound=True,
        )
        started: Any = forks.start("kernel", program, output=sys.stderr.fileno())
        self.process = started
        # It leads a session of its own: what its cells start gets its signals too.
        self.pid = self.pgid = started.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info
