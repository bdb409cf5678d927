"""What a schedule is: the file `schedule/NAME.toml`."""

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator, model_validator

from lastmile.clock import now
from lastmile.definitions import Definition
from lastmile.delivery.definition import Deliver, Owners

Value = bool | int | float | str | list[object] | None


class ScheduleFile(Definition):
    """A schedule: when a report is due, in which time zone, and what if it was missed."""

    report: str = Field(min_length=1)
    cron: str | None = Field(default=None, description='such as "30 7 1 * *"')
    every: str | None = Field(default=None, description='such as "weekday at 07:30"')
    timezone: str
    missed: Literal["skip", "latest", "all"] = "latest"
    overlap: Literal["skip", "queue", "parallel", "cancel-old"] = "queue"
    parameters: dict[str, Value] = Field(default_factory=dict)
    owners: Owners = ()
    deliver: tuple[Deliver, ...] = Field(
        default=(), description="who gets what is published, besides those whom the report names"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("not a time zone; write one such as `Europe/Berlin`") from error
        return name

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, expression: str | None) -> str | None:
        if expression is not None:
            try:
                CronSim(expression, now())
            except CronSimError as error:
                raise ValueError(f"not a cron expression: {error}") from error
        return expression

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise ValueError("give either `cron` or `every`")
        return self
