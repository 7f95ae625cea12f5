"""What is said of a machine before the day."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from irsa_helpers.cli import main
from irsa_helpers.errors import IrsaLabError
from irsa_workshop.room import preflight, setting
from irsa_workshop.room.preflight import CHANGE, NO, OK, Plan

ROOT = Path(__file__).parents[3]


def plan(**changed: object) -> Plan:
    usual = {"project": ROOT, "seats": 2, "host": "127.0.0.1", "port": 31990, "path": "30"}
    return Plan(**(usual | changed))  # type: ignore[arg-type]


@pytest.fixture
def listening() -> Iterator[int]:
    """A port that somebody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_named(listening: int) -> None:
    found = preflight.ports(plan(port=listening - 1))
    assert found.state == NO
    assert str(listening) in found.found


def test_too_many_seats_for_the_memory_are_counted() -> None:
    found = preflight.memory(plan(seats=100_000))
    assert found.state == NO
    most = int(found.next_step.rsplit("=", 1)[1])
    assert 0 < most < psutil.virtual_memory().total / 2**20 / setting.SEAT_MEBIBYTES
    assert preflight.memory(plan(seats=1)).state == OK


def test_few_processors_for_many_seats_are_a_change() -> None:
    assert preflight.processors(plan(seats=100_000)).state == CHANGE
    assert preflight.processors(plan(seats=1)).state == OK


def test_loopback_lets_nobody_else_in() -> None:
    found = preflight.way_in(plan())
    assert found.state == CHANGE
    assert "HOST=0.0.0.0" in found.next_step


def test_another_path_is_refused() -> None:
    with pytest.raises(IrsaLabError, match=r"one of 30, 60, 90, half-day"):
        preflight.steps(plan(path="45"))


def test_the_command_ends_with_what_it_comes_to(listening: int) -> None:
    usual = ["preflight", "--seats", "2", "--no-run", "--port"]
    said = CliRunner().invoke(main, [*usual, str(listening)]).output
    assert said.splitlines()[-1] == "A room of 2 will not do here yet: change what says no."
    refused = CliRunner().invoke(main, [*usual, str(listening), "--path", "45"])
    assert refused.exit_code == 1
    assert "ports" not in refused.output, "a path that is none is said before anything else"


def test_the_command_tells_a_program_and_fails_where_the_room_would(listening: int) -> None:
    asked = ["preflight", "--seats", "2", "--no-run", "--json", "--port", str(listening)]
    result = CliRunner().invoke(main, asked)
    found = {each["name"]: each["state"] for each in json.loads(result.output)}
    assert result.exit_code == 1
    assert found["ports"] == NO
    assert found["system"] == (OK if sys.platform == "linux" else NO)
