"""Wall clocks computed another way than the product does: from the list of a zone's changes.

A zone is cut into stretches of one offset each, found by looking at it every quarter of an hour. A
wall time is an instant of the stretch that has it; of none, it is left out by a change forward.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)


class Walls:
    def __init__(self, name: str, first: datetime, last: datetime) -> None:
        self.zone = ZoneInfo(name)
        self.stretches: list[tuple[datetime, datetime, timedelta]] = []
        begin, offset, at = first, self._offset(first), first
        while at < last:
            at += QUARTER
            if self._offset(at) != offset:
                self.stretches.append((begin, at, offset))
                begin, offset = at, self._offset(at)
        self.stretches.append((begin, last, offset))
        self._ends = [end for _, end, _ in self.stretches]

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self.zone).utcoffset()

    @property
    def changes(self) -> list[tuple[datetime, timedelta]]:
        """When clocks were changed, and by how much."""
        return [(b[0], b[2] - a[2]) for a, b in pairwise(self.stretches)]

    def instant(self, wall: datetime) -> datetime:
        """The first instant of a wall time; behind the gap for one that is left out."""
        wall = wall.replace(tzinfo=UTC)
        for begin, end, offset in self.stretches:
            if begin <= wall - offset < end:
                return wall - offset
        for (_, end, offset), (_, _, following) in pairwise(self.stretches):
            if wall - following < end <= wall - offset:
                return end
        raise AssertionError(f"{wall} is outside")

    def wall(self, at: datetime) -> datetime:
        """What clocks show at an instant."""
        _, _, offset = self.stretches[bisect_right(self._ends, at)]
        return (at + offset).replace(tzinfo=None)
