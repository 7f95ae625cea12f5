"""`python -m irsa_workshop.room --seats 30`: open a room, and stay until Ctrl-C closes it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import psutil

from irsa_helpers.errors import IrsaLabError, plain
from irsa_helpers.ground import state
from irsa_helpers.worlds import forks
from irsa_workshop.room import reach, services, setting, users, zygote
from irsa_workshop.room.registry import Registry
from irsa_workshop.room.setting import Room

READY_SECONDS = 60
AGAIN_SECONDS = 2.0
CLOSE_SECONDS = 60.0
AT_ONCE_SECONDS = 60.0
POLL_SECONDS = 0.2
PEM = click.Path(exists=True, dir_okay=False, resolve_path=True)
_PR_SET_CHILD_SUBREAPER = 36  # what a killed hub leaves becomes this process's child: prctl(2)


@click.command()
@click.option("--seats", default=30, show_default=True, type=click.IntRange(1, setting.MOST_SEATS))
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0: the whole network.")
@click.option("--port", default=8000, show_default=True, help="It and the next three are used.")
@click.option("--word", help="The room's word; a new one where none is given and none was before.")
@click.option(
    "--idle-minutes", default=60, show_default=True, help="A seat idle so long is put by."
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the room is kept.")
@click.option("--certificate", type=PEM, help="Of the room's name, for https; with its chain.")
@click.option("--key", type=PEM, help="The certificate's private key.")
def main(
    seats: int,
    host: str,
    port: int,
    word: str | None,
    idle_minutes: int,
    folder: Path | None,
    certificate: str | None,
    key: str | None,
) -> None:
    """Open a room for a workshop on this machine; Ctrl-C closes it, and all work is kept."""
    try:
        if bool(certificate) != bool(key):
            raise IrsaLabError(
                "https takes a certificate and its key, and one of them is missing",
                next_step="CERTIFICATE=room.pem KEY=room.key, or neither for http",
            )
        project = _project()
        place = (folder or project / ".irsa-lab-room").resolve()
        reach.ensure([project, place, Path(sys.prefix), Path(sys.base_prefix)])
        earlier = state.read_object(place / "room.json") or {}
        with (
            _first_user(seats, earlier) as first_user,
            tempfile.TemporaryDirectory(prefix="irsa-room-") as sockets,
        ):
            os.chmod(sockets, 0o711)
            room = Room(
                folder=place,
                project=project,
                forks=Path(sockets),
                seats=seats,
                host=host,
                port=port,
                word=word or earlier.get("word") or setting.new_word(),
                instructor_word=earlier.get("instructor_word") or setting.new_secret(),
                idle_minutes=idle_minutes,
                first_user=first_user,
                certificate=certificate or "",
                key=key or "",
            )
            raise SystemExit(_open(room))
    except IrsaLabError as error:
        raise click.ClickException(plain(str(error))) from error


def _first_user(seats: int, earlier: dict[str, Any]) -> AbstractContextManager[int]:
    """The number of the first Linux user of the room, while it is open; 0 where it has none."""
    if os.geteuid() != 0:
        return nullcontext(0)
    return users.of_a_room(seats + 1, earlier=earlier.get("first_user") or None)


def _project() -> Path:
    if sys.platform != "linux":
        raise IrsaLabError(
            "a room needs Linux", next_step="open it on a Linux machine, in a container, or in WSL"
        )
    root = state.project_root()
    if root is None:
        raise IrsaLabError("the course is not here", next_step="cd into the project's folder")
    return root


def _open(room: Room) -> int:
    """Serve the room until Ctrl-C; returns the exit status."""
    if taken := services.taken_ports(room.port):
        raise IrsaLabError(
            f"somebody listens at {', '.join(map(str, taken))} already",
            next_step="close the room that is open, or name another first port: PORT=8100",
        )
    room.make()
    room.write()
    Registry(room.registry).create(room.board_user)
    with ExitStack() as stack:
        print("The room opens: programs load once, for all seats.", flush=True)
        stack.enter_context(_zygotes(room))
        print(_welcome(room), flush=True)
        return _serve_hub(room)


@contextmanager
def _zygotes(room: Room) -> Iterator[None]:
    """Each kind of program is ready to be forked."""
    running = [_zygote(room, kind) for kind in zygote.PRELOADED]
    try:
        for process, kind in zip(running, zygote.PRELOADED, strict=True):
            _wait_for(room.forks / f"{kind}.sock", process)
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _zygote(room: Room, kind: str) -> subprocess.Popen[bytes]:
    with (room.hub_folder / f"{kind}.log").open("ab") as log:
        return zygote.prepare(kind, room.forks, output=log.fileno())


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise IrsaLabError(
                f"the {socket.stem} that seats are forked from did not start",
                next_step="read the log of that name in the room's folder, under hub/",
            )
        time.sleep(0.05)


def _serve_hub(room: Room) -> int:
    """Run the hub to its end; one that was killed is started again, and finds its seats."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    stopped: list[int] = []
    zygotes = {child.pid for child in psutil.Process().children()}
    hub, started = _hub(room), time.monotonic()

    def stop(number: int, _: object) -> None:
        stopped.append(number)
        hub.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    while (status := _end(hub, stopped, zygotes)) and not stopped:
        if status > 0 and time.monotonic() - started < AT_ONCE_SECONDS:
            raise IrsaLabError(
                f"the hub ends as soon as it starts ({status})",
                next_step=f"read the end of {room.hub_folder / 'hub.log'}",
            )
        print(f"The hub ended ({status}) and starts again; the seats go on.", flush=True)
        time.sleep(AGAIN_SECONDS)
        hub, started = _hub(room), time.monotonic()
    return 0 if stopped else status


def _end(hub: subprocess.Popen[bytes], stopped: list[int], zygotes: set[int]) -> int:
    """The hub's exit status; one that does not stop in its time is ended.

    Its services end with it: a killed hub leaves them to this process, and the next has its own.
    """
    left = CLOSE_SECONDS
    while hub.poll() is None:
        time.sleep(POLL_SECONDS)
        left -= POLL_SECONDS if stopped else 0
        if left < 0:
            hub.kill()
    left_over = [process for process in psutil.Process().children() if process.pid not in zygotes]
    for process in left_over:
        process.kill()
    psutil.wait_procs(left_over, timeout=CLOSE_SECONDS)
    return hub.returncode


def _hub(room: Room) -> subprocess.Popen[bytes]:
    config = room.project / "workshop" / "jupyterhub_config.py"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (room.hub_folder / "hub.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyterhub", f"--config={config}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=room.hub_folder,
            start_new_session=True,
            env=kept | {setting.VARIABLE: str(room.file), forks.VARIABLE: str(room.forks)},
        )


def _welcome(room: Room) -> str:
    apart = (
        "Each seat is a Linux user of its own: nobody reads another's files."
        if room.own_users
        else "This is not root: all seats are one Linux user, and a learner who tries can read "
        "another's files. `sudo make workshop` gives each a user of its own."
    )
    everywhere = room.host in ("0.0.0.0", "::")
    hosts = services.addresses() if everywhere else [room.host]
    ways_in = "  or  ".join(f"{room.scheme}://{host}:{room.port}/" for host in hosts)
    return "\n".join(
        [
            f"Learners:    {ways_in}    the room's word: {room.word}",
            f"Instructor:  {room.scheme}://{hosts[0]}:{room.port}/services/board/    "
            f"name: instructor, word: in {room.file} (instructor_word)",
            f"Seats:       {room.seats}, in {room.folder}. {apart}",
            "Ctrl-C closes the room; what everybody made is kept.",
        ]
    )


if __name__ == "__main__":
    main()
