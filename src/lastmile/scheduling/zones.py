"""Wall clocks: at which instants they show a time of day, also where clocks are changed.

Two kinds of times of day are due by different rules. They are those of Debian's cron, stated for
changes of any size:

- A *fixed time* is due once on each of its days: at the moment at which clocks first show it or,
  where they are set forward over it, at the moment of that change. Where clocks are set back and
  show it again, it is not due again. Fixed times that one change passes over are due together,
  once. A day that a zone left out is such a change of 24 hours.
- A *step* is due whenever clocks show it: not at all where they are set forward over it, once more
  where they are set back.

A time of day is its first second. Nothing is assumed of a change but that a zone's offset from UTC
stays below a day and that six days hold one change at most; all zones of the tz database, with
their history, keep that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
_OFFSET = timedelta(days=1)  # more than any zone is ahead of UTC or behind it
_APART = timedelta(days=6)  # two changes of one zone are never as close as this
_FIRST = datetime(2, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)

WallTimes = Callable[[datetime, datetime], Iterator[datetime]]
"""The wall times from one on and before another, in order, that a rhythm names; without a zone."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time between two instants in which clocks stay `offset` ahead of UTC."""

    begin: datetime
    end: datetime
    offset: timedelta

    @property
    def walls(self) -> tuple[datetime, datetime]:
        """What clocks show at its beginning, and would show at its end."""
        shift = self.offset
        return (self.begin + shift).replace(tzinfo=None), (self.end + shift).replace(tzinfo=None)

    def instant(self, wall: datetime) -> datetime:
        """When clocks show a wall time of this span."""
        return wall.replace(tzinfo=UTC) - self.offset


def spans(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """The time from `first` on and before `last`, cut where clocks in `zone` are changed.

    It is cut at some other instants too, so that no more of a long time is looked at than is asked
    for.
    """
    begin, last = max(first, _FIRST), min(last, _LAST)
    while begin < last:
        changes = (at for at in _changes(zone, begin.year) if at > begin)
        end = next(changes, datetime(begin.year + 1, 1, 1, tzinfo=UTC))
        yield Span(begin, min(end, last), offset_at(begin, zone))
        begin = end


def shown(walls: WallTimes, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants behind `after` up to `until` at which clocks show one of the wall times."""
    first, last = _behind(after), _behind(until)
    for span in spans(first, last, zone):
        for wall in walls(*span.walls):
            yield span.instant(wall)


def passed(
    walls: WallTimes, after: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[datetime]:
    """The instants behind `after` up to `until` at which clocks first show or pass a wall time."""
    first, last = _behind(after), _behind(until)
    furthest = None  # what clocks have shown so far: until then no wall time is new
    for span in spans(later(first, -2 * _OFFSET), last, zone):
        begin, end = span.walls
        if furthest is None:
            furthest = begin
        elif begin > furthest and span.begin >= first and any(walls(furthest, begin)):
            yield span.begin
            furthest = begin + _SECOND
        furthest = max(furthest, begin)
        if span.end > first:
            known = (first + span.offset).replace(tzinfo=None)
            for wall in walls(max(furthest, known), end):
                yield span.instant(wall)
        furthest = max(furthest, end)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in `zone` first show `at` on `day`, or pass it."""
    wall = datetime.combine(day, at)
    around = wall.replace(tzinfo=UTC)

    def walls(begin: datetime, end: datetime) -> Iterator[datetime]:
        return iter([wall] if begin <= wall < end else [])

    found = passed(walls, later(around, -2 * _OFFSET), later(around, 2 * _OFFSET), zone)
    return next(found, _bounded(around))


def later(at: datetime, by: timedelta) -> datetime:
    """An instant that is `by` later, within the years in which slots are computed."""
    try:
        return _bounded(at + by)
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST


def _bounded(at: datetime) -> datetime:
    return max(_FIRST, min(at, _LAST))


def offset_at(at: datetime, zone: ZoneInfo) -> timedelta:
    """How far clocks in `zone` are ahead of UTC at an instant."""
    return at.astimezone(zone).utcoffset() or timedelta()


def comes_twice(at: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` show the same time at another instant as well."""
    wall = at.astimezone(zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _behind(at: datetime) -> datetime:
    """The first whole second behind an instant."""
    return later(at.astimezone(UTC).replace(microsecond=0), _SECOND)


@lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The instants of a year in UTC at which clocks in `zone` are changed."""
    found = []
    last = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    before = datetime(year, 1, 1, tzinfo=UTC) - _SECOND
    offset = offset_at(before, zone)
    while before < last:
        after = min(before + _APART, last)
        if (other := offset_at(after, zone)) != offset:
            found.append(_change(before, after, zone))
        before, offset = after, other
    return tuple(found)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with the offset of `after`; that of `before` is another."""
    offset = offset_at(after, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if offset_at(middle, zone) == offset:
            after = middle
        else:
            before = middle
    return after
