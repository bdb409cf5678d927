"""How long publications are kept: `keep = "12 months"` or `keep = "30 runs"`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator

Unit = Literal["run", "day", "week", "month", "year"]
_KEEP = re.compile(r"\s*([1-9]\d{0,5})\s*(run|day|week|month|year)s?\s*")


@dataclass(frozen=True, slots=True)
class Keep:
    """So many runs, or so much time back from now."""

    count: int
    unit: Unit


def parse_keep(text: str) -> Keep:
    """What a definition says.

    Raises:
        ValueError: it says something else than a count and a unit.
    """
    match = _KEEP.fullmatch(text)
    if not match:
        raise ValueError('write what is kept such as "12 months", "90 days" or "30 runs"')
    unit: Unit = match[2]  # type: ignore[assignment]
    return Keep(int(match[1]), unit)


def _checked(text: str) -> str:
    if text:
        parse_keep(text)
    return text


KeepText = Annotated[str, AfterValidator(_checked)]
"""The text of `keep`; empty where everything is kept."""


def outdated(
    published: Sequence[tuple[str, datetime]], keep: Keep, *, now: datetime
) -> frozenset[str]:
    """The keys of those publications, given with their start, that need not be kept."""
    newest_first = sorted(published, key=lambda pair: (pair[1], pair[0]), reverse=True)
    if keep.unit == "run":
        return frozenset(key for key, _ in newest_first[keep.count :])
    border = _before(now, keep)
    return frozenset(key for key, started in newest_first if started < border)


def _before(now: datetime, keep: Keep) -> datetime:
    """The moment that `keep` lies back; a day that its month lacks becomes the month's last."""
    if keep.unit in ("day", "week"):
        days = keep.count * (7 if keep.unit == "week" else 1)
        return now - timedelta(days=min(days, 700_000))
    months = now.year * 12 + now.month - 1 - keep.count * (12 if keep.unit == "year" else 1)
    year, month = max(months // 12, 1), months % 12 + 1
    day = now.day
    while True:
        try:
            return now.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1
