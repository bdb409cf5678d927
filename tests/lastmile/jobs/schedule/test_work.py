"""A slot whose run log is away is left for another time, never skipped."""

import pytest

from lastmile.errors import StoreUnusable
from lastmile.jobs.schedule.by_hand import run_by_hand
from lastmile.store.schedulers import SchedulerLog
from lastmile.values import SlotState
from lastmile.workspace import find_workspace

SCHEDULE = 'report = "plain"\ncron = "0 7 * * *"\ntimezone = "Europe/Warsaw"\n'


def test_a_slot_is_not_refused_because_the_run_log_was_away(make_workspace, monkeypatch):
    root = make_workspace()
    (root / "schedule/daily.toml").write_text(SCHEDULE)
    workspace = find_workspace(root)

    def away(*_args, **_options):
        raise StoreUnusable("the store", "the database system is starting up")

    monkeypatch.setattr("lastmile.jobs.schedule.work.produce_with_retries", away)
    with pytest.raises(StoreUnusable):
        run_by_hand(workspace, "daily")
    with SchedulerLog(workspace.store_url) as log:
        (slot,) = log.at_work()
    assert slot.state is SlotState.RUNNING
