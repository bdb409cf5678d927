"""What a schedule is: the file `schedule/NAME.toml`."""

import difflib
import re
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from lastmile.definitions import Definition
from lastmile.delivery.definition import Deliver, Owners
from lastmile.scheduling.cron import Cron
from lastmile.scheduling.freshness import Contract
from lastmile.scheduling.rhythm import Rhythm
from lastmile.scheduling.words import read_words
from lastmile.scheduling.workdays import Holidays
from lastmile.scheduling.zones import instant
from lastmile.values import Seconds

Value = bool | int | float | str | list[object] | None
Overlap = Literal["skip", "queue", "parallel", "cancel-old"]
_MISSED = r"skip|latest|all(?:\s*\(\s*max\s+(\d+)\s*\))?"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        advice = f"did you mean `{near[0]}`?" if near else "write one such as `Europe/Berlin`"
        raise ValueError(f"not a time zone; {advice}") from error
    return name


def _known_cron(expression: str | None) -> str | None:
    if expression is not None:
        Cron.read(expression)
    return expression


def _known_words(words: str | None) -> str | None:
    if words is not None:
        read_words(words)
    return words


def _known_missed(text: str) -> str:
    match = re.fullmatch(_MISSED, text)
    if not match or match[1] == "0":
        raise ValueError('write `skip`, `latest`, `all`, or such as "all (max 24)"')
    return text


def _known_contract(text: str | None) -> str | None:
    if text is not None:
        Contract.read(text)
    return text


def _moment(value: object) -> object:
    """A date is its midnight; TOML and people write both."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class ScheduleFile(Definition):
    """A schedule: when a report is due, in which time zone, and what if it was missed."""

    report: str = Field(min_length=1)
    cron: Annotated[str | None, AfterValidator(_known_cron)] = Field(
        default=None, description='such as "30 7 1 * *"'
    )
    every: Annotated[str | None, AfterValidator(_known_words)] = Field(
        default=None, description='such as "weekday at 07:30"'
    )
    timezone: Annotated[str, AfterValidator(_known_zone)]
    missed: Annotated[str, AfterValidator(_known_missed)] = "latest"
    overlap: Overlap = "queue"
    grace: Seconds = Field(default=300.0, ge=0, description="a slot this late is not yet missed")
    parameters: dict[str, Value] = Field(default_factory=dict)
    start: Moment | None = Field(default=None, description="no slot before")
    end: Moment | None = Field(default=None, description="no slot from then on")
    holidays: Holidays | None = None
    jitter: Seconds = Field(default=0.0, ge=0, le=86400, description="spreads the starts")
    must_exist_by: Annotated[str | None, AfterValidator(_known_contract)] = Field(
        default=None, description='a time of day, or a time after the slot: "09:00" or "45m"'
    )
    paused: str | None = Field(default=None, min_length=1, description="the reason")
    pool: str = Field(default="", description="a pool of [tool.lastmile.pools]")
    owners: Owners = ()
    deliver: tuple[Deliver, ...] = Field(
        default=(), description="who gets what is published, besides those whom the report names"
    )

    @field_validator("paused", mode="before")
    @classmethod
    def _with_reason(cls, paused: object) -> object:
        if isinstance(paused, bool):
            raise ValueError('write the reason, such as paused = "the source is being moved"')
        return paused

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise ValueError("give either `cron` or `every`")
        if self.begins and self.ends and self.begins >= self.ends:
            raise ValueError("`end` is not behind `start`")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks count."""
        return ZoneInfo(self.timezone)

    @cached_property
    def rhythm(self) -> Rhythm:
        """When it is due, before holidays and jitter."""
        if self.cron is not None:
            return Rhythm((Cron.read(self.cron),))
        return read_words(self.every or "", self.holidays)

    @cached_property
    def contract(self) -> Contract | None:
        """Until when the report of a slot must exist."""
        return Contract.read(self.must_exist_by) if self.must_exist_by else None

    @property
    def begins(self) -> datetime | None:
        """`start` as an instant."""
        return self._instant(self.start)

    @property
    def ends(self) -> datetime | None:
        """`end` as an instant."""
        return self._instant(self.end)

    def _instant(self, moment: datetime | None) -> datetime | None:
        if moment is None or moment.tzinfo is not None:
            return moment and moment.astimezone(UTC)
        return instant(moment.date(), moment.time(), self.zone)

    @property
    def most_missed(self) -> int | None:
        """How many missed slots are run at most; None is no limit."""
        match = re.fullmatch(_MISSED, self.missed)
        if self.missed in ("skip", "latest"):
            return 0 if self.missed == "skip" else 1
        return int(match[1]) if match and match[1] else None
