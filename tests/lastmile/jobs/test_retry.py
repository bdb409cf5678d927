"""Retries: only for causes that may pass, each attempt kept."""

from dataclasses import replace

import pytest

from lastmile.clock import now
from lastmile.delivery.definition import Deliver
from lastmile.jobs.report import TAKEN_UP, place_in, report_in
from lastmile.jobs.retry import produce_with_retries
from lastmile.reporting.plan import plan_run
from lastmile.store import RunLog
from lastmile.values import CauseKind, State
from lastmile.workspace import find_workspace

FAILS_TWICE = """
from pathlib import Path
trace = Path("tries")
tries = int(trace.read_text()) if trace.exists() else 0
trace.write_text(str(tries + 1))
if tries < 2:
    import os
    os.kill(os.getpid(), 9)
"""


@pytest.fixture(name="produce")
def _produce(make_workspace):
    def produce(cells, report):
        root = make_workspace(cells, report=f'formats = ["html"]\n{report}')
        workspace = find_workspace(root)
        pauses: list[float] = []
        with RunLog(workspace.store_url) as log:
            plan = plan_run(report_in(workspace, "plain"), {}, now=now())
            plan = replace(plan, deliver=(Deliver(folder="told/", when="failed"),))
            last = produce_with_retries(plan, place_in(workspace, log), sleep=pauses.append)
            return last, list(reversed(log.history())), pauses, root

    return produce


def test_a_cause_that_passes_is_tried_again_and_each_attempt_is_kept(produce):
    report = 'retries = 3\nretry_on = ["kernel-died"]\nretry_delay = "2s"\n'
    last, runs, pauses, root = produce([FAILS_TWICE], report)

    assert last.state is State.SUCCEEDED
    assert [(run.attempt, run.state) for run in runs] == [
        (1, State.FAILED),
        (2, State.FAILED),
        (3, State.SUCCEEDED),
    ]
    assert len({run.plan_id for run in runs}) == 1
    assert pauses == [2, 4]
    assert len(list(root.glob("reports/_built/plain/*-*/index.html"))) == 3


def test_a_cells_exception_is_never_tried_again_unless_asked(produce):
    last, runs, pauses, _ = produce(["1 / 0"], "retries = 3\n")

    assert (last.cause.kind, len(runs), pauses) == (CauseKind.CELL_ERROR, 1, [])


def test_attempts_come_to_an_end(produce):
    report = 'retries = 1\nretry_on = ["cell-error"]\nretry_delay = 1\n'
    last, runs, pauses, _ = produce(["1 / 0"], report)

    assert (last.state, len(runs), pauses) == (State.FAILED, 2, [1])


def test_a_kernel_that_does_not_start_is_tried_again_by_default(produce):
    last, runs, _, _ = produce(["1"], 'kernel = "no-such-kernel"\nretries = 1\n')

    assert (last.cause.kind, len(runs)) == (CauseKind.KERNEL_START, 2)


def outbox_of(root):
    with RunLog(find_workspace(root).store_url) as log:
        return [(one.run, one.state.value, one.due - one.queued) for one in log.outbox.find()]


def test_a_failure_that_is_tried_again_is_told_when_no_attempt_is_left(produce):
    report = 'retries = 1\nretry_on = ["kernel-died"]\nretry_delay = "7s"\n'
    last, runs, _pauses, root = produce(["import os; os.kill(os.getpid(), 9)"], report)
    told = {run: (state, hold.total_seconds()) for run, state, hold in outbox_of(root)}

    assert told == {
        runs[0].key: ("superseded", 7 + TAKEN_UP),  # kept back, in case nobody had gone on
        last.key: ("waiting", 0),
    }
