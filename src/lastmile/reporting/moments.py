"""Expressions over the logical date: `previous_month`, `monday - 1w`, `month_start - 1d`.

The grammar is small, and no expression is ever evaluated as code::

    expression = word { ("+" | "-") number unit }
    word       = one of WORDS
    unit       = min | h | d | w | m | q | y          (m is a month, min a minute)

Days begin at midnight in the zone of the logical date. Offsets apply from left to right; a month
that is too short for its day gives its last day, so `2015-03-31 - 1m` is `2015-02-28`.
"""

import calendar
import difflib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from lastmile.errors import BadMoment

MomentKind = Literal["date", "datetime", "month"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = ("min", "h", "d", "w", "m", "q", "y")


def _days(count: int) -> Callable[[date], date]:
    return lambda day: day + timedelta(days=count)


def _weekday(number: int) -> Callable[[date], date]:
    return lambda day: day - timedelta(days=(day.weekday() - number) % 7)


def _start(months: int, step: int = 0, *, end: bool = False) -> Callable[[date], date]:
    """First (or last) day of the period of `months` months that is `step` periods away."""

    def find(day: date) -> date:
        first = day.replace(day=1, month=(day.month - 1) // months * months + 1)
        first = add_months(first, step * months)
        return add_months(first, months) - timedelta(days=1) if end else first

    return find


WORDS: Mapping[str, Callable[[date], date] | None] = MappingProxyType(
    {
        "logical_date": None,
        "today": _days(0),
        "yesterday": _days(-1),
        "tomorrow": _days(1),
        **{name: _weekday(number) for number, name in enumerate(WEEKDAYS)},
        **{
            name: _start(months, step, end=end)
            for period, months in (("month", 1), ("quarter", 3), ("year", 12))
            for name, step, end in (
                (f"previous_{period}", -1, False),
                (f"this_{period}", 0, False),
                (f"next_{period}", 1, False),
                (f"{period}_start", 0, False),
                (f"{period}_end", 0, True),
            )
        },
    }
)
"""What an expression may begin with: the day that each word makes of the logical date's day.

Weekdays are the last such day before or on the logical date; a month, quarter or year is its first
day, and `..._end` its last. `logical_date` itself keeps its time of day.
"""


def is_expression(text: str) -> bool:
    """Whether a text has the shape of an expression; a plain ISO value never has."""
    return bool(re.match(r"\s*[A-Za-z]", text))


def moment(text: str, logical_date: datetime, kind: MomentKind) -> date | datetime | str:
    """The date, aware datetime or `YYYY-MM` that an expression means at an aware `logical_date`.

    Raises:
        BadMoment: the text is no expression, or leads out of the calendar.
    """
    match = re.fullmatch(r"\s*([A-Za-z_]+)((?:\s*[-+]\s*\d+\s*[A-Za-z]+)*)\s*", text)
    if not match or match[1] not in WORDS:
        word = re.match(r"\s*([A-Za-z_]*)", text)
        raise BadMoment(text, _advice(word[1] if word else ""))
    try:
        at = _anchor(WORDS[match[1]], logical_date)
        for sign, count, unit in re.findall(r"([-+])\s*(\d+)\s*([A-Za-z]+)", match[2]):
            if unit not in UNITS:
                raise BadMoment(text, f"`{unit}` is not a unit; use one of: {', '.join(UNITS)}")
            at = _shifted(at, int(f"{sign}{count}"), unit)
    except (OverflowError, ValueError) as error:
        raise BadMoment(text, "it lies outside of the years 1 to 9999") from error
    if kind == "month":
        return f"{at.year:04d}-{at.month:02d}"
    return at.date() if kind == "date" else at


def _anchor(find: Callable[[date], date] | None, logical_date: datetime) -> datetime:
    if find is None:
        return logical_date
    day = find(logical_date.date())
    return datetime(day.year, day.month, day.day, tzinfo=logical_date.tzinfo)


def _shifted(at: datetime, count: int, unit: str) -> datetime:
    match unit:
        case "min" | "h":  # elapsed time, also where clocks are changed
            step = timedelta(minutes=count) if unit == "min" else timedelta(hours=count)
            return (at.astimezone(UTC) + step).astimezone(at.tzinfo)
        case "d" | "w":
            return at + timedelta(days=count * (7 if unit == "w" else 1))
    day = add_months(at.date(), count * {"m": 1, "q": 3, "y": 12}[unit])
    return at.replace(year=day.year, month=day.month, day=day.day)


def add_months(day: date, months: int) -> date:
    """The same day some months on or back, or the last one of a shorter month.

    Raises:
        ValueError, OverflowError: it lies outside of the calendar.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def _advice(word: str) -> str:
    near = difflib.get_close_matches(word, WORDS, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return (
        f"begin with one of: {', '.join(WORDS)}; then offsets such as `- 7d` or `+ 2w` "
        f"(units: {', '.join(UNITS)})"
    )


def read_logical_date(text: str) -> datetime:
    """The logical date that people write: an ISO date or datetime, in UTC unless it names a zone.

    Raises:
        BadMoment: it is neither.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadMoment(text, "write a date as 2015-03-01 or 2015-03-01T06:00+01:00") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
