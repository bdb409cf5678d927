"""A run whose slot was taken over while its host was cut off: nothing of it is published."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lastmile.clock import now
from lastmile.delivery.definition import Deliver
from lastmile.errors import SlotTaken
from lastmile.jobs import report as module
from lastmile.jobs.report import place_in, produce, report_in
from lastmile.reporting.plan import plan_run
from lastmile.store.held import HeldLog
from lastmile.store.schedulers import SchedulerLog
from lastmile.store.slots import Slot
from lastmile.values import Cause, CauseKind, State
from lastmile.workspace import find_workspace

AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
LOST = Cause(kind=CauseKind.LOST, message="not heard of")


@pytest.fixture(name="work")
def _work(make_workspace, monkeypatch):
    """Work on a slot that another takes over at a `moment`; its report needs no kernel."""
    workspace = find_workspace(make_workspace())

    def good(draft, *_):
        draft.run = replace(draft.run, state=State.SUCCEEDED, ended=now())
        return {"index.html": b"<p>all is well</p>"}, {}

    def work(moment: str):
        slot = Slot(schedule="s", scheduled_for=AT, due=AT, timezone="UTC", report="plain",
                    entered=AT)  # fmt: skip
        with SchedulerLog(workspace.store_url) as ours, SchedulerLog(workspace.store_url) as theirs:
            held = ours.take(slot.key, slot, AT)

            def at(name, act):
                def acting(*given):
                    done = act(*given)
                    if moment == name:
                        assert theirs.give_back(theirs.take_over(held, LOST, AT))
                    return done

                return acting

            monkeypatch.setattr(module._Draft, "carry_out", at("running", good))
            monkeypatch.setattr(module, "publish", at("publishing", module.publish))
            told = (Deliver(folder="told/"),)
            plan = plan_run(report_in(workspace, "plain"), {}, now=now())
            with HeldLog(workspace.store_url, held) as log:
                try:
                    return produce(
                        replace(plan, slot=slot.key, deliver=told), place_in(workspace, log)
                    )
                finally:
                    work.runs = log.history()
                    work.told = log.outbox.find()
                    work.published = list(workspace.reports.glob("_built/plain/*"))

    return work


def test_a_run_that_keeps_its_slot_is_published_and_told(work):
    run = work("never")

    assert (run.state, work.runs) == (State.SUCCEEDED, [run])
    assert {path.name for path in work.published} == {run.key, "latest"}
    assert len(work.told) == 1


@pytest.mark.parametrize("moment", ["running", "publishing"])
def test_a_run_that_lost_its_slot_is_neither_published_nor_told(work, moment):
    with pytest.raises(SlotTaken):
        work(moment)

    (run,) = work.runs
    assert (run.state, str(run.cause), run.folder) == (State.FAILED, "not heard of", None)
    assert work.published == []
    assert work.told == []
