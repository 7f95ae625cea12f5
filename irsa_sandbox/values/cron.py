"""Schedules in cron's five fields, as a CronJob has them.

Source: Kubernetes documentation, "CronJob: Schedule syntax"; the refusals are worded as those of
robfig/cron v3, which Kubernetes reads schedules with. Libraries such as cronsim follow Debian's
cron: they take `0 0 * * 7` and `L`, which Kubernetes refuses, refuse `?`, `+5` and `@every`, read
`*/2` of days beside a weekday in another way, and run at 3:00 what falls into the hour that summer
time leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "
# As robfig/cron: a schedule that does not come up in five years never does, such as 30 February.
_DAYS_AHEAD = 5 * 366
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001, "µs": 0.000001, "ns": 1e-9}
_PART = r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)"


@dataclass(frozen=True)
class _Bounds:
    """What a field may hold."""

    least: int
    most: int
    names: Mapping[str, int] = field(default_factory=dict)


_FIELDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Bounds(0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


@dataclass(frozen=True)
class Schedule:
    """The minutes at which something is due; or every so many seconds, where `every` says so."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    # Of two restricted fields for days one is enough; a star restricts nothing.
    either_day: bool = False
    every: float = 0.0

    def after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The first due moment after `moment`, by the clocks of a time zone; None for never."""
        if self.every:
            return moment.replace(microsecond=0) + timedelta(seconds=self.every)
        local = moment.astimezone(zone)
        for ahead in range(_DAYS_AHEAD):
            day = local.date() + timedelta(days=ahead)
            if day.month in self.months and self._has_day(day):
                for hour in sorted(self.hours if ahead else self._hours_from(local.hour)):
                    for minute in sorted(self.minutes):
                        due = datetime.combine(day, time(hour, minute), zone)
                        if _exists(due) and due.astimezone(UTC) > moment:
                            return due
        return None

    def latest(self, since: datetime, until: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The last due moment after `since` and not after `until`; None where there is none."""
        if self.every:
            passed = (until - since).total_seconds() // self.every
            return since + timedelta(seconds=passed * self.every) if passed >= 1 else None
        back = timedelta(minutes=1)
        while True:
            # From the end, in longer and longer steps: a moved clock may have left out thousands.
            start = max(since, until - back)
            latest, due = None, self.after(start, zone)
            while due and due <= until:
                latest, due = due, self.after(due, zone)
            if latest or start == since:
                return latest
            back *= 2

    def _hours_from(self, first: int) -> set[int]:
        return {hour for hour in self.hours if hour >= first}

    def _has_day(self, day: date) -> bool:
        in_month = day.day in self.days
        in_week = day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either_day else in_month and in_week


def parse(text: str) -> Schedule:
    """The schedule of a text such as `*/5 * * * mon-fri`, `@daily` or `@every 90s`.

    Raises ValueError, in robfig/cron's words, for a text that is none.
    """
    if not text:
        raise ValueError("empty spec string")
    if text.startswith("@"):
        if text.startswith(_EVERY):
            return Schedule(every=max(1.0, _seconds(text.removeprefix(_EVERY)) // 1))
        if text not in DESCRIPTORS:
            raise ValueError(f"unrecognized descriptor: {text}")
        text = DESCRIPTORS[text]
    parts = text.split()
    if len(parts) != len(_FIELDS):
        listed = " ".join(parts)
        raise ValueError(f"expected exactly {len(_FIELDS)} fields, found {len(parts)}: [{listed}]")
    minutes, hours, days, months, weekdays = map(_values, parts, _FIELDS)
    either_day = not _is_star(parts[2]) and not _is_star(parts[4])
    return Schedule(minutes, hours, days, months, weekdays, either_day)


def _exists(due: datetime) -> bool:
    """Whether the clocks show that time at all: they skip an hour when summer time begins."""
    return due.astimezone(UTC).astimezone(due.tzinfo).replace(tzinfo=None) == due.replace(
        tzinfo=None
    )


def _is_star(text: str) -> bool:
    return any(
        part.partition("/")[0] in {"*", "?"} and part[1:] in {"", "/1"} for part in text.split(",")
    )


def _values(text: str, bounds: _Bounds) -> frozenset[int]:
    """The numbers that a field names, as in `1,5-9,*/15`."""
    return frozenset(number for part in text.split(",") if part for number in _range(part, bounds))


def _range(part: str, bounds: _Bounds) -> range:
    span, *steps = part.split("/")
    first, *others = span.split("-")
    if first in {"*", "?"}:
        start, end = bounds.least, bounds.most
    else:
        if len(others) > 1:
            raise ValueError(f"too many hyphens: {part}")
        start = _number(first, bounds.names)
        end = _number(others[0], bounds.names) if others else start
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {part}")
    step = _number(steps[0], {}) if steps else 1
    if steps and not others:
        end = bounds.most
    if start < bounds.least:
        raise ValueError(f"beginning of range ({start}) below minimum ({bounds.least}): {part}")
    if end > bounds.most:
        raise ValueError(f"end of range ({end}) above maximum ({bounds.most}): {part}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {part}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {part}")
    return range(start, end + 1, step)


def _number(text: str, names: Mapping[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        why = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise ValueError(f"failed to parse int from {text}: {why}")
    if int(text) < 0:
        raise ValueError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def _seconds(text: str) -> float:
    """Go's durations, such as `1h30m`."""
    if not re.fullmatch(f"({_PART})+", text):
        why = f'time: invalid duration "{text}"'
        raise ValueError(f"failed to parse duration {_EVERY}{text}: {why}")
    return sum(float(amount) * _UNITS[unit] for amount, unit in re.findall(_PART, text))
