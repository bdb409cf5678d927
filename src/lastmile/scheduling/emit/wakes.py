"""When to wake up for a schedule, as five fields of plain cron.

`exact` expressions say the slots themselves. The others wake up on more days than there are slots:
what plain cron cannot say (the n-th workday, the last day, seconds, holidays, jitter) is left to
`lastmile schedule tick`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.rhythm import Cron, Part

_NAMES = {
    name: str(number)
    for names in (
        ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
        ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    )
    for number, name in enumerate(names)
    if name
}


@dataclass(frozen=True, slots=True)
class Wake:
    """Five fields: minute, hour, day, month, weekday (0 is Sunday)."""

    fields: tuple[str, str, str, str, str]
    exact: bool

    @property
    def text(self) -> str:
        """The fields as a crontab has them."""
        return " ".join(self.fields)


def wakes_of(file: ScheduleFile) -> list[Wake]:
    """When to wake up, in the zone of the schedule."""
    plain = not file.jitter and file.holidays is None
    found = [wake for part in file.rhythm.parts for wake in _of(part)]
    wakes = [Wake(wake.fields, wake.exact and plain) for wake in found]
    if file.jitter:  # the start comes up to so much later
        wakes.append(Wake(("*/5", "*", "*", "*", "*"), exact=False))
    return list(dict.fromkeys(wakes))


def _of(part: Part) -> Iterator[Wake]:
    if not isinstance(part, Cron):
        for at in part.times:
            yield Wake((str(at.minute), str(at.hour), "*", "*", "*"), exact=False)
        return
    fields = part.expression.lower().split()
    seconds = len(fields) == 6
    minute, hour, day, month, weekday = fields[-5:]
    for name, number in _NAMES.items():
        month = month.replace(name, number)
        weekday = weekday.replace(name, number)
    exact = not seconds
    if set(day) & set("lw?") or set(weekday) & set("l#?"):
        day, weekday, exact = "*", "*", False
    yield Wake((minute, hour, day, month, weekday), exact)


def in_utc(wakes: Iterable[Wake], zone: ZoneInfo, year: int) -> list[Wake]:
    """The same for those who know no zones: for each offset that the zone has in a year."""
    offsets = sorted(
        {
            (datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)).astimezone(zone).utcoffset()
            or timedelta()
            for day in range(366)
        }
    )
    found: list[Wake] = []
    for wake in wakes:
        minutes, hours = _numbers(wake.fields[0], 60), _numbers(wake.fields[1], 24)
        if len(hours) == 24:
            found.append(Wake((wake.fields[0], "*", "*", "*", "*"), exact=False))
            continue
        times = sorted(
            (shifted % 60, shifted // 60 % 24)
            for offset in offsets
            for hour in hours
            for minute in minutes
            for shifted in (60 * hour + minute - int(offset.total_seconds() // 60),)
        )
        for minute, same in groupby(dict.fromkeys(times), key=lambda time: time[0]):
            hour = ",".join(str(hour) for _, hour in same)
            found.append(Wake((str(minute), hour, "*", "*", "*"), exact=False))
    return list(dict.fromkeys(found))


def _numbers(field: str, count: int) -> list[int]:
    """The numbers that a field of minutes or hours stands for."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = 0 if span == "*" else int(first)
        end = count - 1 if span == "*" or (step and not last) else int(last or first)
        found.update(range(begin, end + 1, int(step or 1)))
    return sorted(found)


_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def calendar_of(wake: Wake, timezone: str) -> list[str]:
    """The same for `OnCalendar=` of systemd; two where cron means day or weekday."""
    minute, hour, day, month, weekday = wake.fields
    clock = f"{_spans(hour, '0')}:{_spans(minute, '0')}:00 {timezone}"
    months, days = _spans(month, "1"), _spans(day, "1")
    if weekday == "*":
        return [f"*-{months}-{days} {clock}"]
    named = ",".join(_named(part) for part in weekday.split(","))
    if weekday.startswith("*") or day.startswith("*"):
        return [f"{named} *-{months}-{days} {clock}"]
    return [f"*-{months}-{days} {clock}", f"{named} *-{months}-* {clock}"]


def _spans(field: str, first: str) -> str:
    """A field in systemd's words: `..` for a range, a first value before a step."""
    parts = []
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if span == "*" and slash:
            span = first
        parts.append(span.replace("-", "..") + slash + step)
    return ",".join(parts)


def _named(part: str) -> str:
    """Weekdays by their names; a step is written out."""
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if step:
        begin, end = (0, 6) if span == "*" else (int(first), int(last or 6))
        return ",".join(_DAYS[day] for day in range(begin, end + 1, int(step)))
    if not last:
        return _DAYS[int(first)]
    days = range(int(first), int(last) + 1)
    if int(first) == 0 and int(last) < 7:  # systemd's week begins on Monday
        return ",".join(_DAYS[day] for day in days)
    return f"{_DAYS[int(first)]}..{_DAYS[int(last)]}"
