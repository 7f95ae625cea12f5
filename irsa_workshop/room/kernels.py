"""Kernels of a seat: forks of one that has the course's libraries loaded, and few at a time."""

from __future__ import annotations

import os
import sys
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import default

from irsa_helpers.worlds import forks

NAME = "irsa-lab-room"
"""What a kernel's description calls this way to start it (an entry point of this package)."""
IDLE_SECONDS = 300
LOOK_SECONDS = 60


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


class SeatKernels(AsyncMappingKernelManager):
    """Ends a kernel that nobody has used for minutes, but for the one that was used last.

    Who goes from notebook to notebook leaves each open. A cell that is run in one whose kernel has
    ended gets a new kernel; where it misses a name, `cell_errors` says which cell makes it.
    """

    @default("cull_idle_timeout")
    def _minutes(self) -> int:
        return IDLE_SECONDS

    @default("cull_interval")
    def _often(self) -> int:
        return LOOK_SECONDS

    @default("cull_connected")
    def _although_a_tab_is_open(self) -> bool:
        return True

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End it if it is idle; the one that was used last stays, however long ago that was."""
        used = {name: kernel.last_activity for name, kernel in self._kernels.items()}
        if kernel_id != max(used, key=lambda name: used[name]):
            await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]
