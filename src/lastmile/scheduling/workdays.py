"""Weekends and holidays."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, Self

from pydantic import Field, model_validator

from lastmile.definitions import Definition

OnHoliday = Literal["skip", "next workday", "previous workday"]


class Holidays(Definition):
    """The `[holidays]` table: whose holidays, and what becomes of a slot on one."""

    country: str = Field(min_length=2, description='ISO code, such as "DE"')
    subdivision: str = Field(default="", description='such as "BY"')
    on: OnHoliday = "skip"
    weekends: bool = Field(default=False, description="treat Saturdays and Sundays alike")

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            _names(self.country, self.subdivision)
        except NotImplementedError as error:
            raise ValueError(_advice(self.country, self.subdivision)) from error
        return self

    def name(self, day: date) -> str:
        """What is celebrated on `day`; nothing on other days."""
        found = _names(self.country, self.subdivision).get(day)
        if found:
            return found
        return "weekend" if self.weekends and day.weekday() >= 5 else ""


@lru_cache(maxsize=64)
def _names(country: str, subdivision: str) -> Mapping[date, str]:
    import holidays

    # Years are filled in when they are first asked for.
    found: Mapping[date, str] = holidays.country_holidays(country, subdiv=subdivision or None)
    return found


def _advice(country: str, subdivision: str) -> str:
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        return f"no holidays are known for the country {country!r}; write an ISO code such as `DE`"
    if known[country]:
        return (
            f"{country} has no subdivision {subdivision!r}; use one of {', '.join(known[country])}"
        )
    return f"{country} has no subdivisions"


def is_workday(day: date, holidays: Holidays | None) -> bool:
    """Monday to Friday, and no holiday."""
    return day.weekday() < 5 and not (holidays and holidays.name(day))


def nearest_workday(day: date, holidays: Holidays | None, *, step: int) -> date:
    """The first workday behind (`step` 1) or before (-1) a day."""
    while not is_workday(day, holidays):
        day += timedelta(days=step)
    return day
