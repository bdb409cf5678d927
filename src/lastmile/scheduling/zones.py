"""Wall clocks: which instant a time of day is, also on days when clocks are changed.

The rules are those of Debian's cron. A time that is left out (clocks go forward) is the first
moment behind the gap; a time that comes twice (clocks go back) is the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `at` on `day`."""
    wall = datetime.combine(day, at).replace(tzinfo=zone, fold=0)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    return _behind_gap(found, zone)


def _behind_gap(inside: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with the new offset; `inside` reads the missing time by the old one."""
    before, after = inside - timedelta(hours=26), inside
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def offset_at(at: datetime, zone: ZoneInfo) -> timedelta:
    """How far clocks in `zone` are ahead of UTC at an instant."""
    return at.astimezone(zone).utcoffset() or timedelta()


def comes_twice(at: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` show the same time at another instant as well."""
    wall = at.astimezone(zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
