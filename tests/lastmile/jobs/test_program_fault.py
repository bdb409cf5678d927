"""Whatever goes wrong between the begin and the end of a run, it is a failed run, and no more."""

import pytest

from lastmile.clock import now
from lastmile.errors import ProgramFault
from lastmile.jobs.backfill import _at, _Order
from lastmile.jobs.report import place_in, produce, reconcile, report_in
from lastmile.reporting.grid import Slot
from lastmile.reporting.plan import plan_run
from lastmile.reporting.publication import latest_good
from lastmile.store import RunLog
from lastmile.values import CauseKind, State
from lastmile.workspace import find_workspace

STEPS = {
    "while cells run": "lastmile.jobs.report.execute",
    "while the page is made": "lastmile.reporting.rendering.render",
    "while provenance is gathered": "lastmile.jobs.report.provenance_of",
    "while the pages are written": "lastmile.jobs.report.publish",
}


def fault(*_args, **_options):
    raise RuntimeError("nobody foresaw this")


@pytest.fixture
def workspace(make_workspace):
    return find_workspace(make_workspace())


def ask(workspace, log):
    plan = plan_run(report_in(workspace, "plain"), {}, as_of=None, now=now())
    return produce(plan, place_in(workspace, log))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_fault_of_ours_is_a_failed_run_told_as_ours(workspace, monkeypatch, step):
    with RunLog(workspace.store_url) as log:
        good = ask(workspace, log)
        monkeypatch.setattr(step, fault)
        with pytest.raises(ProgramFault) as told:
            ask(workspace, log)
        failed = log.history()[0]

    assert (failed.state, failed.cause.kind) == (State.FAILED, CauseKind.PROGRAM_FAULT)
    assert "nobody foresaw this" in failed.cause.message
    assert latest_good(workspace.reports / "_built", "plain") == good.key
    assert not list((workspace.reports / "_built/plain").glob(".*"))
    kept = workspace.root / ".lastmile/faults" / f"{failed.key}.txt"
    assert "in fault" in kept.read_text()
    assert "a fault of lastmile" in str(told.value)
    assert str(kept) in str(told.value)


def test_a_fault_while_deliveries_are_made_leaves_a_good_run(workspace, monkeypatch):
    monkeypatch.setattr("lastmile.jobs.run_end.deliveries_of", fault)
    monkeypatch.setattr("lastmile.store.log.queue", lambda _connection, made: list(made))
    with RunLog(workspace.store_url) as log:
        monkeypatch.setattr("lastmile.jobs.report.order_of", lambda *_: {"title": "x"})
        with pytest.raises(ProgramFault):
            ask(workspace, log)
        (run,) = log.history()
        assert run.state is State.SUCCEEDED
        reconcile(place_in(workspace, log))
    assert latest_good(workspace.reports / "_built", "plain") == run.key


def test_the_command_line_tells_it_without_a_traceback(workspace, monkeypatch, lastmile):
    monkeypatch.setattr("lastmile.reporting.rendering.render", fault)
    answer = lastmile("report", "run", "plain", cwd=workspace.root)
    assert answer.code == 1
    assert "[program-fault]" in answer.err
    assert "Traceback" not in answer.err


def test_a_slot_of_a_backfill_that_broke_is_bad_and_the_next_one_is_run(workspace, monkeypatch):
    """In the worker of a backfill, which asks one slot after the other."""
    order = _Order(workspace.root, "plain", force=False, workers=1)
    slots = [Slot(now(), {"x": value}) for value in (1, 2, 3)]

    outcomes = []
    for slot in slots:
        with monkeypatch.context() as patch:
            if slot.given["x"] == 2:
                patch.setattr("lastmile.reporting.rendering.render", fault)
            outcomes.append(_at(order, slot))
    assert [outcome.progress for outcome in outcomes] == ["good", "bad", "good"]
    assert "nobody foresaw this" in outcomes[1].fault
