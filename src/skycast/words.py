"""A month in words, computed from its numbers."""

from collections.abc import Sequence

import pandas as pd

from skycast.months import Against, Comparison, least, longest_run, most
from skycast.units import Measure, Units, percent, rounded

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINALS = ("", "", "second ", "third ", "fourth ", "fifth ", "sixth ", "seventh ", "eighth ")


def paragraph(seen: Comparison, units: Units) -> str:
    """What a reader should know of the month, in a few sentences of Markdown."""
    name = f"**{seen.name}**"
    rain = rain_headline(seen, units).replace(seen.name, name, 1)
    normal = units.rain.text(seen.measures["rain"].normal)
    means = "mean of " if len(seen.others) > 1 else ""
    sentences = (
        f"{rain}; normal is {normal} ({means}{listed(seen.others)}).",
        rank(seen.years["rain"], seen.month),
        wet_days(seen, units),
        wettest(seen, units),
        dry_spell(seen),
        f"{warmth(seen, units)}.",
        extremes(seen, units),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def rain_headline(seen: Comparison, units: Units) -> str:
    """The month's rain against its normal, short enough for a title."""
    rain = seen.measures["rain"]
    if rain.value == 0:
        return f"{seen.name} brought no rain at all"
    return f"{seen.name} brought {units.rain.text(rain.value)} of rain, {_share(rain, units.rain)}"


def rank(rain: "pd.Series[float]", month: pd.Period) -> str:
    """Where a month's rain stands among the years compared. `rain`: mm, by year."""
    count = len(rain)
    value = rain.loc[month.year]
    wetter = int((rain > value + 0.05).sum())
    drier = int((rain < value - 0.05).sum())
    word = f"{_ORDINALS[wetter + 1]}wettest"
    if drier < wetter:
        word = f"{_ORDINALS[drier + 1]}driest"
    tie = "" if wetter + drier + 1 == count else ", level with another"
    return f"It was the {word} {month:%B} of the {spelled(count)} years compared{tie}."


def wet_share(seen: Comparison) -> str:
    """How many of the month's days were wet: `17 of 30 days`."""
    return f"{seen.measures['wet_days'].value:.0f} of {len(seen.days)} days"


def wet_days(seen: Comparison, units: Units) -> str:
    """On how many days it rained, and on how many it does normally."""
    return (
        f"At least {units.rain.text(seen.wet_day)} fell on {wet_share(seen)}, "
        f"against {rounded(seen.measures['wet_days'].normal, 1)} normally."
    )


def wettest(seen: Comparison, units: Units) -> str:
    """The day with most rain and its share of the month; nothing for a month without rain."""
    day, amount = most(seen.days, "precipitation")
    if amount == 0:
        return ""
    share = percent(amount / float(seen.days["precipitation"].sum()))
    return (
        f"The wettest day was the {ordinal(day)} with {units.rain.text(amount)}, "
        f"{share} of the month's rain."
    )


def dry_spell(seen: Comparison) -> str:
    """The longest run of days that were not wet; nothing where there is no run of two."""
    start, length = longest_run(seen.days["precipitation"] < seen.wet_day)
    if length < 2:
        return ""
    if length == len(seen.days):
        return "Not one day was wet."
    first, last = ordinal(start + 1), ordinal(start + length)
    return f"The longest dry spell lasted {spelled(length)} days, from the {first} to the {last}."


def warmth(seen: Comparison, units: Units) -> str:
    """Days and nights against their normals, short enough for a title."""
    high, low = (seen.measures[name].difference for name in ("high", "low"))
    days, day_word = _warmer(high, units.temperature)
    nights, night_word = _warmer(low, units.temperature)
    if day_word == night_word and days:
        return f"Days were {days} and nights {nights} {day_word} than normal"
    return f"Days were {_than(days, day_word)}, nights {_than(nights, night_word)}"


def extremes(seen: Comparison, units: Units) -> str:
    """The hottest day and the coldest night."""
    hot_day, hottest = most(seen.days, "temp_max")
    cold_day, coldest = least(seen.days, "temp_min")
    degrees = units.temperature
    return (
        f"The thermometer rose to {degrees.text(hottest)} on the {ordinal(hot_day)} "
        f"and fell to {degrees.text(coldest)} on the {ordinal(cold_day)}."
    )


def ordinal(number: int) -> str:
    """A day of the month as it is said: `14th`."""
    ending = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def listed(words: Sequence[object]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    texts = [str(word) for word in words]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def spelled(count: int) -> str:
    """A small number as a word, a larger one in figures."""
    return _COUNTS[count] if count < len(_COUNTS) else str(count)


def _share(total: Against, rain: Measure) -> str:
    """How a total compares with its normal; a percentage only where it means something."""
    if rain.number(total.value) == rain.number(total.normal):
        return "just as much as normal"
    more = "more" if total.difference > 0 else "less"
    if total.normal < 5:
        return f"{rain.apart(total.difference)} {more} than normal"
    return f"{percent(abs(total.difference) / total.normal)} {more} than normal"


def _warmer(difference: float, degrees: Measure) -> tuple[str, str]:
    """How far from normal, empty for not at all, and in which direction."""
    apart = degrees.apart(difference)
    if not float(apart.split()[0]):
        return "", ""
    return apart, "warmer" if difference > 0 else "colder"


def _than(apart: str, word: str) -> str:
    return f"{apart} {word} than normal" if apart else "as warm as normal"
