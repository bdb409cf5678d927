"""Whatever goes wrong between the begin and the end of a run, it is a failed run, and no more."""

import json
from datetime import timedelta

import nbformat
import pytest

from lastmile.clock import now
from lastmile.errors import ProgramFault
from lastmile.jobs.backfill import _at, _Order
from lastmile.jobs.report import place_in, produce, reconcile, report_in
from lastmile.jobs.schedule.by_hand import run_by_hand
from lastmile.reporting import rendering
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


def test_the_cause_says_which_step_and_cell_whose_fault_and_where_more_is(workspace, monkeypatch):
    monkeypatch.setattr("lastmile.reporting.rendering.document.output_blocks", fault)
    with RunLog(workspace.store_url) as log:
        with pytest.raises(ProgramFault):
            ask(workspace, log)
        failed = log.history()[0]

    kept = workspace.root / f".lastmile/faults/{failed.key}.txt"
    assert failed.cause.message == (
        "RuntimeError: nobody foresaw this, in cell 2, while the pages were made; "
        f"a fault of lastmile, not of the notebook (see {kept})"
    )
    assert failed.seconds > 0
    notebook = nbformat.read(kept.with_suffix(".ipynb"), as_version=4)
    assert notebook.cells[-1].outputs[0].data["text/plain"] == "6"


def test_what_the_system_does_not_allow_is_no_fault_of_ours(workspace, monkeypatch, lastmile):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lastmile.reporting.rendering.pages.pdf_of", full)
    answer = lastmile("report", "run", "plain", cwd=workspace.root)

    assert answer.code == 1
    assert "No space left on device, while the PDF was made" in answer.err
    assert "the system did not let lastmile go on" in answer.err
    assert "fault of lastmile" not in answer.err


def test_a_secret_is_in_neither_cause_nor_traceback(make_workspace, monkeypatch):
    monkeypatch.setenv("TOKEN", "correct-horse")
    root = make_workspace(["print(len(token))"], parameters="token: str = 'secret:TOKEN'")
    workspace = find_workspace(root)

    def leak(*_args, **_options):
        raise ValueError("correct-horse is in it")

    monkeypatch.setattr("lastmile.reporting.rendering.document.output_blocks", leak)
    with RunLog(workspace.store_url) as log:
        with pytest.raises(ProgramFault) as told:
            ask(workspace, log)
        failed = log.history()[0]

    files = list((root / ".lastmile/faults").iterdir())
    texts = [str(told.value), failed.cause.message, *(file.read_text() for file in files)]
    assert len(files) == 2
    assert ["[redacted: TOKEN]" in text for text in texts[:2]] == [True, True]
    assert [text for text in texts if "correct-horse" in text] == []


def test_a_fault_amid_the_cells_is_published_with_its_traceback(workspace, monkeypatch):
    monkeypatch.setattr("lastmile.reporting.execution.listening.Listener.close", fault)
    with RunLog(workspace.store_url) as log:
        run = ask(workspace, log)

    assert (run.state, run.cause.kind, run.cause.cell) == (
        State.FAILED, CauseKind.PROGRAM_FAULT, 0
    )  # fmt: skip
    assert run.cause.message.endswith(
        "a fault of lastmile, not of the notebook (see source/fault.txt)"
    )
    assert "in fault" in (run.folder / "source/fault.txt").read_text()
    assert "nobody foresaw this" in (run.folder / "index.html").read_text()
    assert latest_good(workspace.reports / "_built", "plain") is None


def test_a_fault_while_a_slot_is_planned_ends_no_backfill(workspace, monkeypatch):
    order = _Order(workspace.root, "plain", force=False, workers=1)
    monkeypatch.setattr("lastmile.jobs.backfill.plan_run", fault)
    outcome = _at(order, Slot(now(), {"x": 1}))

    assert outcome.progress == "bad"
    assert "nobody foresaw this" in outcome.fault
    assert [path.suffix for path in (workspace.root / ".lastmile/faults").iterdir()] == [".txt"]


def test_a_fault_in_a_slot_of_a_schedule_is_an_answer(workspace, monkeypatch):
    (workspace.schedule / "daily.toml").write_text(
        'report = "plain"\ncron = "0 7 * * *"\ntimezone = "Europe/Warsaw"\n'
    )
    monkeypatch.setattr("lastmile.jobs.schedule.work.plan_run", fault)
    _, answer = run_by_hand(workspace, "daily")

    assert answer.outcome == "refused"
    assert "[program-fault] the slot daily " in answer.fault
    monkeypatch.setattr("lastmile.reporting.rendering.render", fault)
    monkeypatch.setattr("lastmile.jobs.schedule.work.plan_run", plan_run)
    _, answer = run_by_hand(workspace, "daily", at=None, clock=lambda: now() + timedelta(days=1))

    assert (answer.outcome, answer.run.cause.kind) == ("ran", CauseKind.PROGRAM_FAULT)


def test_metadata_that_no_json_and_no_utf8_can_hold_are_published_all_the_same(workspace):
    path = workspace.root / "notebooks/plain.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"] |= {"mine": {"limit": float("nan"), "half": "\ud800"}}
    path.write_text(json.dumps(notebook))
    with RunLog(workspace.store_url) as log:
        run = ask(workspace, log)

    assert run.state is State.SUCCEEDED
    written = json.loads(
        (run.folder / "notebook.ipynb").read_text("utf-8"), parse_constant=pytest.fail
    )
    assert written["metadata"]["mine"] == {"limit": "NaN", "half": "?"}


def test_a_fault_in_one_readers_run_leaves_the_next_ones_theirs(workspace, monkeypatch):
    tables = [f'[[deliver]]\nfolder = "to/{x}"\nfor = {{ x = {x} }}\n' for x in (1, 2)]
    (workspace.schedule / "daily.toml").write_text(
        'report = "plain"\ncron = "0 7 * * *"\ntimezone = "Europe/Warsaw"\n' + "".join(tables)
    )
    render_all = rendering.render

    def broken_for_one(notebook, front, formats):
        if "x = 1" in notebook.cells[1].source:
            fault()
        return render_all(notebook, front, formats)

    monkeypatch.setattr("lastmile.reporting.rendering.render", broken_for_one)
    _, answer = run_by_hand(workspace, "daily")
    with RunLog(workspace.store_url) as log:
        states = {run.parameters["x"]: run.state for run in log.history()}

    assert states == {1: State.FAILED, 2: State.SUCCEEDED}
    assert (answer.outcome, answer.run.parameters["x"]) == ("ran", 1)
    assert "nobody foresaw this" in answer.fault
