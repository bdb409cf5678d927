"""Every zone of the tz database, over every change of its clocks: `python -m tests.matrix.zones`.

Around each change the slots of cron expressions, some of them made up anew for each change, are
compared with clocks that are read minute by minute. Changes that are alike in several zones are
asked once. FIRST and LAST are years, by default 1840 and 2050. Ends with 1 if a slot is missing,
doubled, too many or out of order.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo, available_timezones

from tests.lastmile.scheduling.minutes import SECOND, Rule, changes, due, whole

from lastmile.scheduling.cron import Cron

AROUND = timedelta(hours=26)
ALWAYS = (
    *("* * * * *", "15 */6 * * *", "*/15 */3 * * *", "*/30 1,2,3 * * *", "45 * * * *"),
    *("30 2 * * *", "0 0 * * *", "0 3 * * *", "7-59/13 0-4,21-23 * * *", "10 0,23 1,L * 5"),
)
MADE_UP = 4


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """An instant at which clocks of a zone are changed, from and to so many seconds before UTC."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def size(self) -> timedelta:
        """By how much clocks are set forward."""
        return self.after - self.before


def changes_of(name: str, first: int, last: int) -> list[Change]:
    """All changes of a zone in the years from `first` on and before `last`."""
    zone = ZoneInfo(name)
    begin, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (first, last))
    return [
        Change(at, (at - SECOND).astimezone(zone).utcoffset(), at.astimezone(zone).utcoffset())
        for at in changes(begin, end, zone)
    ]


def made_up(seed: str) -> Iterator[str]:
    """Expressions that nobody would think of."""
    random = Random(seed)
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    while True:
        yield " ".join(_field(random, *limit) for limit in limits[:2]) + random.choice(
            [" * * *"] * 3 + [f" {_field(random, *limits[2])} * {_field(random, *limits[4])}"]
        )


def _field(random: Random, first: int, last: int) -> str:
    low, high = sorted(random.sample(range(first, last + 1), 2))
    return random.choice(
        ["*", f"*/{random.randint(2, last // 2)}", f"{low}", f"{low},{high}", f"{low}-{high}",
         f"{low}-{high}/{random.randint(1, 5)}"]
    )  # fmt: skip


def faults(name: str, change: Change) -> list[str]:
    """What is wrong around one change: an expression, and the instants that differ."""
    zone = ZoneInfo(name)
    source = made_up(f"{name} {change.at}")
    expressions = [*ALWAYS, *(next(source) for _ in range(MADE_UP))]
    first, last = whole(change.at) - AROUND, whole(change.at) + AROUND
    expected = due([Rule(expression) for expression in expressions], first, last, zone)
    found = []
    for expression, instants in zip(expressions, expected, strict=True):
        slots = list(Cron(expression).instants(first - SECOND, last - SECOND, zone))
        if slots != instants:
            other = sorted(set(slots) ^ set(instants))
            found.append(f"{name} {change.at} {change.size}: {expression}: {other[:4] or 'order'}")
    return found


def _asked(work: tuple[str, list[Change]]) -> list[str]:
    name, asked = work
    return [fault for change in asked for fault in faults(name, change)]


def _surveyed(work: tuple[str, int, int]) -> list[Change]:
    return changes_of(*work)


def main(first: int, last: int) -> int:
    """Ask all zones; print what is wrong, and how much was asked."""
    names = sorted(available_timezones())
    seen: set[Change] = set()
    work = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        surveys = pool.map(_surveyed, [(name, first, last) for name in names], chunksize=8)
        for name, found in zip(names, surveys, strict=True):
            work.append((name, [change for change in found if change not in seen]))
            seen.update(found)
        wrong = [fault for found in pool.map(_asked, work, chunksize=2) for fault in found]
    print(*wrong, sep="\n")
    print(f"{len(names)} zones, {len(seen)} different changes: {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    years = [int(word) for word in sys.argv[1:]] or [1840, 2050]
    sys.exit(main(*years))
