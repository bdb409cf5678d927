"""Real kernels that end in every way: the state, the cause, and what the notebook says of it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from lastmile.clock import now
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.run import RunInterrupted, execute
from lastmile.reporting.plan import open_report, plan_run
from lastmile.values import CauseKind, State


def states(executed) -> list[str]:
    return [
        cell.metadata["lastmile"]["state"]
        for cell in executed.notebook.cells
        if cell.cell_type == "code"
    ]


def papermill_states(executed) -> list[str]:
    return [
        cell.metadata["papermill"]["status"]
        for cell in executed.notebook.cells
        if cell.cell_type == "code"
    ]


def test_a_good_run_has_outputs_and_figures_of_its_cost(execute_cells, tmp_path):
    events = []
    executed = execute_cells("print(x + 1)", given={"x": "7"}, observer=events.append)

    assert (executed.state, executed.cause) == (State.SUCCEEDED, None)
    assert executed.notebook.cells[-1].outputs[0].text == "8\n"
    assert executed.cell_seconds < executed.seconds
    assert executed.peak_memory > 10_000_000
    assert [(e.phase, e.number) for e in events[:2]] == [("started", 1), ("ended", 1)]
    assert {3} == {event.total for event in events}
    nbformat.validate(executed.notebook)


def test_the_kernel_works_in_the_folder_of_its_notebook(execute_cells, tmp_path):
    (tmp_path / "data.txt").write_text("here")
    executed = execute_cells("print(open('data.txt').read())")

    assert executed.notebook.cells[-1].outputs[0].text == "here\n"


@pytest.mark.parametrize(
    ("cell", "keys", "kind", "words", "mark"),
    [
        pytest.param("1 / 0", {}, CauseKind.CELL_ERROR, "ZeroDivisionError", "failed", id="error"),
        pytest.param(
            "import sys; sys.exit(3)", {}, CauseKind.CELL_ERROR, "SystemExit: 3", "failed",
            id="exit 3",
        ),
        pytest.param(
            "import os; os.kill(os.getpid(), 9)", {}, CauseKind.KERNEL_DIED, "SIGKILL", "stopped",
            id="kill -9",
        ),
        pytest.param(
            "import os; os.abort()", {}, CauseKind.KERNEL_DIED, "SIGABRT", "stopped", id="abort"
        ),
        pytest.param(
            "import time; time.sleep(60)", {"timeout": "6s"}, CauseKind.DEADLINE,
            "longer than 6.0 s", "stopped", id="deadline of the run",
        ),
        pytest.param(
            "import time; time.sleep(60)", {"cell_timeout": "1s"}, CauseKind.DEADLINE,
            "longer than 1.0 s", "stopped", id="limit of a cell",
        ),
        pytest.param(
            "b = bytearray(400_000_000); import time; time.sleep(60)", {"memory": "300 MB"},
            CauseKind.OUT_OF_MEMORY, " MB used, 300 MB allowed", "stopped", id="memory",
        ),
    ],
)  # fmt: skip
def test_a_bad_run_says_why_and_where_and_nothing_that_did_not_run_is_completed(
    execute_cells, cell, keys, kind, words, mark
):
    executed = execute_cells(cell, "print('later')", **keys)

    assert State.FAILED is executed.state
    assert (kind, 1) == (executed.cause.kind, executed.cause.cell)
    assert words in executed.cause.message
    assert "cell 2" in executed.cause.message
    assert ["completed", mark, "not-run"] == states(executed)
    assert papermill_states(executed) == ["completed", "failed", "pending"]
    assert executed.notebook.metadata["papermill"]["exception"] is True
    assert executed.notebook.cells[-1].outputs == []


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        pytest.param("!exit 3", "the command `!exit 3` ended with exit code 3", id="command"),
        pytest.param(
            "import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
            "ended with ZeroDivisionError: division by zero",
            id="thread",
        ),
        pytest.param(
            "import matplotlib.pyplot as plt; fig, axes = plt.subplots()",
            "a figure has nothing in it",
            id="empty figure",
        ),
    ],
)
@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
def test_what_jupyter_lets_pass_is_a_defect_with_its_cell(execute_cells, cell, words, strict):
    executed = execute_cells("a = 1", cell, "print('later')", strict=strict)

    assert executed.state is (State.FAILED if strict else State.DEGRADED)
    assert (executed.cause.kind, executed.cause.cell) == (CauseKind.DEFECT, 2)
    assert words in executed.cause.message
    assert states(executed) == ["completed", "completed", "degraded", "completed"]
    assert words[1:] in executed.notebook.cells[2].metadata["lastmile"]["note"]
    assert "lastmile" not in str(executed.notebook.cells[2].outputs)
    assert executed.notebook.cells[-1].outputs[0].text == "later\n"


def test_a_thread_that_fails_after_the_last_cell_began_is_noticed(execute_cells):
    executed = execute_cells(
        "import threading, time\n"
        "t = threading.Thread(target=lambda: (time.sleep(0.2), 1 / 0)); t.start()",
        "time.sleep(0.1)",
        "t.join()",
    )

    assert executed.state is State.DEGRADED
    assert "ZeroDivisionError" in executed.cause.message


@pytest.mark.parametrize(
    "cell",
    [
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        "import matplotlib.pyplot as plt; plt.figure().text(0.5, 0.5, 'words')",
        "!true",
        "get_ipython()._lastmile_witness = None",
        "from IPython.display import publish_display_data as show\n"
        "show({'application/vnd.lastmile.defect+json': [['x'], 3, [99]]})",
        "from IPython.display import publish_display_data as show\n"
        "show({'application/vnd.lastmile.defect+json': {'a': 1}})",
    ],
    ids=["figure", "words", "command", "witness gone", "forged", "forged otherwise"],
)
def test_what_is_well_is_no_defect(execute_cells, cell):
    executed = execute_cells(cell)

    assert executed.state is State.SUCCEEDED


def test_the_reports_number_of_threads_is_stronger_than_the_environment(execute_cells, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    executed = execute_cells("import os; print(os.environ['OMP_NUM_THREADS'])", threads=3)

    assert executed.notebook.cells[-1].outputs[0].text == "3\n"


def test_a_text_is_run_like_a_notebook(tmp_path):
    (tmp_path / "a.py").write_text('# %% tags=["parameters"]\nx: int = 3\n\n# %%\nprint(x * 2)\n')
    report = open_report("a", ReportFile(title="T", notebook="a.py"), tmp_path, where="a.toml")
    executed = execute(plan_run(report, {"x": "4"}, now=now()))

    assert executed.state is State.SUCCEEDED
    assert executed.notebook.cells[-1].outputs[0].text == "8\n"


def test_a_failing_bash_cell_fails_the_run(execute_cells):
    executed = execute_cells("%%bash\nexit 3", "1")

    assert executed.state is State.FAILED
    assert "CalledProcessError" in executed.cause.message


def test_a_run_that_says_nothing_for_too_long_is_stopped(execute_cells):
    executed = execute_cells(
        "import time\nfor _ in range(3): print('.', flush=True); time.sleep(0.8)",
        "time.sleep(60)",
        silence="4s",
    )

    assert (executed.cause.kind, executed.cause.cell) == (CauseKind.SILENCE, 2)
    assert "nothing was heard for 4.0 s" in executed.cause.message


@pytest.mark.parametrize(
    "cell",
    ["for i in range(200_000): print(i)", "for _ in range(50): print('y' * 1_000_000)"],
    ids=["200,000 prints", "50 MB"],
)
def test_a_talkative_cell_neither_stops_the_run_nor_fills_the_notebook(execute_cells, cell):
    executed = execute_cells(cell, "print('later')")
    said = sum(len(output.text) for output in executed.notebook.cells[1].outputs)

    assert executed.state is State.SUCCEEDED
    assert 1_000_000 < said < 10_100_000
    if "50" in cell:
        assert "dropped 40," in executed.notebook.cells[1].outputs[-1].text
    assert executed.notebook.cells[-1].outputs[0].text == "later\n"


def test_a_notebook_of_500_cells_runs_whole(execute_cells):
    executed = execute_cells(*map(str, range(500)))

    assert (executed.state, executed.cells) == (State.SUCCEEDED, 501)


def test_a_daemon_that_left_the_session_of_the_kernel_is_ended(execute_cells):
    execute_cells(
        "import subprocess\n"
        "subprocess.Popen(['setsid', 'sh', '-c', 'sleep 8645 & exit'])\n"
        "import time; time.sleep(0.5)"
    )

    assert [
        p for p in psutil.process_iter(["cmdline"]) if "8645" in (p.info["cmdline"] or [])
    ] == []


def test_sys_exit_0_ends_the_run_early_and_well(execute_cells):
    executed = execute_cells("import sys; sys.exit(0)", "1 / 0")

    assert State.SUCCEEDED is executed.state
    assert states(executed) == ["completed", "completed", "not-run"]
    assert executed.notebook.cells[1].outputs == []


def test_no_child_of_the_kernel_survives(execute_cells):
    marker = "8641"
    execute_cells(f"import subprocess; subprocess.Popen(['sleep', '{marker}'])", "1 / 0")

    assert [
        p for p in psutil.process_iter(["cmdline"]) if marker in (p.info["cmdline"] or [])
    ] == []


def test_an_unknown_kernel_is_a_cause_not_a_traceback(execute_cells):
    executed = execute_cells("1", kernel="no-such-kernel")

    assert CauseKind.KERNEL_START is executed.cause.kind
    assert "no-such-kernel" in executed.cause.message
    assert states(executed) == ["not-run", "not-run"]


def test_a_fault_of_ours_between_cells_fails_the_run(execute_cells):
    def observer(event):
        if (event.number, event.phase) == (2, "ended"):
            raise RuntimeError("nobody foresaw this")

    executed = execute_cells("print('here')", "print('later')", observer=observer)

    assert (executed.state, executed.cause.kind) == (State.FAILED, CauseKind.PROGRAM_FAULT)
    assert executed.cause.message == (
        "the run was stopped: RuntimeError: nobody foresaw this; "
        "a fault of lastmile, not of the notebook"
    )
    assert "in observer" in executed.fault
    assert states(executed) == ["completed", "completed", "not-run"]
    assert executed.notebook.cells[1].outputs[0].text == "here\n"


def test_a_fault_of_ours_within_a_cell_names_it(execute_cells, monkeypatch):
    from lastmile.reporting.execution.listening import Listener

    def close(_self, _cell, index):
        if index == 1:
            raise KeyError("lost")

    monkeypatch.setattr(Listener, "close", close)
    executed = execute_cells("1", "2")

    assert (executed.cause.kind, executed.cause.cell) == (CauseKind.PROGRAM_FAULT, 1)
    assert executed.cause.message.startswith("the run was stopped in cell 2: KeyError: 'lost'; ")
    assert states(executed) == ["completed", "stopped", "not-run"]


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_is_cancelled_and_leaves_no_process(tmp_path, make_notebook, number):
    make_notebook(tmp_path / "a.ipynb", ["import time; time.sleep(8642)"], "x: int = 3")
    code = f"""
import signal, sys
signal.signal(signal.SIGTERM, signal.default_int_handler)
from pathlib import Path
from lastmile.clock import now
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.run import RunInterrupted, execute
from lastmile.reporting.plan import open_report, plan_run
file = ReportFile(title="T", notebook="a.ipynb")
report = open_report("a", file, Path({str(tmp_path)!r}), where="")
def tell(event):
    if event.number == 2: print("sleeping", flush=True)
try:
    execute(plan_run(report, {{}}, now=now()), observer=tell)
except RunInterrupted as stop:
    print(stop.executed.state, stop.executed.cause.kind, stop.executed.cause.cell, flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "sleeping\n"
    time.sleep(0.3)
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=30)

    assert out == "cancelled interrupted 1\n"
    assert err == ""
    assert below
    assert psutil.wait_procs(below, timeout=5)[1] == []


LINGERING = """import atexit, time
def linger():
    time.sleep(0.4)
    open('hook.txt', 'w').write('ran')
atexit.register(linger)"""


def test_the_end_is_told_while_the_kernel_closes_down_and_its_hooks_run_all_the_same(
    tmp_path, make_notebook
):
    make_notebook(tmp_path / "a.ipynb", [LINGERING], "x: int = 3")
    file = ReportFile(title="T", notebook="a.ipynb")
    plan = plan_run(open_report("a", file, tmp_path, where="a.toml"), {}, now=now())
    told = []
    executed = execute(plan, at_end=lambda e: told.append((e, (tmp_path / "hook.txt").exists())))

    assert told == [(executed, False)]
    assert (tmp_path / "hook.txt").read_text() == "ran"


def test_a_run_interrupted_while_its_kernel_closes_down_is_cancelled(tmp_path, make_notebook):
    make_notebook(tmp_path / "a.ipynb", [LINGERING], "x: int = 3")
    file = ReportFile(title="T", notebook="a.ipynb")
    plan = plan_run(open_report("a", file, tmp_path, where="a.toml"), {}, now=now())
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(RunInterrupted) as stop:
        execute(plan, at_end=lambda _: timer.start())

    assert stop.value.executed.state is State.CANCELLED
    assert stop.value.executed.cause.kind is CauseKind.INTERRUPTED
    assert [p for p in psutil.process_iter() if plan.key in _environment_of(p)] == []
    assert not (tmp_path / "hook.txt").exists()


def _environment_of(process):
    try:
        return process.environ().values()
    except psutil.Error:
        return ()


def test_plain_papermill_tells_the_truth_through_our_engine(tmp_path, make_notebook):
    source = make_notebook(
        tmp_path / "a.ipynb", ["import os; os.kill(os.getpid(), 9)", "2"], "x: int = 3"
    )
    target = tmp_path / "out.ipynb"
    command = [Path(sys.executable).with_name("papermill"), "--engine", "lastmile"]
    done = subprocess.run(
        [*command, "--no-progress-bar", "-p", "x", "4", source, target],
        capture_output=True,
        text=True,
        check=False,
    )
    cells = nbformat.read(target, as_version=4).cells

    assert done.returncode != 0
    assert "killed by SIGKILL" in done.stderr
    assert [cell.metadata["papermill"]["status"] for cell in cells] == [
        "completed",
        "completed",
        "failed",
        "pending",
    ]


def test_plain_papermill_runs_a_good_notebook_through_our_engine(tmp_path, make_notebook):
    import papermill

    source = make_notebook(tmp_path / "a.ipynb", ["print(x)"], "x: int = 3")
    done = papermill.execute_notebook(
        source, tmp_path / "out.ipynb", {"x": 5}, engine_name="lastmile", progress_bar=False
    )

    assert done.cells[-1].outputs[0].text == "5\n"
    assert done.metadata.papermill.exception is None
