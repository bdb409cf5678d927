"""A rhythm: the instants at which something is due, before holidays and jitter.

cronsim computes cron expressions with the rules of Debian's cron where clocks are changed: a fixed
time that is left out comes right behind the gap, one that comes twice counts once; an expression
whose minute or hour begins with `*` follows the clock as it is. What cron cannot say, the n-th
workday of a month, is computed here by the same rules.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from lastmile.scheduling.workdays import Holidays, is_workday
from lastmile.scheduling.zones import instant, offset_at

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_SHIFT = timedelta(hours=26)  # more than clocks were ever set on or back


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields; of six where the first are seconds."""

    expression: str

    @classmethod
    def read(cls, text: str) -> "Cron":
        """The expression that a person wrote.

        Raises:
            ValueError: it is none.
        """
        expression = MACROS.get(text.strip().lower(), " ".join(text.split()))
        fields = expression.split()
        try:
            CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            reason = str(error)[0].lower() + str(error)[1:]
            advice = "; five fields are needed: minute hour day month weekday"
            raise ValueError(
                f"not a cron expression: {reason}{advice if len(fields) not in (5, 6) else ''}"
            ) from error
        if len(fields) == 6 and not (fields[1].startswith("*") or fields[2].startswith("*")):
            raise ValueError("seconds (the first of six fields) only go with `*` minutes or hours")
        return cls(expression)

    def instants(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """All instants behind `after`, in UTC, in order."""
        changes = offset_at(after - _SHIFT, zone) != offset_at(after + _SHIFT, zone)
        # A wall clock alone does not say which of two equal hours it is in: begin before both.
        begin = after - _SHIFT if changes else after
        for found in CronSim(self.expression, begin.astimezone(zone)):
            if (at := found.astimezone(UTC)) > after:
                yield at


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdays:
    """Each workday, or the `nth` of each of `months` (from 1; from the end from -1)."""

    times: tuple[time, ...]
    nth: int | None = None
    months: tuple[int, ...] = tuple(range(1, 13))
    holidays: Holidays | None = None

    def instants(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """All instants behind `after`, in UTC, in order."""
        first = (after.astimezone(zone) - timedelta(days=1)).date()
        for day in self._days(first):
            found = (instant(day, at, zone) for at in self.times)
            yield from sorted(at for at in found if at > after)

    def _days(self, first: date) -> Iterator[date]:
        month = first.replace(day=1)
        while month.year < 9999:
            following = (month + timedelta(days=32)).replace(day=1)
            days = [month + timedelta(days=n) for n in range((following - month).days)]
            workdays = [day for day in days if is_workday(day, self.holidays)]
            if self.nth is not None and month.month in self.months:
                index = self.nth - 1 if self.nth > 0 else self.nth
                workdays = workdays[index : index + 1 or None]
            elif self.nth is not None:
                workdays = []
            yield from (day for day in workdays if day >= first)
            month = following


Part = Cron | Workdays


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Several parts together."""

    parts: tuple[Part, ...]

    def between(self, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants behind `after` up to `until`, in UTC, each once, in order."""
        merged = heapq.merge(*(part.instants(after, zone) for part in self.parts))
        each = (at for at, _same in groupby(merged))
        return takewhile(lambda at: at <= until, each)
