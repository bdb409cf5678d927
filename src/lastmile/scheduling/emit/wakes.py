"""When to wake up for a schedule, as five fields of plain cron.

`exact` expressions say the slots themselves. The others wake up on more days than there are slots:
what plain cron cannot say (the n-th workday, the last day, seconds, holidays, jitter) is left to
`lastmile schedule tick`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from lastmile.scheduling.cron import Cron
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.rhythm import Part
from lastmile.scheduling.zones import Span, spans

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
    offsets = {span.offset for span in spans(*_year(year, 1), zone)}
    found: list[Wake] = []
    for wake in wakes:
        walls = [
            timedelta(hours=hour, minutes=minute)
            for hour in _numbers(wake.fields[1], 24)
            for minute in _numbers(wake.fields[0], 60)
        ]
        found += _at({_time_of_day(wall - offset) for wall in walls for offset in offsets})
    return list(dict.fromkeys(found))


def at_changes(wakes: Iterable[Wake], zone: ZoneInfo, year: int) -> list[Wake]:
    """When to wake up besides where clocks are changed, in UTC, in that year and the next.

    For those who leave out a time that clocks leave out, and wake up once for one that comes twice.
    """
    months: dict[int, set[tuple[int, int]]] = {}
    for old, new in pairwise(spans(*_year(year, 2), zone)):
        times = {at for wake in wakes for at in _at_change(wake, old, new)}
        months.setdefault(new.begin.month, set()).update(times)
    return [wake for month, times in sorted(months.items()) for wake in _at(times, str(month))]


def _at_change(wake: Wake, old: Span, new: Span) -> Iterator[tuple[int, int]]:
    (_, last), (first, _) = old.walls, new.walls
    steps = any(field.startswith("*") for field in wake.fields[:2])
    wall, end = (first, last) if steps else (last, first)  # shown again, or left out
    hours, minutes = _numbers(wake.fields[1], 24), _numbers(wake.fields[0], 60)
    while wall < end:
        if wall.hour in hours and wall.minute in minutes:
            at = new.instant(wall) if steps else new.begin
            yield at.hour, at.minute
        wall += timedelta(minutes=1)


def _year(first: int, count: int) -> tuple[datetime, datetime]:
    return datetime(first, 1, 1, tzinfo=UTC), datetime(first + count, 1, 1, tzinfo=UTC)


def _time_of_day(at: timedelta) -> tuple[int, int]:
    minutes = int(at.total_seconds() // 60)
    return minutes // 60 % 24, minutes % 60


def _at(times: Iterable[tuple[int, int]], month: str = "*") -> Iterator[Wake]:
    """Hours and minutes as few expressions."""
    hours: dict[int, list[int]] = {}
    for hour, minute in sorted(times):
        hours.setdefault(minute, []).append(hour)
    for same in sorted({tuple(of_minute) for of_minute in hours.values()}):
        minutes = [
            minute for minute, of_minute in sorted(hours.items()) if tuple(of_minute) == same
        ]
        yield Wake((_listed(minutes, 60), _listed(same, 24), "*", month, "*"), exact=False)


def _listed(numbers: Sequence[int], count: int) -> str:
    return "*" if len(numbers) == count else ",".join(map(str, numbers))


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
