"""A container's log is written line by line with times, and read as `kubectl logs` asks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from irsa_sandbox.clock import Clock
from irsa_sandbox.kubelet.containers import logs
from irsa_sandbox.kubelet.containers.logs import ContainerLog, LogOptions, read

OUT, ERR = 1, 2


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ContainerLog]:
    made = ContainerLog(tmp_path / "app.0.log", Clock())
    yield made
    made.close()


def text_of(log: ContainerLog, **options: object) -> str:
    """What a reader gets of the log as it stands."""

    async def gather() -> bytes:
        wanted = LogOptions(**options)  # type: ignore[arg-type]
        return b"".join([part async for part in read(log.path, wanted, log)])

    return asyncio.run(gather()).decode()


def test_both_streams_stand_in_order_of_their_time(log: ContainerLog) -> None:
    log.write(OUT, b"one\n")
    log.write(ERR, b"two\n")
    assert text_of(log) == "one\ntwo\n"
    assert [line.split()[1] for line in log.path.read_text().splitlines()] == ["stdout", "stderr"]


def test_a_line_comes_when_it_is_complete(log: ContainerLog) -> None:
    log.write(OUT, b"be")
    assert text_of(log) == ""
    log.write(OUT, b"gun\nnext")
    assert text_of(log) == "begun\n"


def test_a_last_line_without_an_end_gets_none(log: ContainerLog) -> None:
    log.write(OUT, b"prompt> ")
    log.close()
    assert text_of(log) == "prompt> "


def test_a_line_of_any_length_is_whole_to_the_reader(log: ContainerLog) -> None:
    log.write(OUT, b"x" * 100_000 + b"\n")
    assert text_of(log) == "x" * 100_000 + "\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tail": 1}, "three\n"),
        ({"tail": 0}, ""),
        ({"tail": 9}, "one\ntwo\nthree\n"),
        ({"limit_bytes": 5}, "one\nt"),
        ({"since": b"9999"}, ""),
    ],
)
def test_a_part_of_the_log_can_be_asked_for(
    log: ContainerLog, options: dict[str, object], expected: str
) -> None:
    log.write(OUT, b"one\ntwo\nthree\n")
    assert text_of(log, **options) == expected


def test_since_seconds_is_measured_by_the_sandboxes_clock(tmp_path: Path) -> None:
    clock = Clock()
    log = ContainerLog(tmp_path / "log", clock)
    log.write(OUT, b"old\n")
    clock.advance(3600)
    log.write(OUT, b"new\n")
    log.close()
    options = LogOptions.from_query({"sinceSeconds": "60"}, clock.now())
    assert text_of(log, since=options.since) == "new\n"


def test_a_time_can_stand_before_each_line(log: ContainerLog) -> None:
    log.write(OUT, b"one\n")
    stamp, _, text = text_of(log, timestamps=True).partition(" ")
    assert text == "one\n"
    assert abs((datetime.fromisoformat(stamp) - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("query", [{"tailLines": "x"}, {"sinceSeconds": ""}, {"sinceTime": "now"}])
def test_options_that_are_no_numbers_or_times_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        LogOptions.from_query(query, datetime.now(UTC))


def test_who_follows_gets_each_line_and_comes_to_the_end(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        log = ContainerLog(tmp_path / "log", Clock())
        log.write(OUT, b"one\n")
        parts = read(log.path, LogOptions(follow=True), log)
        got = await anext(parts)
        log.write(OUT, b"two\n")
        got += await anext(parts)
        log.close()
        return got + b"".join([part async for part in parts])

    assert asyncio.run(scenario()) == b"one\ntwo\n"


def test_a_log_is_limited_and_who_follows_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 100)

    async def scenario() -> bytes:
        log = ContainerLog(tmp_path / "app.log", Clock())
        log.write(OUT, b"first\n")
        parts = read(log.path, LogOptions(follow=True), log)
        got = await anext(parts)
        log.write(OUT, b"x" * 100 + b"\n")
        got += await anext(parts)
        log.write(OUT, b"last\n")
        got += await anext(parts)
        log.close()
        return got

    assert asyncio.run(scenario()) == b"first\n" + b"x" * 100 + b"\nlast\n"
    assert (tmp_path / "app.log").stat().st_size < 100
