"""What the README tells people to type works as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from irsa_helpers.worlds import environment

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]


def test_the_first_screen_has_the_two_commands_and_the_picture() -> None:
    first = README.splitlines()[:18]
    assert any(line.startswith("make lab") for line in first)
    assert any(line.startswith("make tour") for line in first)
    assert any("notebooks/images/handshake-live.png" in line for line in first)


def test_the_picture_moves_and_is_small() -> None:
    picture = (ROOT / "notebooks" / "images" / "handshake-live.png").read_bytes()
    assert b"acTL" in picture, "a PNG of several frames has this chunk"
    assert len(picture) < 500_000


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)
    missing = [t for t in targets if not t.startswith("https://") and not (ROOT / t).exists()]
    assert missing == []


def test_it_is_short() -> None:
    assert len(README.split()) < 700


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_each_make_target_exists(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_terminal_section_runs(sandbox: dict[str, Any], world: Any) -> None:
    from irsa_helpers.course import catch_up

    catch_up(world, through="deployment")
    [block] = [each for each in BLOCKS if 'eval "$(irsa-lab env)"' in each]
    variables = environment.process_environment(sandbox)
    answer = subprocess.run(
        ["sh", "-e", "-c", block],
        env=variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    for word in ("enginrect-sa", "s3-access-app", ":user/enginrect", "enginrect-data", "kubelet"):
        assert word in answer.stdout
