"""The world of a story, brought to where a scene begins; and the commands that run in it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import click

from irsa_helpers import course, oidc, roles
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground.state import SEED_VARIABLE
from irsa_helpers.worlds import environment, forks, launch
from irsa_helpers.worlds.sandbox import SandboxWorld
from irsa_workshop.room import zygote
from irsa_workshop.stage.model import NOTHING

if TYPE_CHECKING:
    from irsa_workshop.stage.model import Scene


@contextmanager
def worlds_ready() -> Iterator[None]:
    """A new world is a fork of a program that has loaded all of it; a room has one for everybody.

    Until that has loaded, and elsewhere than on Linux, a world starts as any sandbox does.
    """
    if sys.platform != "linux" or forks.VARIABLE in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="irsa-lab-forks-") as folder:
        quiet = subprocess.DEVNULL
        program = zygote.prepare("sandbox", Path(folder), output=quiet, bound=True)
        os.environ[forks.VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[forks.VARIABLE]
            program.terminate()
            program.communicate()


class Backstage:
    """A sandbox of the story's own: what a learner has built in another is not touched.

    `home` is its folder, `folder` the one in which commands run; the same `seed` gives the same
    names and ids. With `browser` the console's page is opened, and not its address told alone.
    """

    def __init__(self, home: Path, folder: Path, seed: int, *, browser: bool = False) -> None:
        self._home, self._folder, self._seed = home, folder, seed
        self._browser = browser
        self._world: SandboxWorld | None = None
        self._variables: dict[str, str] = {}

    def world(self) -> SandboxWorld:
        """The story's world, started where it does not run."""
        if self._world is None:
            os.environ[SEED_VARIABLE] = str(self._seed)
            self._world = SandboxWorld(launch.ensure_sandbox(self._home))
            self._variables = environment.process_environment(self._world.sandbox)
        return self._world

    def renew(self, scene: Scene) -> None:
        """A new world stands as the scene needs it, whatever was done in the old one."""
        launch.reset_sandbox(self._home)
        self._world = None
        self.prepare(scene)

    def prepare(self, scene: Scene) -> None:
        """What the scene needs is there; what is there already stays.

        Raises IrsaLabError where one of its `before` commands fails.
        """
        world = self.world()
        course.catch_up(world, None if scene.given == NOTHING else scene.given)
        # Asked once a scene: where the sandbox ends, the command that needs it says so.
        called = names(world)
        self._variables |= called
        for name, text in scene.files.items():
            written = Template(text).safe_substitute(called)
            (self._folder / name).write_text(written, encoding="utf-8")
        for command in scene.before:
            done = self._unseen(command)
            if done.returncode:
                raise IrsaLabError(
                    f"{scene.title!r} cannot begin: {command}\n{done.stdout}{done.stderr}",
                    next_step="a `before` command must work in any world that has its `given`",
                )

    async def run(self, command: str, show: Callable[[str], None]) -> int:
        """Run a command, hand on what it prints, and return its exit status.

        Where it is cancelled the command's processes are ended.
        """
        process = await asyncio.create_subprocess_exec(
            *self._words(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            cwd=self._folder,
            env=self._variables,
        )
        assert process.stdout
        try:
            async for line in process.stdout:
                show(line.decode("utf-8", "replace"))
            return await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)

    def show_console(self) -> str:
        """Open the console's page where a browser is wanted; returns its address."""
        address = self.world().console_url(projector=True)
        if self._browser:
            click.launch(address)
        return address

    def shell(self) -> None:
        """A shell for what nobody rehearsed; returns when it is left."""
        subprocess.run([os.environ.get("SHELL", "sh")], cwd=self._folder, env=self._variables)

    def _words(self, command: str) -> list[str]:
        return ["sh", "-c", command]

    def _unseen(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._words(command),
            capture_output=True,
            text=True,
            cwd=self._folder,
            env=self._variables,
            timeout=60,
        )


def names(world: SandboxWorld) -> dict[str, str]:
    """What a scene's commands and files may call by name, as in `$BUCKET`."""
    bucket = course.bucket_name(world)
    return {
        "ACCOUNT": world.cluster.account_id,
        "BUCKET": bucket,
        "ISSUER": oidc.issuer_url(world),
        "ISSUER_HOST": oidc.issuer_url(world).removeprefix("https://"),
        "PROVIDER": oidc.provider_arn(world),
        "ROLE_ARN": roles.role_arn(world, course.ROLE),
        "TRUST_POLICY": json.dumps(course.trust_policy(world), indent=2),
        "READ_BUCKET": json.dumps(roles.build_bucket_read_policy(bucket), indent=2),
    }
