"""Readiness, liveness and startup probes that run a command in the container.

Source: Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes".
"""

from __future__ import annotations

import asyncio

from irsa_helpers.sandbox.apiclient import Object
from irsa_helpers.sandbox.kubelet import processes
from irsa_helpers.sandbox.kubelet.container import Container
from irsa_helpers.sandbox.kubelet.runtimes import find_program


async def succeeds(container: Container, probe: Object) -> bool:
    """Whether the probe's command exits 0 within its time, or its port is open."""
    timeout = probe.get("timeoutSeconds", 1)
    if "exec" in probe:
        return await _command(container, probe["exec"]["command"], timeout)
    place = probe.get("tcpSocket") or probe.get("httpGet") or probe.get("grpc") or {}
    return await _port_open(int(place.get("port", 0)), timeout)


async def _command(container: Container, command: list[str], timeout: float) -> bool:
    words = container.paths.arguments(command)
    program = find_program(words[0])
    if program is None:
        return False
    process = await asyncio.create_subprocess_exec(
        program,
        *words[1:],
        env=dict(container.environment),
        cwd=container.work_folder(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=processes.preparation(),
    )
    try:
        return await asyncio.wait_for(process.wait(), timeout) == 0
    except TimeoutError:
        await processes.end(process, 0)
        return False


async def _port_open(port: int, timeout: float) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), timeout)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
