"""Schedules: when they are due, and how a wrong one is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irsa_sandbox.values import cron

# A Wednesday.
START = datetime(2026, 11, 25, 19, 4, 30, tzinfo=UTC)
SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-11-25 19:05"),
        ("*/15 * * * *", "2026-11-25 19:15"),
        ("4/20 * * * *", "2026-11-25 19:24"),
        ("0 3 * * *", "2026-11-26 03:00"),
        ("30 9-17/4 * * mon-fri", "2026-11-26 09:30"),
        ("0 0 1 JAN *", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("5,10 20 * * *", "2026-11-25 20:05"),
        # Of two restricted fields for days, one is enough; a star restricts nothing.
        ("0 0 1 * sat", "2026-11-28 00:00"),
        ("0 0 13 * ?", "2026-12-13 00:00"),
        ("0 0 */7 * *", "2026-11-29 00:00"),
        ("0 0 */7 * sun", "2026-11-29 00:00"),
        ("0 0 */1 * sat", "2026-11-28 00:00"),
        ("@hourly", "2026-11-25 20:00"),
        ("@daily", "2026-11-26 00:00"),
        ("@weekly", "2026-11-29 00:00"),
        ("@monthly", "2026-12-01 00:00"),
        ("@yearly", "2027-01-01 00:00"),
    ],
)
def test_the_next_time(text: str, expected: str) -> None:
    due = cron.parse(text).after(START)
    assert due is not None
    assert due.strftime("%Y-%m-%d %H:%M") == expected


def test_a_day_that_never_comes_is_never_due() -> None:
    assert cron.parse("0 0 30 2 *").after(START) is None


def test_a_time_zone_has_clocks_of_its_own() -> None:
    due = cron.parse("0 9 * * *").after(START, SEOUL)
    assert due is not None
    assert due.astimezone(UTC) == datetime(2026, 11, 26, 0, 0, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_left_out() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    due = cron.parse("30 2 * * *").after(before, BERLIN)
    assert due is not None
    assert due.strftime("%Y-%m-%d %H:%M") == "2026-03-30 02:30"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty spec string"),
        ("every minute", "expected exactly 5 fields, found 2: [every minute]"),
        ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* 9-5 * * *", "beginning of range (9) beyond end of range (5): 9-5"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/2/3 * * * *", "too many slashes: */2/3"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        (
            "* * * foo *",
            'failed to parse int from foo: strconv.Atoi: parsing "foo": invalid syntax',
        ),
        ("@fortnightly", "unrecognized descriptor: @fortnightly"),
        (
            "@every soon",
            'failed to parse duration @every soon: time: invalid duration "soon"',
        ),
    ],
)
def test_a_wrong_schedule_is_refused_in_the_words_of_the_real_one(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - its text is what is tested
        cron.parse(text)
    assert str(refusal.value) == said


@settings(deadline=None, max_examples=40)
@given(
    text=st.sampled_from(["* * * * *", "*/7 3-5 * * *", "0 0 1 * mon", "@hourly", "@every 90s"]),
    passed=st.integers(min_value=0, max_value=900),
)
def test_the_latest_time_is_the_last_of_all_that_were_due(text: str, passed: int) -> None:
    schedule, until = cron.parse(text), START + timedelta(minutes=passed)
    last, due = None, schedule.after(START)
    while due is not None and due <= until:
        last, due = due, schedule.after(due)
    assert schedule.latest(START, until) == last
