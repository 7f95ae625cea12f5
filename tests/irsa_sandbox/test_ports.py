"""A sandbox's ports are its own from the moment in which it takes them."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from irsa_sandbox.listeners import Listeners


def test_nobody_else_gets_a_port_that_a_sandbox_has_taken_and_does_not_serve_yet(
    tmp_path: Path,
) -> None:
    """Kernels of a room take theirs so: with leave to share a port that nobody listens at."""
    listeners = Listeners(tmp_path / "ports.json")
    port = listeners.bind("server")["server"]
    with socket.socket() as kernels:
        kernels.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            kernels.bind(("127.0.0.1", port))
    asyncio.run(listeners.stop())


@pytest.mark.parametrize("taken", [True, False])
def test_a_sandbox_has_its_earlier_port_unless_another_took_it(tmp_path: Path, taken: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        earlier = other.getsockname()[1]
        if not taken:
            other.close()
        (tmp_path / "ports.json").write_text(json.dumps({"server": earlier}))
        listeners = Listeners(tmp_path / "ports.json")
        port = listeners.bind("server")["server"]
    asyncio.run(listeners.stop())
    assert (port == earlier) is not taken
