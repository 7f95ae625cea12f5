"""One container of a Pod: its runs, its state, its log.

Source: Kubernetes documentation, "Pod Lifecycle".
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irsa_sandbox.apiclient import Object
from irsa_sandbox.clock import Clock
from irsa_sandbox.kubelet import processes
from irsa_sandbox.kubelet.aws_files import own_copies
from irsa_sandbox.kubelet.confine import as_container_path, confined
from irsa_sandbox.kubelet.environment import Paths, expand
from irsa_sandbox.kubelet.logs import ContainerLog
from irsa_sandbox.kubelet.runtimes import Runtime, find_program, find_runtime, not_found
from irsa_sandbox.kubelet.users import without_roots_powers

NOT_FOUND_EXIT = 128
# What containerd says of a container whose end it did not see.
LOST_EXIT, LOST_REASON = 255, "Unknown"
LONGEST_MESSAGE_BYTES = 4096
LONGEST_MESSAGE_LINES = 80
TERMINATION_MESSAGE_PATH = "/dev/termination-log"


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
        found: Object | None = self.state.get("terminated")
        return found

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
        return self.paths.arguments(expand(word, self.environment) for word in words)

    async def start(self, environment: Mapping[str, str], clock: Clock, now: str) -> None:
        """The process runs. Raises OSError where its program is not there."""
        rewritten = {name: self.paths.rewrite(value) for name, value in environment.items()}
        own = self.runtime.environment if self.runtime else {}
        terminal = {"TERM": "xterm"} if self.spec.get("tty") else {}
        self.environment = terminal | rewritten | own | {"HOME": str(self.home())}
        self.environment |= {processes.MARK: processes.mark_of(self.folder)}
        self.environment |= own_copies(self.environment, self.paths, self.home())
        words = self.words()
        command = self.command(words)
        if command is None:
            raise FileNotFoundError(not_found(words))
        # Unlinked first: a Pod may have put a link there.
        self._message_file().unlink(missing_ok=True)
        self._message_file().write_bytes(b"")
        self.container_id = f"process://{uuid.uuid4().hex}"
        self.log = ContainerLog(self.log_path(), clock)
        try:
            self.process = await processes.start(
                command,
                self.environment,
                self.working_directory(),
                self._say,
                stdin=bool(self.spec.get("stdin")),
                tty=bool(self.spec.get("tty")),
            )
        except OSError:
            self.log.close()
            raise
        processes.note(self.process.pid, self._pid_file())
        self.state = {"running": {"startedAt": now}}

    def _say(self, fd: int, chunk: bytes) -> None:
        """Output, for the log and for those who are attached."""
        if self.log:
            self.log.write(fd, chunk)
        for listener in self.listeners:
            listener(fd, chunk)

    def command(self, words: Sequence[str]) -> list[str] | None:
        """What to run for these words, with the program found; None where there is none of it."""
        program = find_program(words[0]) if words else None
        if program is None:
            return None
        return without_roots_powers([program, *words[1:]], self.user)

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
        """What the AWS CLI has kept is gone: it goes by the machine's clock, and would use it on.

        Source: botocore.credentials, the expiry of cached credentials.
        """
        cache = self.home() / ".aws" / "cli" / "cache"
        if cache.resolve().is_relative_to(self.home().resolve()):
            shutil.rmtree(cache, ignore_errors=True)

    def working_directory(self) -> Path:
        """`workingDir` where it is in a volume, else a folder of that name in the home."""
        wanted = as_container_path(self.spec.get("workingDir", "/"))
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
        """The container's last word, as a file or as the end of its log.

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
