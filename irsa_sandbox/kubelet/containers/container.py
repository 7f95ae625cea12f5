"""One container of a Pod: its runs, its state, its log.

Source: Kubernetes documentation, "Pod Lifecycle".
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irsa_sandbox.apiclient import Object
from irsa_sandbox.clock import Clock
from irsa_sandbox.kubelet.containers.logs import ContainerLog
from irsa_sandbox.kubelet.files.aws_files import dead_paths, mounted_aws_files, own_copies
from irsa_sandbox.kubelet.files.confine import as_container_path, confined
from irsa_sandbox.kubelet.programs import namespaces, processes, ready
from irsa_sandbox.kubelet.programs.environment import Paths, expand
from irsa_sandbox.kubelet.programs.namespaces import Mount
from irsa_sandbox.kubelet.programs.runtimes import Runtime, find_program, find_runtime, not_found
from irsa_sandbox.kubelet.programs.users import without_roots_powers

NOT_FOUND_EXIT = 128
# What containerd says of a container whose end it did not see.
LOST_EXIT, LOST_REASON = 255, "Unknown"
LONGEST_MESSAGE_BYTES = 4096
LONGEST_MESSAGE_LINES = 80
TERMINATION_MESSAGE_PATH = "/dev/termination-log"
# The home of the user that images run as.
IMAGE_HOME = "/root"


@dataclass
class Container:
    """What the kubelet knows of one container, and the process of its present run."""

    spec: Object
    folder: Path
    paths: Paths
    init: bool = False
    state: Object = field(default_factory=lambda: {"waiting": {"reason": "PodInitializing"}})
    last_state: Object = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    started: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    process: processes.Process | None = None
    log: ContainerLog | None = None
    container_id: str = ""
    user: int | None = None
    # Its volumes as mounts, asked for when it starts, and whether it has a namespace for them.
    mounts: Callable[[], list[Mount]] = list
    isolated: bool = False
    # Without one: mounted files that name paths which are elsewhere on this machine.
    dead_paths: list[str] = field(default_factory=list)
    listeners: set[Callable[[int, bytes], None]] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The container's name in the Pod."""
        return str(self.spec["name"])

    @property
    def sidecar(self) -> bool:
        """An init container that keeps running beside the others. Source: KEP-753."""
        return self.init and self.spec.get("restartPolicy") == "Always"

    @property
    def initialized(self) -> bool:
        """Whether those after it may start: it has done its work, or a sidecar has started."""
        return self.started if self.sidecar else (self.terminated or {}).get("exitCode") == 0

    @property
    def field_path(self) -> str:
        """How an Event names it: `spec.containers{app}`."""
        return f"spec.{'initContainers' if self.init else 'containers'}{{{self.name}}}"

    @property
    def runtime(self) -> Runtime | None:
        """What this machine has in place of the image."""
        return find_runtime(self.spec["image"])

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return "running" in self.state

    @property
    def terminated(self) -> Object | None:
        """How its last run ended, None while it runs or waits."""
        ended: Object | None = self.state.get("terminated")
        return ended

    def log_path(self, previous: bool = False) -> Path:
        """The log of the present run, or of the one before."""
        return self.folder / f"{self.name}.{self.restarts - previous}.log"

    def words(self) -> list[str]:
        """The words to run: the image's entrypoint unless the container has a command of its own.

        Source: Kubernetes, "Define a Command and Arguments for a Container".
        """
        assert self.runtime is not None
        command, args = self.spec.get("command"), self.spec.get("args")
        words = [
            *(command or self.runtime.entrypoint),
            *(args or (() if command else self.runtime.command)),
        ]
        return self.seen.arguments(expand(word, self.environment) for word in words)

    @property
    def seen(self) -> Paths:
        """The container's paths as its processes have them: its own, where it has a namespace."""
        return self.paths.without_places() if self.isolated else self.paths

    async def start(self, environment: Mapping[str, str], clock: Clock, now: str) -> None:
        """The process runs. Raises OSError where its program is not there."""
        self.isolated = await namespaces.available()
        rewritten = {name: self.seen.rewrite(value) for name, value in environment.items()}
        own = self.runtime.environment if self.runtime else {}
        terminal = {"TERM": "xterm"} if self.spec.get("tty") else {}
        home = IMAGE_HOME if self.isolated else str(self.home())
        self.environment = terminal | rewritten | own | {"HOME": home}
        self.environment |= {processes.MARK: processes.mark_of(self.folder)}
        if not self.isolated:
            self._rewrite_files()
        words = self.words()
        program = self._program(words)
        if program is None:
            raise FileNotFoundError(not_found(words))
        # Unlinked first: a Pod may have put a link there.
        self._message_file().unlink(missing_ok=True)
        self._message_file().write_bytes(b"")
        self.container_id = f"process://{uuid.uuid4().hex}"
        self.log = ContainerLog(self.log_path(), clock)
        try:
            self.process = await self._launch([program, *words[1:]])
        except OSError:
            self.log.close()
            raise
        processes.note(self.process.pid, self._pid_file())
        self.state = {"running": {"startedAt": now}}

    def _rewrite_files(self) -> None:
        """AWS files get the paths of this machine; what else names paths is noted."""
        sources = mounted_aws_files(self.environment, self.paths)
        self.environment |= own_copies(sources, self.paths, self.home())
        shown = {mount.target: Path(mount.source) for mount in self.mounts() if mount.read_only}
        self.dead_paths = dead_paths(self.paths, shown, sources.values())

    async def _launch(self, command: list[str]) -> processes.Process:
        """The command's process, in a view of its own where there can be one. Raises OSError."""
        if not self.isolated:
            return await self._spawn(without_roots_powers(command, self.user))
        mounts = [Mount(str(self.home()), IMAGE_HOME), *self.mounts()]
        place, as_a_user = self._directory(), bool(self.user)
        with namespaces.reporting() as (told, why_not):
            words = namespaces.own_view(mounts, place, command, as_a_user=as_a_user, report=told)
            process = await self._spawn(words, (told,))
        if problem := await why_not():
            await process.wait()
            raise OSError(problem)
        return process

    async def _spawn(self, words: list[str], files: Collection[int] = ()) -> processes.Process:
        return await processes.start(
            words,
            self.environment,
            self.starting_folder(),
            self._say,
            stdin=bool(self.spec.get("stdin")),
            tty=bool(self.spec.get("tty")),
            pass_fds=files,
        )

    def _say(self, fd: int, chunk: bytes) -> None:
        """Output, for the log and for those who are attached."""
        if self.log:
            self.log.write(fd, chunk)
        for listener in self.listeners:
            listener(fd, chunk)

    def command(self, words: Sequence[str], *, tty: bool = False) -> list[str] | None:
        """What to run for these words beside the container's process; None: no such program."""
        program = self._program(words)
        if program is None:
            return None
        command = [program, *words[1:]]
        if not self.isolated:
            return without_roots_powers(command, self.user)
        assert self.process is not None
        as_a_user = bool(self.user)
        view = namespaces.view_of(self.process.pid, self._directory(), as_a_user=as_a_user)
        plain = namespaces.entering(view, command)
        return plain if tty else ready.joining(view, command, self.environment, plain)

    def _program(self, words: Sequence[str]) -> str | None:
        """Where the container finds its program: on this machine, in a volume, in its own files."""
        if not words:
            return None
        if not self.isolated or "/" not in words[0]:
            return find_program(words[0])
        wanted = posixpath.join(self._directory(), words[0])
        inside = f"/proc/{self.process.pid}/root{wanted}" if self.running and self.process else ""
        if shutil.which(self.paths.rewrite(wanted)) or os.access(inside, os.X_OK):
            return wanted
        return find_program(wanted)

    def _directory(self) -> str:
        """Where its processes start, as a path of the container."""
        return as_container_path(self.spec.get("workingDir", "/"))

    def starting_folder(self) -> Path:
        """Where on this machine its processes start; with a namespace they go on from there."""
        return self.folder if self.isolated else self.working_directory()

    def home(self) -> Path:
        """The container's home, where its processes start."""
        folder = self.folder / "containers" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def prepare_home(self, region: str) -> None:
        """Where the image's program would ask the node for its region, a file tells it."""
        config = self.home() / ".aws" / "config"
        if self.runtime and self.runtime.asks_node_for_region and not config.exists():
            confined(config, (self.home(),))
            config.parent.mkdir(exist_ok=True)
            config.write_text(f"[default]\nregion = {region}\n", encoding="utf-8")

    def forget_credentials(self) -> None:
        """Delete the credentials that the AWS CLI keeps: by the machine's clock they are valid.

        Source: botocore.credentials, the expiry of cached credentials.
        """
        cache = self.home() / ".aws" / "cli" / "cache"
        if cache.resolve().is_relative_to(self.home().resolve()):
            shutil.rmtree(cache, ignore_errors=True)

    def working_directory(self) -> Path:
        """`workingDir` where it is in a volume, else a folder of that name in the home."""
        wanted = self._directory()
        place = Path(self.paths.rewrite(wanted))
        if str(place) == wanted:
            place = self.home() / wanted.strip("/")
        # Not the mounts themselves: a `subPath` may be a link that a Pod made.
        roots = (self.folder, self.folder.parent.with_name("node-files"))
        confined(place, roots).mkdir(parents=True, exist_ok=True)
        return place

    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def _message_file(self) -> Path:
        wanted = self.spec.get("terminationMessagePath", TERMINATION_MESSAGE_PATH)
        return Path(self.paths.rewrite(wanted))

    def ended(self, exit_code: int, now: str) -> None:
        """Remember how the run ended."""
        if self.log:
            self.log.close()
        self._pid_file().unlink(missing_ok=True)
        started = self.state.get("running", {}).get("startedAt", now)
        self.state = {
            "terminated": {
                "exitCode": exit_code,
                "reason": "Completed" if exit_code == 0 else "Error",
                "startedAt": started,
                "finishedAt": now,
                "containerID": self.container_id,
            }
        }
        if message := self._message(exit_code):
            self.state["terminated"]["message"] = message
        self.ready = self.started = False

    def _message(self, exit_code: int) -> str:
        """The container's termination message: its file, or the end of its log.

        Source: Kubernetes, "Determine the Reason for Pod Failure".
        """
        path = self._message_file()
        text = path.read_bytes()[:LONGEST_MESSAGE_BYTES] if path.exists() else b""
        falls_back = self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        if not text and falls_back and exit_code:
            lines = self.log_path().read_bytes().splitlines(keepends=True)[-LONGEST_MESSAGE_LINES:]
            text = b"".join(line.split(b" ", 3)[3] for line in lines)[-LONGEST_MESSAGE_BYTES:]
        return text.decode(errors="replace")

    def could_not_start(self, error: str, now: str) -> None:
        """Remember that the program could not be run."""
        self.state = {
            "terminated": {
                "exitCode": NOT_FOUND_EXIT,
                "reason": "StartError",
                "message": error,
                "startedAt": "1970-01-01T00:00:00Z",
                "finishedAt": now,
            }
        }
        self.ready = self.started = False

    def wait(self, reason: str, message: str = "") -> None:
        """The container waits for its next run, or for what it lacks."""
        if "terminated" in self.state:
            self.last_state = self.state
        self.state = {"waiting": {"reason": reason} | ({"message": message} if message else {})}

    def recover(self, status: Object, now: str) -> None:
        """Take over what the API server knows of a container from before the kubelet started.

        A process that ran then is gone, as after the restart of a real node.
        """
        self.restarts = status.get("restartCount", 0)
        self.last_state = status.get("lastState") or {}
        self.state = status.get("state") or self.state
        self.container_id = status.get("containerID", "")
        if "running" in self.state:
            self.ended(LOST_EXIT, now)
            self.state["terminated"]["reason"] = LOST_REASON
        self.ready = self.init and (self.terminated or {}).get("exitCode") == 0

    def status(self) -> Object:
        """The entry in the Pod's containerStatuses."""
        image = self.spec["image"]
        named = image if re.search(r"[:@]", image.rpartition("/")[2]) else f"{image}:latest"
        status: dict[str, Any] = {
            "name": self.name,
            "image": named,
            "imageID": "",
            "ready": self.ready,
            "restartCount": self.restarts,
            "started": self.started,
            "state": self.state,
            "lastState": self.last_state,
        }
        if self.container_id:
            status["containerID"] = self.container_id
        return status
