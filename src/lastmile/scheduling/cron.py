"""Cron expressions: the wall times that one names, without a zone.

cronsim reads the fields, by the rules of Debian's cron, and says which dates they match.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from lastmile.scheduling.zones import passed, shown

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_CYCLE = date(2000, 1, 1), date(2399, 12, 31)  # then dates and weekdays are the same again
_ANY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields; of six where the first are seconds."""

    expression: str

    @classmethod
    def read(cls, text: str) -> "Cron":
        """The expression that a person wrote.

        Raises:
            ValueError: it is none, or no date matches it.
        """
        expression = MACROS.get(text.strip().lower(), " ".join(text.split()))
        fields = expression.split()
        try:
            CronSim(expression, _ANY)
        except CronSimError as error:
            if _asks_for_missing_days(fields):
                raise ValueError(_never(fields)) from error
            reason = str(error)[0].lower() + str(error)[1:]
            advice = "; five fields are needed: minute hour day month weekday"
            raise ValueError(
                f"not a cron expression: {reason}{advice if len(fields) not in (5, 6) else ''}"
            ) from error
        if len(fields) == 6 and not (fields[1].startswith("*") or fields[2].startswith("*")):
            raise ValueError("seconds (the first of six fields) only go with `*` minutes or hours")
        if next(_dates(expression, *_CYCLE), None) is None:
            raise ValueError(_never(fields))
        return cls(expression)

    @property
    def fixed(self) -> bool:
        """Whether these are fixed times, and not steps: see `zones`."""
        fields = self.expression.split()
        steps = len(fields) == 6 or fields[0].startswith("*") or fields[1].startswith("*")
        return not steps

    def instants(self, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants behind `after` up to `until`, in UTC, in order."""
        rule = passed if self.fixed else shown
        return rule(self.walls, after, until, zone)

    def walls(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """The wall times from `first` on and before `last`, in order."""
        minutes, seconds = _times(self.expression)
        for day in _dates(self.expression, first.date(), last.date()):
            midnight = datetime.combine(day, time())
            begin = bisect_right(minutes, first - midnight - timedelta(minutes=1))
            for minute, second in product(minutes[begin:], seconds):
                wall = midnight + minute + second
                if wall >= last:
                    return
                if wall >= first:
                    yield wall


def months(first: date, last: date) -> Iterator[tuple[int, int]]:
    """Year and month from those of `first` to those of `last`."""
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield number // 12, number % 12 + 1


@lru_cache(maxsize=1024)
def _parsed(expression: str) -> CronSim:
    return CronSim(expression, _ANY)


@lru_cache(maxsize=1024)
def _times(expression: str) -> tuple[Sequence[timedelta], Sequence[timedelta]]:
    """The minutes of a day, and the seconds of each of them."""
    fields = _parsed(expression)
    hours = product(sorted(fields.hours), sorted(fields.minutes))
    minutes = [timedelta(hours=hour, minutes=minute) for hour, minute in hours]
    return minutes, [timedelta(seconds=second) for second in sorted(fields.seconds)]


def _dates(expression: str, first: date, last: date) -> Iterator[date]:
    """The dates that match, from `first` to `last`."""
    fields = _parsed(expression)
    numbers = _numbers(fields)
    for year, month in months(first, last):
        if month in fields.months:
            length = monthrange(year, month)[1]
            days = (date(year, month, number) for number in numbers if number <= length)
            yield from (day for day in days if first <= day <= last and fields.match_day(day))


def _numbers(fields: CronSim) -> Sequence[int]:
    """The days of a month that may match; `L` and `LW` are among the last six."""
    if not fields.day_and:
        return range(1, 32)
    ends = range(26, 32) if min(fields.days) < 1 else ()
    return sorted({*ends, *(number for number in fields.days if number > 0)})


def _asks_for_missing_days(fields: Sequence[str]) -> bool:
    """Whether the fields are right, but no such month has such a day."""
    try:
        CronSim(" ".join((*fields[:-2], "*", fields[-1])), _ANY)
        CronSim(f"0 0 1 {fields[-2]} *", _ANY)
    except (CronSimError, IndexError):
        return False
    return True


def _never(fields: Sequence[str]) -> str:
    names = ("day of month", "month", "weekday")
    named = [f"{n} `{f}`" for n, f in zip(names, fields[-3:], strict=True) if f != "*"]
    return f"never due: no date has {', '.join(named[:-1])} and {named[-1]}"
