"""Which of a seat's kernels end by themselves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from jupyter_server._tz import utcnow

from irsa_workshop.room.kernels import IDLE_SECONDS, SeatKernels


@pytest.mark.parametrize(
    ("idle_seconds", "left"),
    [
        pytest.param([IDLE_SECONDS + 60, 0], [1], id="the one before goes"),
        pytest.param([IDLE_SECONDS - 60, 0], [0, 1], id="both are used, in turns"),
        pytest.param([2 * IDLE_SECONDS, 3 * IDLE_SECONDS], [0], id="the last stays through a talk"),
    ],
)
def test_a_kernel_ends_once_another_is_used(
    tmp_path: Path, idle_seconds: list[int], left: list[int]
) -> None:
    async def cull() -> list[int]:
        kernels = SeatKernels(root_dir=str(tmp_path), connection_dir=str(tmp_path))
        try:
            names = [await kernels.start_kernel() for _ in idle_seconds]
            for name, seconds in zip(names, idle_seconds, strict=True):
                kernel = kernels.get_kernel(name)
                kernel.execution_state = "idle"
                kernel.last_activity = utcnow() - timedelta(seconds=seconds)
            await kernels.cull_kernels()
            return [names.index(name) for name in kernels.list_kernel_ids()]
        finally:
            await kernels.shutdown_all(now=True)

    assert asyncio.run(cull()) == left
