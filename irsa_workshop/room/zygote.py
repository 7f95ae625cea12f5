"""`python -m irsa_workshop.room.zygote FOLDER KIND [bound]`: a program loaded once, forked often.

Whoever connects to FOLDER/KIND.sock and sends a `forks.Program` gets it as a fork of this process:
`python -m MODULE` with everything imported. It runs as the user who asks, whom the system names;
root may ask for another user. The answer is the program's number, later its exit status.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irsa_helpers.worlds.forks import LARGEST, Program

# Services of Jupyter Server that its app imports late. Source: ServerApp.default_services.
SERVICES = (
    *("api", "config", "contents", "events", "kernelspecs", "nbconvert", "security", "sessions"),
)
# What each kind loads before the first fork, `MODULE` or `MODULE:FUNCTION`: all that it would load
# until a learner can begin.
PRELOADED = {
    "sandbox": (
        *("irsa_sandbox.process.server", "uvicorn.protocols.http.httptools_impl"),
        *("uvicorn.lifespan.off", "uvicorn.protocols.websockets.auto", "uvicorn.loops.asyncio"),
        "irsa_sandbox.process.warm:warm",
        *("moto.iam.access_control", "moto.sts.models"),
    ),
    "seat": (
        *("irsa_course.jupyter", "jupyterhub.singleuser.extension", "jupyterlab.labapp"),
        *("jupyter_lsp.serverextension", "jupyter_server_terminals.app", "notebook_shim.shim"),
        *("jupyter_server.services.kernels.handlers", "nbformat.v4", "zmq.eventloop.zmqstream"),
        *("irsa_workshop.room.kernels", "irsa_helpers.worlds.launch", "notebook_shim.nbserver"),
        *("IPython.display", "httpcore", "jinja2.ext", "jupyter_lsp.virtual_documents_shadow"),
        *("tornado.platform.asyncio", "jupyter_server.view.handlers"),
        *("jupyter_server.nbconvert.handlers", "jupyter_server.kernelspecs.handlers"),
        *(f"jupyter_server.services.{name}.handlers" for name in SERVICES),
    ),
    "kernel": (
        *("ipykernel.kernelapp", "IPython.core.magics", "ipywidgets", "boto3.session"),
        *("kubernetes.client", "kubernetes.dynamic", "irsa_course.cell_errors"),
        *("irsa_helpers.views", "irsa_helpers.labs", "irsa_helpers.worlds.sandbox"),
        *("irsa_helpers.verify", "irsa_workshop.room.reports", "irsa_workshop.room.warm:clients"),
        *("ipykernel.debugger", "boto3.s3.transfer", "IPython.extensions.storemagic"),
        *("IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect"),
        *("irsa_helpers.worlds.launch", "psutil", "tornado.platform.asyncio"),
        *("irsa_course.exercises", "irsa_course.questions", "irsa_helpers.doctor", "anywidget"),
        *("irsa_helpers.views.dark", "joserfc.jwt", "joserfc.jwk"),
    ),
    "pod": (
        *("boto3.session", "irsa_workshop.room.warm:clients", "irsa_workshop.room.warm:aws"),
        "s3transfer.manager",
    ),
}
MOST_OF_ONE_USER = 24
"""How many programs of a kind one user may have at once: a slip in a loop stays that learner's."""
MOST_PROCESSES = 512  # of one user, Pods and all
MOST_MEMORY = 2 * 2**30  # bytes of one program's data: a slip is a MemoryError, not a full machine
AFTER_THE_HUB = 5  # a seat's niceness: where all compute, the room's own programs go first
SESSIONS_SHARE = Path("/proc/self/autogroup")  # there where they do
FIRST_TO_GO = "400"  # where memory runs out, a seat goes before the hub. Source: proc(5)
BOUND = "bound"
_PR_SET_DUMPABLE = 4
_CREDENTIALS = struct.Struct("3i")


def prepare(
    kind: str, folder: Path, *, output: int, bound: bool = False
) -> subprocess.Popen[bytes]:
    """The program that loads that kind once, and then is ready to be forked at FOLDER/KIND.sock.

    A fork finds in its memory what this program was given: of this process's variables next to
    none. `bound`: it ends when this process does, however that ends.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    kept |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    command = [sys.executable, "-P", "-m", "irsa_workshop.room.zygote", str(folder), kind]
    return subprocess.Popen(
        [*command, BOUND] if bound else command,
        stdin=subprocess.PIPE if bound else subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd="/",
        start_new_session=True,
        env=kept,
    )


@dataclass(frozen=True)
class _Child:
    user: int
    bound: bool
    ends_by: int
    connection: socket.socket


class Zygote:
    """The loop that forks; `serve` returns in the fork alone."""

    def __init__(self, path: Path, *, bound: bool = False) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(path))
        path.chmod(0o666)  # who asks is known by the system's word
        self._listener.listen(128)
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._ended, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._leave)
        self._selector.register(self._ended, selectors.EVENT_READ, self._reap)
        if bound:  # whoever started this holds the other end, and writes nothing
            self._selector.register(0, selectors.EVENT_READ, self._leave)

    def serve(self) -> Program:
        """Fork for everybody who asks; in the fork, returns what it is to run."""
        while True:
            for key, _ in self._selector.select():
                # A program may end as its asker hangs up: what the first took away is over.
                if self._selector.get_map().get(key.fd) is not key:
                    continue
                if (program := key.data(key.fileobj)) is not None:
                    return self._become(program)

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        if (asker := _asker(connection)) and self._waiting(asker) >= MOST_OF_ONE_USER:
            connection.close()
            return
        self._selector.register(connection, selectors.EVENT_READ, self._asked)

    def _waiting(self, user: int) -> int:
        """How many connections of that user have asked for nothing yet."""
        keys = self._selector.get_map().values()
        return sum(key.data == self._asked and _asker(key.fileobj) == user for key in keys)

    def _asked(self, connection: socket.socket) -> Program | None:
        """Fork what that connection asks for; the program in the fork, None here."""
        self._selector.unregister(connection)
        try:
            message, files, _, _ = socket.recv_fds(connection, LARGEST, 3)
        except OSError:
            message, files = b"", []
        try:
            return self._forked(connection, message, files)
        except (ValueError, TypeError, KeyError, OSError, RecursionError) as error:
            _tell(connection, error=f"{type(error).__name__}: {error}")
            connection.close()
            return None
        finally:
            for file in files:
                os.close(file)

    def _forked(
        self, connection: socket.socket, message: bytes, files: Sequence[int]
    ) -> Program | None:
        program = Program(**json.loads(message))
        user, ends_by = _user(connection, program), signal.Signals(program.ends_by)
        if len(files) != 3 or self._count(user) >= MOST_OF_ONE_USER:
            raise ValueError(f"{self._count(user)} of these run for user {user} already")
        pid = os.fork()
        if pid == 0:
            connection.close()
            _take_or_end(user, files)
            return program
        _tell(connection, pid=pid)
        self._children[pid] = _Child(user, program.bound, ends_by, connection)
        self._selector.register(connection, selectors.EVENT_READ, self._hung_up)
        return None

    def _count(self, user: int) -> int:
        return Counter(child.user for child in self._children.values())[user] if user else 0

    def _hung_up(self, connection: socket.socket) -> None:
        """Whoever asked is gone, or says what nobody asked: a program bound to it ends."""
        self._selector.unregister(connection)
        for pid, child in self._children.items():
            if child.connection is connection and child.bound:
                _signal(pid, child.ends_by)

    def _reap(self, ended: int) -> None:
        os.read(ended, 4096)
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            if child.connection in {key.fileobj for key in self._selector.get_map().values()}:
                self._selector.unregister(child.connection)
            _tell(child.connection, status=os.waitstatus_to_exitcode(status))
            child.connection.close()

    def _become(self, program: Program) -> Program:
        """Nothing of the zygote stays in the fork but what it has loaded."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._close()
        os.umask(0o077)
        os.chdir(program.folder)
        os.environ.clear()
        os.environ.update(program.environment)
        time.tzset()
        return program

    def _leave(self, *_: Any) -> None:
        """The room closes, and whatever was forked for it ends."""
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)
        raise SystemExit(0)

    def _close(self) -> None:
        """Each by its own object: one that is closed behind its back closes another's later."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        for child in self._children.values():
            child.connection.close()
        self._selector.close()
        for end in (self._ended, self._woken):
            os.close(end)


def _asker(connection: Any) -> int:
    """The user at the other end, by the system's word. Source: unix(7), SO_PEERCRED."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(told)[1])


def _user(connection: socket.socket, program: Program) -> int:
    """Whom the program runs as. Raises ValueError where that is not the asker's to choose."""
    asker = _asker(connection)
    if program.user in (None, asker):
        return asker
    if asker != 0:
        raise ValueError(f"user {asker} may not start a program as user {program.user}")
    return int(program.user or 0)


def _take_or_end(user: int, files: Sequence[int]) -> None:
    """A fork that cannot become that user's ends: it must never go on as the zygote."""
    taken = False
    try:
        _take(user, files)
        taken = True
    finally:
        if not taken:
            traceback.print_exc()
            os._exit(os.EX_SOFTWARE)


def _take(user: int, files: Sequence[int]) -> None:
    """This process becomes that user's, in a session of its own, with these for 0, 1 and 2."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
    if os.geteuid() == 0 and user != 0:
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
        resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        _go_after_the_hub()
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        # Else /proc/self would be root's. There is nothing to hide here from the same user.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def _signal(pid: int, number: int) -> None:
    """That fork and what it has started; one that leads no session yet has started nothing."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)


def _go_after_the_hub() -> None:
    """Where sessions share a processor, niceness counts within each alone: sched(7), autogroup."""
    os.nice(AFTER_THE_HUB)
    if SESSIONS_SHARE.exists():
        SESSIONS_SHARE.write_text(str(AFTER_THE_HUB), encoding="ascii")


def _tell(connection: socket.socket, **word: Any) -> None:
    try:
        connection.send(json.dumps(word).encode(), socket.MSG_DONTWAIT)
    except OSError as error:
        print(f"nobody hears {word}: {error.strerror}", file=sys.stderr, flush=True)


def preload(modules: Sequence[str]) -> None:
    """Import them, and keep the garbage collector from touching what they made."""
    with warnings.catch_warnings(action="ignore"):
        for named in modules:
            module, _, function = named.partition(":")
            loaded = importlib.import_module(module)
            if function:
                getattr(loaded, function)()
    gc.collect()
    gc.freeze()
    if (threads := len(os.listdir("/proc/self/task"))) != 1:
        raise RuntimeError(f"{threads} threads run after the imports: a fork would lack them")


def main() -> None:
    """Serve until SIGTERM; in a fork, run what was asked for."""
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    preload(PRELOADED[kind])
    program = Zygote(folder / f"{kind}.sock", bound=BOUND in sys.argv[3:]).serve()
    sys.argv = [program.module, *program.arguments]
    if program.module.endswith(".py"):
        runpy.run_path(program.module, run_name="__main__")
    else:
        runpy.run_module(program.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
