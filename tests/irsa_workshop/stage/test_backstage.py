"""The world of a story, made anew."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from irsa_helpers.ground.state import SEED_VARIABLE
from irsa_helpers.worlds import forks, launch
from irsa_workshop.stage.backstage import Backstage, worlds_ready
from irsa_workshop.stage.model import NOTHING, Scene

SCENE = Scene(title="Anew", minutes=1, given=NOTHING, steps=())
SEED = 4
SECONDS = 60


@pytest.fixture
def backstage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstage]:
    """The world of a story, which ends with the test."""
    monkeypatch.setenv(SEED_VARIABLE, str(SEED))
    yield Backstage(tmp_path / "home", tmp_path, SEED)
    launch.stop_sandbox(tmp_path / "home")


def ids(backstage: Backstage) -> tuple[str, str]:
    """Ids that the world has made up: of a cluster's object and of an account's."""
    world = backstage.world()
    account = world.resource("v1", "ServiceAccount").get(name="default", namespace="default")
    role = world.aws("iam").get_role(RoleName="enginrect-node-role")["Role"]
    return account.metadata.uid, role["RoleId"]


@pytest.mark.skipif(sys.platform != "linux", reason="forks are Linux's")
@pytest.mark.usefixtures("plain_starts")
def test_a_new_world_is_a_fork_with_the_same_ids(backstage: Backstage) -> None:
    first = ids(backstage)
    with worlds_ready():
        deadline, ready = time.monotonic() + SECONDS, Path(os.environ[forks.VARIABLE])
        while not (ready / "sandbox.sock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        backstage.renew(SCENE)
        assert ids(backstage) == first
        parent = psutil.Process(backstage.world().sandbox["pid"]).parent()
        assert parent is not None
        assert "irsa_workshop.room.zygote" in parent.cmdline()
