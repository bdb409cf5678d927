"""Rhythms in plain words: `weekday at 07:30`, `first workday of the month`, `15 minutes`.

The grammar, after an optional `every`::

    rhythm   = steps | days [at] | ordinal [kind] "of the" period [at]
    steps    = [number] ("minute" | "hour") ["at" :MM] ["from" H "to" H] ["on" days]
    days     = "day" | "weekday" | "workday" | "weekend" | weekday { "and" weekday } | "week" | ...
    ordinal  = first | second | ... | last | 1st | 15th
    kind     = "day" | "workday" | "weekday" | monday ... sunday
    period   = "month" | "quarter" | "year" | january ... december
    at       = "at" time { "and" time }      time = 9 | 07:30 | 7:30pm | noon | midnight
"""

import difflib
import re
from collections.abc import Sequence
from datetime import time

from lastmile.scheduling.cron import Cron
from lastmile.scheduling.rhythm import Part, Rhythm, Workdays
from lastmile.scheduling.workdays import Holidays

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
EXAMPLES = (
    *("weekday at 07:30", "15 minutes", "monday and thursday at 9", "first workday of the month"),
    *("last day of the month at 18:00", "2 hours on weekdays", "second tuesday of the month at 9"),
)
_WORDS = {
    *(*WEEKDAYS, *MONTHS, *ORDINALS, "last", "day", "weekday", "workday", "weekend", "week"),
    *("month", "quarter", "year", "minute", "minutes", "hour", "hours", "every", "each", "at"),
    *("and", "to", "from", "on", "of", "the", "noon", "midnight", "weekdays", "weekends"),
}
_LISTED = {"day": "*", "weekday": "1-5", "weekend": "0,6", "week": "1"}
_FIRST_OF = {"month": ("1", "*"), "quarter": ("1", "1,4,7,10"), "year": ("1", "1")}


def read_words(text: str, holidays: Holidays | None = None) -> Rhythm:
    """The rhythm that a text names; workdays are those without `holidays`.

    Raises:
        ValueError: it names none; the message says what could be meant.
    """
    words = " ".join(text.lower().replace(",", " and ").split())
    words = re.sub(r"\band and\b", "and", words)
    words = re.sub(r"^(every|each) ", "", words)
    parts = _steps(words) or _days(words, holidays) or _ordinal(words, holidays)
    if not parts:
        raise ValueError(_advice(words))
    return Rhythm(tuple(parts))


def _advice(words: str) -> str:
    for word in re.findall(r"[a-z]+", words):
        near = difflib.get_close_matches(word, _WORDS, n=1, cutoff=0.75)
        if word not in _WORDS and near and not re.fullmatch(r"[ap]m|st|nd|rd|th", word):
            return f"`{word}` is not understood; did you mean `{near[0]}`?"
    return f"not understood; write such as {', '.join(f'`{e}`' for e in EXAMPLES)}, or use `cron`"


_STEPS = re.compile(
    r"(?:(?P<count>\d+|half) )?(?P<unit>minute|hour)s?(?: at :?(?P<minute>\d\d?)(?: past)?)?"
    r"(?: from (?P<first>\S+) to (?P<last>\S+))?(?: on (?P<days>.+))?"
)


def _steps(words: str) -> list[Part]:
    match = _STEPS.fullmatch(words)
    if not match:
        return []
    count = 30 if match["count"] == "half" else int(match["count"] or 1)
    unit = "minute" if match["count"] == "half" else match["unit"]
    whole = 60 if unit == "minute" else 24
    if count == 0 or whole % count:
        fits = ", ".join(str(n) for n in range(1, whole) if whole % n == 0)
        raise ValueError(
            f"steps of {count} {unit}s do not fit into {'an hour' if whole == 60 else 'a day'}; "
            f"use one of {fits}"
        )
    days = _weekdays(match["days"]) if match["days"] else "*"
    step = f"/{count}" if count > 1 else ""
    if unit == "minute":
        minutes, hours = f"*{step}", "*"
    else:
        minutes, hours = str(int(match["minute"] or 0)), f"*{step}"
    if match["first"] is None:
        return [Cron.read(f"{minutes} {hours} * * {days}")]
    first, last = (_whole_hour(match[name]) for name in ("first", "last"))
    if first >= last:
        raise ValueError(f"`from {match['first']} to {match['last']}` is empty")
    if unit == "hour":
        # The hours are fixed times then: each comes once also where clocks are changed.
        named = ",".join(str(hour) for hour in range(first, last + 1, count))
        return [Cron.read(f"{minutes} {named} * * {days}")]
    inside = Cron.read(f"{minutes} {first}-{last - 1} * * {days}")
    return [inside, Cron.read(f"0 {last} * * {days}")]


def _whole_hour(text: str) -> int:
    at = _time(text)
    if at.minute:
        raise ValueError(f"`{text}`: steps go from one whole hour to another, such as `8 to 18`")
    return at.hour


def _days(words: str, holidays: Holidays | None) -> list[Part]:
    named, _, at = words.partition(" at ")
    times = _times(at)
    if named in _FIRST_OF:
        day, months = _FIRST_OF[named]
        return [Cron.read(f"{_clock(t)} {day} {months} *") for t in times]
    if named.removesuffix("s") == "workday":
        return [Workdays(times=tuple(times), holidays=holidays)]
    try:
        days = _weekdays(named)
    except ValueError:
        return []
    return [Cron.read(f"{_clock(t)} * * {days}") for t in times]


def _weekdays(named: str) -> str:
    """The weekday field of cron that a list of days means.

    Raises:
        ValueError: one is not a day.
    """
    fields = []
    for name in named.split(" and "):
        if name.removesuffix("s") in _LISTED:
            fields.append(_LISTED[name.removesuffix("s")])
        elif match := re.fullmatch(r"(\w+) to (\w+)", name):
            first, last = _weekday(match[1]), _weekday(match[2])
            span = (last - first) % 7
            fields.append(",".join(str((first + n) % 7) for n in range(span + 1)))
        else:
            fields.append(str(_weekday(name)))
    return "*" if "*" in fields else ",".join(fields)


def _weekday(name: str) -> int:
    """0 is Sunday, as in cron."""
    short = name.strip().removesuffix("s")
    for number, day in enumerate(WEEKDAYS):
        if len(short) >= 3 and day.startswith(short):
            return number
    raise ValueError(_advice(name))


_ORDINAL = re.compile(
    r"(?:(?:month|quarter|year) on )?(?:the )?(?P<nth>\w+|day \d+)(?: (?P<kind>[a-z]+))?"
    r"(?: of (?:the |every |each )?(?P<period>\w+))?(?: at (?P<at>.+))?"
)


def _ordinal(words: str, holidays: Holidays | None) -> list[Part]:
    match = _ORDINAL.fullmatch(words)
    nth = _nth(match["nth"]) if match else None
    inside = re.match(r"(month|quarter|year) on ", words)
    period = (match and match["period"]) or (inside and inside[1])
    if not match or nth is None or not period:
        return []
    months = _months(period, nth)
    times = _times(match["at"] or "")
    kind = match["kind"] or "day"
    listed = "*" if len(months) == 12 else ",".join(map(str, months))
    if kind in ("workday", "weekday"):
        free = holidays if kind == "workday" else None
        days = Workdays(times=tuple(times), nth=nth, months=months, holidays=free)
        if not days.possible:
            raise ValueError(f"never due: no such month has {nth} {kind}s")
        return [days]
    if kind == "day":
        day = "L" if nth == -1 else str(nth)
        return [Cron.read(f"{_clock(t)} {day} {listed} *") for t in times]
    number = _weekday(kind)
    day = f"{number}L" if nth == -1 else f"{number}#{nth}"
    return [Cron.read(f"{_clock(t)} * {listed} {day}") for t in times]


def _nth(word: str) -> int | None:
    if word == "last":
        return -1
    if word in ORDINALS:
        return ORDINALS.index(word) + 1
    match = re.fullmatch(r"(?:day )?(\d{1,2})(?:st|nd|rd|th)?", word)
    return int(match[1]) if match and 1 <= int(match[1]) <= 31 else None


def _months(period: str, nth: int) -> tuple[int, ...]:
    """Of a quarter or year the first month counts, or the last one for its last day."""
    match period:
        case "month":
            return tuple(range(1, 13))
        case "quarter":
            return (1, 4, 7, 10) if nth > 0 else (3, 6, 9, 12)
        case "year":
            return (1,) if nth > 0 else (12,)
    for number, month in enumerate(MONTHS, start=1):
        if len(period) >= 3 and month.startswith(period):
            return (number,)
    raise ValueError(_advice(period))


def _times(text: str) -> Sequence[time]:
    return sorted({_time(part) for part in text.split(" and ")}) if text else [time(0)]


def _time(text: str) -> time:
    named = {"noon": time(12), "midnight": time(0)}
    if text in named:
        return named[text]
    match = re.fullmatch(r"(\d{1,2})(?:[:.h](\d\d))?\s*(am|pm|h)?", text.strip())
    hour = int(match[1]) if match else 24
    if match and match[3] in ("am", "pm"):
        hour = hour % 12 + (12 if match[3] == "pm" else 0) if 1 <= hour <= 12 else 24
    if not match or hour > 23 or int(match[2] or 0) > 59:
        raise ValueError(f"`{text}` is not a time of day; write such as `07:30`")
    return time(hour, int(match[2] or 0))


def _clock(at: time) -> str:
    return f"{at.minute} {at.hour}"
