"""A rhythm: the instants at which something is due, before holidays and jitter.

A cron expression, or what cron cannot say: the n-th workday of a month. Both name wall times; at
which instants clocks show these, and by which rule where clocks are changed, is said in `zones`.
"""

import heapq
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from lastmile.scheduling.cron import Cron, months
from lastmile.scheduling.workdays import Holidays, is_workday
from lastmile.scheduling.zones import passed

_CENTURY = date(2000, 1, 1), date(2099, 12, 31)  # holidays are known no further


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdays:
    """Each workday, or the `nth` of each of `months` (from 1; from the end from -1)."""

    times: tuple[time, ...]
    nth: int | None = None
    months: tuple[int, ...] = tuple(range(1, 13))
    holidays: Holidays | None = None

    fixed = True

    def instants(self, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants behind `after` up to `until`, in UTC, in order."""
        return passed(self.walls, after, until, zone)

    def walls(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """The wall times from `first` on and before `last`, in order."""
        for day in self._dates(first.date(), last.date()):
            walls = (datetime.combine(day, at) for at in sorted(self.times))
            yield from (wall for wall in walls if first <= wall < last)

    @property
    def possible(self) -> bool:
        """Whether there is any such day."""
        return next(self._dates(*_CENTURY), None) is not None

    def _dates(self, first: date, last: date) -> Iterator[date]:
        for year, month in months(first, last):
            if month in self.months:
                yield from (day for day in self._of(year, month) if first <= day <= last)

    def _of(self, year: int, month: int) -> Iterator[date]:
        length = monthrange(year, month)[1]
        numbers = range(1, length + 1) if (self.nth or 1) > 0 else range(length, 0, -1)
        days = (date(year, month, number) for number in numbers)
        workdays = (day for day in days if is_workday(day, self.holidays))
        return workdays if self.nth is None else islice(workdays, abs(self.nth) - 1, abs(self.nth))


Part = Cron | Workdays


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Several parts together."""

    parts: tuple[Part, ...]

    def between(self, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants behind `after` up to `until`, in UTC, each once, in order."""
        merged = heapq.merge(*(part.instants(after, until, zone) for part in self.parts))
        return (at for at, _same in groupby(merged))

    def has_fixed(self, first: datetime, last: datetime) -> bool:
        """Whether a fixed time lies between two wall times, the first included."""
        return any(part.fixed and any(part.walls(first, last)) for part in self.parts)
