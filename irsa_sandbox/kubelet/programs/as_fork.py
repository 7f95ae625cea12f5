"""`python -I -S as_fork.py SOCKET FILE ARGUMENTS PLAIN...`: have a fork of a ready Python run FILE.

ARGUMENTS are FILE's, as JSON. The fork has this process's files, variables and folder, and ends
with it; this process ends as the fork does. Where no fork comes, PLAIN is run instead. Like
`enter.py` it uses the standard library alone. Source of what is sent: `forks.Program`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any

LARGEST = 2**17
LOST = 255


def main() -> None:
    """End with the fork's exit status, or become PLAIN."""
    path, file, arguments, *plain = sys.argv[1:]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not _asked(connection, path, _program(file, json.loads(arguments))):
        os.execv(plain[0], plain)
    _let_go()
    status = _answer(connection).get("status", LOST)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


def _program(file: str, arguments: list[str]) -> dict[str, Any]:
    return {
        "module": file,
        "arguments": arguments,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "bound": True,
        "ends_by": signal.SIGKILL,
    }


def _asked(connection: socket.socket, path: str, program: dict[str, Any]) -> bool:
    """Whether there is a fork now."""
    try:
        connection.connect(path)
        socket.send_fds(connection, [json.dumps(program).encode()], [0, 1, 2])
        return "pid" in _answer(connection)
    except OSError:
        return False


def _answer(connection: socket.socket) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(connection.recv(LARGEST) or b"{}")
    return told


def _let_go() -> None:
    """The streams are the fork's alone: whoever reads or writes them notices when it is done."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    main()
