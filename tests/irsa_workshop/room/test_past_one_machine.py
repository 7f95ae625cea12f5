"""The values for Zero to JupyterHub: their form, and what a hub does that is set up by them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from irsa_course.jupyter import FIRST_NOTEBOOK
from irsa_workshop.room import services
from irsa_workshop.room.learner import FIELD, Learner
from irsa_workshop.room.setting import new_secret, new_word
from irsa_workshop.room.trial import free_ports
from tests.irsa_workshop.room.test_image import (
    ROOT,
    SECONDS,
    USER,
    command,
    here,
    unclosable,
    variables,
    wait_until_nothing_runs,
)

VALUES = yaml.safe_load((ROOT / "workshop" / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
TEXT = (ROOT / "workshop" / "past-one-machine.md").read_text(encoding="utf-8")


def closed(**properties: Any) -> dict[str, Any]:
    """An object that may have these members alone."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


TEXT_OR_NOTHING = {"type": ["string", "null"]}
AMOUNT = {"type": ["number", "string", "null"]}
WHOLE = {"type": ["integer", "null"]}
YES_OR_NO = {"type": "boolean"}
# The part that the values use. Source: the chart's own values.schema.yaml, which `helm` holds them
# against at each install, and which knows no other members either.
SCHEMA = closed(
    hub=closed(config={"type": "object"}),
    singleuser=closed(
        image=closed(name={"type": "string"}, tag={"type": "string"}),
        cmd={"type": ["array", "string", "null"]},
        uid=WHOLE,
        fsGid=WHOLE,
        defaultUrl=TEXT_OR_NOTHING,
        startTimeout=WHOLE,
        storage=closed(
            type={"enum": ["dynamic", "static", "none"]},
            capacity=TEXT_OR_NOTHING,
            homeMountPath={"type": "string"},
            extraVolumes={"type": "array"},
            extraVolumeMounts={"type": "array"},
        ),
        memory=closed(limit=AMOUNT, guarantee=AMOUNT),
        cpu=closed(limit=AMOUNT, guarantee=AMOUNT),
        networkPolicy=closed(
            egressAllowRules=closed(
                cloudMetadataServer=YES_OR_NO,
                dnsPortsCloudMetadataServer=YES_OR_NO,
                nonPrivateIPs=YES_OR_NO,
                privateIPs=YES_OR_NO,
            )
        ),
    ),
    cull=closed(timeout={"type": "integer"}, every={"type": "integer"}),
    scheduling=closed(userPlaceholder=closed(replicas={"type": "integer"})),
)


def test_the_values_have_the_charts_form() -> None:
    jsonschema.validate(VALUES, SCHEMA)


def test_the_values_fit_the_image() -> None:
    seat = VALUES["singleuser"]
    assert seat["cmd"] is None, "the image's own"
    assert seat["storage"]["homeMountPath"] == variables()["HOME"]
    assert seat["defaultUrl"] == f"/lab/tree/{FIRST_NOTEBOOK}"
    assert {"name": "scratch", "mountPath": "/tmp"} in seat["storage"]["extraVolumeMounts"]


def test_the_text_the_values_and_the_workflow_name_one_version_of_the_chart() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    head = (ROOT / "workshop" / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8")
    named = [re.findall(r"(?:--version|version) (\d+\.\d+\.\d+)", it) for it in (TEXT, head)]
    [version] = {each for names in named for each in names}
    assert f"--version {version}" in workflow


CONFIG = """
import json
told = json.loads({told!r})
c = get_config()
for name, values in told["config"].items():
    c[name].update(values)
c.SharedPasswordAuthenticator.user_password = told["word"]
c.SharedPasswordAuthenticator.admin_password = told["instructor_word"]
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = told["home"]
c.Spawner.cmd = told["command"]
c.Spawner.environment = told["variables"]
c.Spawner.default_url = told["page"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 90
c.JupyterHub.bind_url = told["url"]
c.JupyterHub.hub_bind_url = told["hub"]
c.ConfigurableHTTPProxy.command = told["proxy"]
c.ConfigurableHTTPProxy.api_url = told["proxy_api"]
"""


@pytest.fixture
def hub() -> Iterator[tuple[str, str]]:
    """Address and word of a hub with the values' settings, whose seats are the image's command."""
    with ExitStack() as stack:
        home, temporary, place = (
            Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)
        )
        port, word = free_ports(), new_word()
        described = {
            "config": VALUES["hub"]["config"],
            "word": word,
            "instructor_word": new_secret(),
            "home": str(home),
            "command": _seat(home, temporary),
            "variables": here(variables(), home),
            "page": VALUES["singleuser"]["defaultUrl"],
            "url": f"http://127.0.0.1:{port}",
            "proxy": [services.node(), str(services.proxy_program(ROOT))],
            "proxy_api": f"http://127.0.0.1:{port + 1}",
            "hub": f"http://127.0.0.1:{port + 2}",
        }
        config = place / "jupyterhub_config.py"
        config.write_text(CONFIG.format(told=json.dumps(described)), encoding="utf-8")
        log = stack.enter_context((place / "hub.log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", f"--config={config}"],
            cwd=place,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(f"{described['url']}/hub/login", process, place / "hub.log")
            yield described["url"], word
        finally:
            process.terminate()
            process.wait(SECONDS)
            wait_until_nothing_runs()


def _seat(home: Path, temporary: Path) -> list[str]:
    """The image's command; in a closed file system where that can be had."""
    if unclosable():
        return command()
    for folder in (home, temporary):
        os.chown(folder, USER, USER)
    apart = [sys.executable, str(ROOT / "tests/irsa_workshop/room/contained.py")]
    return ["unshare", "--mount", *apart, str(home), str(temporary), str(USER), *command()]


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])


def test_a_hub_of_these_values_seats_a_learner_in_the_image(hub: tuple[str, str]) -> None:
    url, word = hub

    async def look() -> tuple[int, str, str]:
        async with Learner(url) as learner:
            refused = await _come_in(learner, "a guess")
            assert await _come_in(learner, word) == 302
            page = await learner.sit_down()
            await learner.open(FIRST_NOTEBOOK)
            return (
                refused,
                page,
                await learner.run(
                    "from irsa_helpers import connect\n"
                    "connect().aws('sts').get_caller_identity()['Account']"
                ),
            )

    refused, page, account = asyncio.run(look())
    assert refused == 403
    assert page.endswith(f"/user/ana/lab/tree/{FIRST_NOTEBOOK}")
    assert "1111" in account


async def _come_in(learner: Learner, word: str) -> int:
    """The status with which the hub answers a name and a word."""
    async with learner.http.get(f"{learner.url}/hub/login") as page:
        found = FIELD.search(await page.text())
    assert found
    form = {"_xsrf": found[1], "username": "ana", "password": word}
    address = f"{learner.url}/hub/login"
    async with learner.http.post(address, data=form, allow_redirects=False) as answer:
        return answer.status
