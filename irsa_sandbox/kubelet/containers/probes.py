"""Readiness, liveness and startup probes: by a command, an HTTP request or a connection.

Source: Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes".
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from irsa_sandbox.apiclient import Object
from irsa_sandbox.kubelet.containers.container import Container
from irsa_sandbox.kubelet.containers.context import Node, Reporter
from irsa_sandbox.kubelet.programs import processes
from irsa_sandbox.kubelet.programs.runtimes import not_found
from irsa_sandbox.values.numbers import whole_number

LONGEST_OUTPUT_BYTES = 10 * 1024
NODE_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Outcome:
    """Whether a probe succeeded, and what it said; `error` is why it could not even be tried."""

    good: bool
    said: str = ""
    error: str = ""


async def run_command(container: Container, command: list[str], timeout: float) -> Outcome:
    """A command in the container; it has failed where it does not end in time."""
    words = container.seen.arguments(command)
    arguments = container.command(words)
    if arguments is None:
        text = "failed to exec in container: failed to start exec: OCI runtime exec failed: exec "
        text += f"failed: unable to start container process: {not_found(words)}: unknown"
        return Outcome(False, error=text)
    output = bytearray()
    process = await processes.start(
        arguments,
        container.environment,
        container.starting_folder(),
        lambda _, chunk: output.extend(chunk[: LONGEST_OUTPUT_BYTES - len(output)]),
    )
    try:
        code = await asyncio.wait_for(process.wait(), timeout)
    except TimeoutError:
        shown = " ".join(command)
        return Outcome(False, f'command timed out: "{shown}" timed out after {timeout:g}s')
    finally:
        if process.running:
            await process.end(0)
    return Outcome(code == 0, output.decode(errors="replace"))


async def probe(container: Container, wanted: Object) -> Outcome:
    """One attempt of a probe."""
    timeout = wanted.get("timeoutSeconds", 1)
    if "exec" in wanted:
        return await run_command(container, wanted["exec"]["command"], timeout)
    if "httpGet" in wanted:
        return await _get(_port(container, wanted["httpGet"]), wanted["httpGet"], timeout)
    if "tcpSocket" in wanted:
        return await _connect(_port(container, wanted["tcpSocket"]), timeout)
    return Outcome(False, error="NotImplemented: the sandbox makes no gRPC probes")


def _port(container: Container, place: Object) -> int:
    """The number of a port that is given by number or by name."""
    wanted = place.get("port", 0)
    for port in container.spec.get("ports") or ():
        if port.get("name") == wanted:
            return int(port["containerPort"])
    return whole_number(str(wanted)) or 0


async def _get(port: int, wanted: Object, timeout: float) -> Outcome:
    scheme, path = wanted.get("scheme", "HTTP").lower(), wanted.get("path", "/")
    url = f"{scheme}://{NODE_ADDRESS}:{port}/{path.removeprefix('/')}"
    headers = {"User-Agent": "kube-probe/1.36"}
    headers |= {header["name"]: header["value"] for header in wanted.get("httpHeaders") or ()}
    limit = aiohttp.ClientTimeout(total=timeout)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=limit) as session,
            session.get(url, ssl=False, allow_redirects=False) as answer,
        ):
            status = answer.status
    except TimeoutError:
        text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return Outcome(False, f'Get "{url}": {text}')
    except aiohttp.ClientConnectorError:
        return Outcome(False, f'Get "{url}": {_dial(port, "connect: connection refused")}')
    except aiohttp.ClientError as error:
        return Outcome(False, f'Get "{url}": {error}')
    said = f"HTTP probe failed with statuscode: {status}"
    return Outcome(200 <= status < 400, said)


async def _connect(port: int, timeout: float) -> Outcome:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(NODE_ADDRESS, port), timeout)
    except TimeoutError:
        return Outcome(False, _dial(port, "i/o timeout"))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        return Outcome(False, _dial(port, f"connect: {why.lower()}"))
    writer.close()
    return Outcome(True)


def _dial(port: int, why: str) -> str:
    """How Go says that no connection came about."""
    return f"dial tcp {NODE_ADDRESS}:{port}: {why}"


class Prober:
    """Runs the probes of a container for as long as its process runs."""

    def __init__(
        self, node: Node, container: Container, report: Reporter, started: Callable[[], None]
    ) -> None:
        self._node = node
        self._container = container
        self._report = report
        self._tell_started = started

    async def run(self, kill: Callable[[str], Awaitable[None]]) -> None:
        """`started` and `ready` follow the probes; `kill(why)` is called where one demands it."""
        container, spec = self._container, self._container.spec
        if "startupProbe" in spec and not await self._succeeds(spec["startupProbe"], "Startup"):
            await kill(f"Container {container.name} failed startup probe")
            return
        container.started = True
        self._tell_started()
        # An init container that is to end is ready when it has done its work.
        container.ready = "readinessProbe" not in spec and (container.sidecar or not container.init)
        self._report.changed()
        async with asyncio.TaskGroup() as group:
            if "readinessProbe" in spec:
                group.create_task(self._watch_readiness(spec["readinessProbe"]))
            if "livenessProbe" in spec:
                group.create_task(self._watch_liveness(spec["livenessProbe"], kill))

    async def _succeeds(self, wanted: Object, kind: str) -> bool:
        """Whether the probe succeeds before it has failed too often."""
        await self._node.clock.sleep(wanted.get("initialDelaySeconds", 0))
        for _ in range(wanted.get("failureThreshold", 3)):
            if await self._attempt(wanted, kind):
                return True
            await self._pause(wanted)
        return False

    async def _watch_readiness(self, wanted: Object) -> None:
        await self._node.clock.sleep(wanted.get("initialDelaySeconds", 0))
        in_row = 0  # successes above zero, failures below
        while True:
            good = await self._attempt(wanted, "Readiness")
            in_row = max(in_row, 0) + 1 if good else min(in_row, 0) - 1
            enough = wanted.get(
                "successThreshold" if good else "failureThreshold", 1 if good else 3
            )
            if abs(in_row) >= enough and self._container.ready != good:
                self._container.ready = good
                self._report.changed()
            await self._pause(wanted)

    async def _watch_liveness(self, wanted: Object, kill: Callable[[str], Awaitable[None]]) -> None:
        await self._node.clock.sleep(wanted.get("initialDelaySeconds", 0))
        failures = 0
        while True:
            failures = 0 if await self._attempt(wanted, "Liveness") else failures + 1
            if failures >= wanted.get("failureThreshold", 3):
                break
            await self._pause(wanted)
        await kill(f"Container {self._container.name} failed liveness probe")

    async def _attempt(self, wanted: Object, kind: str) -> bool:
        outcome = await probe(self._container, wanted)
        if not outcome.good:
            text = f"{kind} probe failed: {outcome.said}"
            if outcome.error:
                text = f"{kind} probe errored and resulted in unknown state: {outcome.error}"
            self._report.tell("Warning", "Unhealthy", text, self._container)
        return outcome.good

    async def _pause(self, wanted: Object) -> None:
        await self._node.clock.sleep(wanted.get("periodSeconds", 10))
