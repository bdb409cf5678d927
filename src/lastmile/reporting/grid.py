"""The grid of a backfill: logical dates × parameter values, in the order in which it is run."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from lastmile.errors import BadRange

Step = Literal["month", "week", "day"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell of the grid."""

    logical_date: datetime
    given: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The slot in words: `2014-03-01 region=a`."""
        values = (f"{name}={value}" for name, value in self.given.items())
        return " ".join([f"{self.logical_date:%Y-%m-%d}", *values])


def slots(
    first: str, last: str, *, step: Step | None = None, given: Mapping[str, Sequence[Any]]
) -> list[Slot]:
    """All slots from `first` to `last`, both included; `given` names several values a parameter.

    Dates are `YYYY-MM` (steps of a month) or `YYYY-MM-DD` (steps of a day), unless `step` says
    otherwise. Logical dates are midnights in UTC.

    Raises:
        BadRange: a date is not one, or the range is empty.
    """
    begin, end = _date(first, "--from"), _date(last, "--to")
    step = step or ("month" if re.fullmatch(r"\d{4}-\d{2}", first) else "day")
    if re.fullmatch(r"\d{4}-\d{2}", last) and step != "month":
        end = _next(end, "month") - timedelta(days=1)
    dates = list(itertools.takewhile(lambda date: date <= end, _from(begin, step)))
    if not dates:
        raise BadRange(f"the range from {first} to {last} is empty")
    names = list(given)
    combinations = list(itertools.product(*given.values()))
    return [
        Slot(date, dict(zip(names, values, strict=True)))
        for values in combinations
        for date in dates
    ]


def _date(text: str, option: str) -> datetime:
    try:
        whole = f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else text
        return datetime.strptime(whole, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRange(f"{option} {text} is no date") from error


def _from(date: datetime, step: Step) -> "itertools.accumulate[datetime]":
    return itertools.accumulate(
        itertools.repeat(step), lambda date, step: _next(date, step), initial=date
    )


def _next(date: datetime, step: Step) -> datetime:
    if step == "month":
        return (date.replace(day=1) + timedelta(days=32)).replace(day=1)
    return date + timedelta(days=7 if step == "week" else 1)
