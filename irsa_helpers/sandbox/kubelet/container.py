"""One container of a Pod: its runs, its state, its log.

Source: Kubernetes documentation, "Pod Lifecycle".
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irsa_helpers.sandbox.apiclient import Object
from irsa_helpers.sandbox.kubelet import processes
from irsa_helpers.sandbox.kubelet.environment import Paths, expand
from irsa_helpers.sandbox.kubelet.runtimes import Runtime, find_program, find_runtime

NOT_FOUND_EXIT = 128


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
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    container_id: str = ""

    @property
    def name(self) -> str:
        """The container's name in the Pod."""
        return str(self.spec["name"])

    @property
    def runtime(self) -> Runtime | None:
        """What this machine has in place of the image."""
        return find_runtime(self.spec["image"])

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return "running" in self.state

    def log(self, previous: bool = False) -> Path:
        """The log of the present run, or of the one before."""
        return self.folder / f"{self.name}.{self.restarts - previous}.log"

    def command(self) -> list[str]:
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

    async def start(self, environment: Mapping[str, str], now: str) -> None:
        """The process runs. Raises OSError where its program is not there."""
        rewritten = {name: self.paths.rewrite(value) for name, value in environment.items()}
        self.environment = rewritten | {"HOME": str(self.work_folder())}
        words = self.command()
        program = find_program(words[0])
        if program is None:
            raise FileNotFoundError(f'exec: "{words[0]}": executable file not found in $PATH')
        self.container_id = f"process://{uuid.uuid4().hex}"
        self.process = await processes.start(
            [program, *words[1:]],
            self.environment,
            self.work_folder(),
            self.log(),
            self.folder / f"{self.name}.pid",
        )
        self.state = {"running": {"startedAt": now}}

    def work_folder(self) -> Path:
        """The container's working directory and home."""
        folder = self.folder / "containers" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def ended(self, exit_code: int, now: str) -> None:
        """Remember how the run ended."""
        started = self.state.get("running", {}).get("startedAt", now)
        code = 128 - exit_code if exit_code < 0 else exit_code
        self.state = {
            "terminated": {
                "exitCode": code,
                "reason": "Completed" if code == 0 else "Error",
                "startedAt": started,
                "finishedAt": now,
                "containerID": self.container_id,
            }
        }
        self.ready = False
        (self.folder / f"{self.name}.pid").unlink(missing_ok=True)

    def could_not_start(self, error: OSError, now: str) -> None:
        """Remember that the program could not be run."""
        self.state = {
            "terminated": {
                "exitCode": NOT_FOUND_EXIT,
                "reason": "StartError",
                "message": f"failed to create containerd task: {error}",
                "startedAt": "1970-01-01T00:00:00Z",
                "finishedAt": now,
            }
        }
        self.ready = False

    def wait_for_restart(self, reason: str, message: str) -> None:
        """The run is over, the next one comes later."""
        if "terminated" in self.state:
            self.last_state = self.state
        self.state = {"waiting": {"reason": reason, "message": message}}

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
            "started": self.running,
            "state": self.state,
            "lastState": self.last_state,
        }
        if self.container_id:
            status["containerID"] = self.container_id
        return status
