"""Runs that have ended, without a kernel and without a run log."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lastmile.values import Run, State

STARTED = datetime(2026, 3, 1, 6, tzinfo=UTC)


def ended_run(**more) -> Run:
    """A good run of the report `rain`, ended after three seconds."""
    given = {
        "key": "20260301-060000-ab12",
        "report": "rain",
        "state": State.SUCCEEDED,
        "started": STARTED,
        "ended": STARTED + timedelta(seconds=3),
        "parameters": {"region": "north", "days": 7},
        "given": {"region": "north"},
        "recorded": {"rain_share": 0.7, "rows": 31, "by month": [1, 2]},
        "plan_id": "p" * 64,
    }
    return Run(**(given | more))


@pytest.fixture(name="ended_run")
def _ended_run() -> Callable[..., Run]:
    return ended_run
