"""What is due according to clocks that are read minute by minute; nothing of the product is used.

In every minute clocks in a zone are read when they show a whole minute, and at every second of a
minute in which they are changed; a matcher of its own says whether a cron expression means that
time. A step is due whenever clocks show a time that it means. A fixed
time is due when clocks show it, or have left it out, and never showed it or a later one before.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SURVEY = 6 * HOUR  # no zone has two changes in so short a time
AROUND = timedelta(hours=30)  # more than clocks were ever changed by

Reading = tuple[datetime, datetime]


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def readings(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[Reading]:
    """Instants, and what clocks show at them: each whole minute that they show, and each change."""
    minute = first
    while minute < last:
        shown = wall(minute, zone)
        if wall(minute + 59 * SECOND, zone) - wall(minute - SECOND, zone) == MINUTE:
            ahead = -shown.second % 60 * SECOND
            yield minute + ahead, shown + ahead
        else:
            for second in range(60):
                at = minute + second * SECOND
                yield at, wall(at, zone)
        minute += MINUTE


class Rule:
    """A cron expression of five fields: numbers, lists, ranges, steps, and L as a day."""

    def __init__(self, expression: str) -> None:
        self.fields = expression.split()
        limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
        minutes, hours, self.days, self.months, self.weekdays = (
            _numbers(field, *limit) for field, limit in zip(self.fields, limits, strict=True)
        )
        self.times = {(hour, minute) for hour in hours for minute in minutes}
        self.step = self.fields[0][0] == "*" or self.fields[1][0] == "*"
        self.both = self.fields[2][0] == "*" or self.fields[4][0] == "*"

    def means(self, shown: datetime) -> bool:
        """Whether the minute that clocks show is one of this expression."""
        return (
            (shown.hour, shown.minute) in self.times
            and shown.month in self.months
            and self._means_day(shown)
        )

    def _means_day(self, shown: datetime) -> bool:
        is_last = (shown + timedelta(days=1)).day == 1
        day = shown.day in self.days or ("L" in self.fields[2] and is_last)
        weekday = shown.isoweekday() in self.weekdays or shown.isoweekday() % 7 in self.weekdays
        return (day and weekday) if self.both else (day or weekday)


def _numbers(field: str, first: int, last: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        if part == "L":
            continue
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        begin = first if span == "*" else int(low)
        end = last if span == "*" or (step and not high) else int(high or low)
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


def due(rules: list[Rule], first: datetime, last: datetime, zone: ZoneInfo) -> list[list[datetime]]:
    """For each rule the instants from `first` on and before `last`; both are whole minutes."""
    found: list[set[datetime]] = [set() for _ in rules]
    furthest = None
    for at, shown in readings(first - AROUND, last, zone):
        new = furthest is None or shown > furthest
        left_out = _between(furthest, shown) if furthest and new else []
        for rule, instants in zip(rules, found, strict=True):
            at_once = shown.second == 0 and (rule.step or new) and rule.means(shown)
            if at_once or (not rule.step and any(map(rule.means, left_out))):
                instants.add(at)
        furthest = shown if new else furthest
    return [sorted(at for at in instants if at >= first) for instants in found]


def _between(furthest: datetime, shown: datetime) -> list[datetime]:
    """The whole minutes that lie between two times on a clock."""
    minute = furthest.replace(second=0) + MINUTE
    found = []
    while minute < shown:
        found.append(minute)
        minute += MINUTE
    return found


def changes(first: datetime, last: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which clocks in `zone` are changed."""
    found = []
    at, offset = first, first.astimezone(zone).utcoffset()
    while at < last:
        following = at + SURVEY
        if (other := following.astimezone(zone).utcoffset()) != offset:
            low, high = at, following
            while high - low > SECOND:
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                if middle.astimezone(zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            found.append(high)
        at, offset = following, other
    return found


def whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
