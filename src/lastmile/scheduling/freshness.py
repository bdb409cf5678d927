"""Until when the report of a slot must exist: the contract `must_exist_by`."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from lastmile.scheduling.zones import instant

_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Contract:
    """A time of day, the first behind the slot, or a time that may pass after the slot."""

    at: time | None = None
    within: timedelta | None = None

    @classmethod
    def read(cls, text: str) -> "Contract":
        """The contract that a person wrote.

        Raises:
            ValueError: it is none.
        """
        if match := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip()):
            return cls(at=time(int(match[1]), int(match[2])))
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(m|min|h|d)", text.strip())
        if not match or float(match[1]) == 0:
            raise ValueError('write a time of day as "09:00", or a time after the slot as "45m"')
        return cls(within=timedelta(seconds=float(match[1]) * _UNITS[match[2]]))

    def deadline(self, due: datetime, zone: ZoneInfo) -> datetime:
        """The instant, in UTC, at which the report of a slot that was due then must exist."""
        if self.within is not None:
            return due + self.within
        assert self.at
        day = due.astimezone(zone).date()
        found = instant(day, self.at, zone)
        return found if found > due else instant(day + timedelta(days=1), self.at, zone)
