"""Runs that share their beginning: what it leaves, what is refused, and that nothing leaks."""

import json
import os

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lastmile.clock import now
from lastmile.jobs.report import Place, produce
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.forkserver import ForkServer
from lastmile.reporting.execution.kernel import open_kernel
from lastmile.reporting.execution.prefix import prefix_of
from lastmile.reporting.execution.watchdog import is_alive
from lastmile.reporting.plan import open_report, plan_run

LOADS = [
    "from pathlib import Path\nimport numpy as np\nPath('ran').open('a').write('x')",
    "table = [1, 2, 3]\nprint('loaded')\nlen(table)",
    "def total():\n    return sum(table) * factor",
]


@pytest.fixture
def share(tmp_path):
    """Run a notebook twice behind one shared beginning; gives the server and the executed runs."""

    def make(above, below, values=({"factor": 2}, {"factor": 3})):
        cells = [
            *map(new_code_cell, above),
            new_code_cell("factor: int = 1", metadata={"tags": ["parameters"]}),
            *map(new_code_cell, below),
        ]
        notebook = new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "language": "python"}
        notebook.metadata["kernelspec"]["display_name"] = "Python 3"
        nbformat.write(notebook, tmp_path / "shared.ipynb")
        file = ReportFile(title="Shared", notebook="shared.ipynb", formats=("html",))
        report = open_report("shared", file, tmp_path, where="shared.toml")
        prefix = prefix_of(report.source.notebook(), tmp_path)
        with ForkServer(["numpy"], prefix=prefix, timeout=60) as server:
            runs = [
                produce(
                    plan_run(report, given, now=now()),
                    Place(built=tmp_path / "built", root=tmp_path),
                )
                for given in values
            ]
            shared = server.shared
        return shared, runs

    return make


def executed(run):
    return nbformat.read(run.folder / "notebook.ipynb", as_version=4)


def printed(run):
    """What the last cell prints."""
    return "".join(output.get("text", "") for output in executed(run).cells[-1].outputs).strip()


def record(run):
    return json.loads((run.folder / "run.json").read_text())["provenance"]["prefix"]


def test_the_beginning_runs_once_and_every_run_goes_on_behind_it(share, tmp_path):
    shared, runs = share(LOADS, ["print(total())"])

    assert shared.refused == ""
    assert (tmp_path / "ran").read_text() == "x"
    assert [printed(run) for run in runs] == ["12", "18"]
    assert [run.state for run in runs] == ["succeeded"] * 2
    assert all(record(run)["shared"] and record(run)["cells"] == 3 for run in runs)


def test_its_outputs_stand_in_each_run_as_if_they_had_run_there(share):
    _, runs = share(LOADS, ["print(total())"])
    for run in runs:
        cells = executed(run).cells
        assert [output.output_type for output in cells[1].outputs] == ["stream", "execute_result"]
        assert cells[1].outputs[0].text == "loaded\n"
        assert cells[1].outputs[1].data["text/plain"] == "3"
        assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5, 6]
        assert cells[0].metadata.lastmile == {"state": "completed", "shared": True}
        assert cells[-1].metadata.lastmile == {"state": "completed"}


def test_what_a_run_does_to_the_shared_names_no_other_run_sees(share):
    _, runs = share(["table = [1]"], ["table.append(factor)\nprint(table)"])
    assert [printed(run) for run in runs] == ["[1, 2]", "[1, 3]"]


def test_a_figure_above_the_parameters_is_drawn(share):
    draws = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    shared, runs = share([draws], ["print(1)"])
    assert shared.refused == ""
    assert "image/png" in executed(runs[1]).cells[0].outputs[0].data


def test_what_is_seeded_goes_on_and_what_is_not_is_drawn_anew(share):
    seeds = "import random, numpy as np\nrandom.seed(1); np.random.seed(2)\nrandom.random()"
    draws = "print(random.random(), np.random.rand())"
    _, runs = share([seeds], [draws])
    assert printed(runs[0]) == printed(runs[1])
    _, runs = share(["import random, numpy as np"], [draws])
    assert printed(runs[0]) != printed(runs[1])


def test_runs_that_read_on_in_one_file_do_not_move_it_for_each_other(share, tmp_path):
    (tmp_path / "lines").write_text("one\ntwo\nthree\n")
    _, runs = share(["lines = open('lines', buffering=1)\nnext(lines)"], ["print(next(lines))"])
    assert [printed(run) for run in runs] == ["two", "two"]


def test_folder_and_environment_that_it_sets_are_kept(share, tmp_path):
    sets = (
        "import os\nos.makedirs('d', exist_ok=True)\nos.chdir('d')\nos.environ['GREETING'] = 'hi'"
    )
    _, runs = share([sets], ["print(os.environ['GREETING'], os.path.basename(os.getcwd()))"])
    assert printed(runs[1]) == "hi d"


REFUSED = {
    "a thread": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(300,), daemon=True).start()",
        "threads behind",
    ),
    "a connection": ("import socket\na, b = socket.socketpair()", "a connection open"),
    "an open file": ("log = open('log', 'a')", "the file log open"),
    "a process": (
        "import subprocess\np = subprocess.Popen(['sleep', '8648'])",
        "processes running",
    ),
    "an exception": ("print(undefined)", "cell 1 raised NameError"),
    "a failed command": ("!exit 3", "exit code 3"),
    "an end of the process": ("import os\nos._exit(4)", "ended, or took too long"),
}


@pytest.mark.parametrize(("above", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_not_survive_a_fork_is_refused_and_run_the_ordinary_way(share, above, reason):
    shared, runs = share([above], ["print(factor)"], values=[{"factor": 2}])
    assert reason in shared.refused
    assert record(runs[0]) == {"shared": False, "reason": shared.refused}
    cell = executed(runs[0]).cells[0]
    assert "shared" not in cell.metadata.lastmile
    assert cell.metadata.papermill.start_time is not None  # it ran in the run itself


def test_what_a_refused_beginning_had_done_is_undone(share):
    above = "import os, threading, time\nos.environ['LEAK'] = '1'\n" + REFUSED["a thread"][0]
    _, runs = share([f"import os\nprint('LEAK' in os.environ)\n{above}"], ["print(factor)"])
    assert executed(runs[0]).cells[0].outputs[0].text == "False\n"


def test_no_process_is_left(share):
    before = {process.pid for process in psutil.process_iter()}
    share(LOADS, ["print(total())"])
    share([REFUSED["a process"][0]], ["print(factor)"], values=[{"factor": 1}])
    left = [p for p in psutil.process_iter(["cmdline", "ppid"]) if p.pid not in before]
    ours = [p for p in left if "8648" in (p.info["cmdline"] or []) or p.info["ppid"] == os.getpid()]
    assert [p for p in ours if is_alive(p.pid)] == []


def test_a_notebook_that_begins_otherwise_gets_a_kernel_of_its_own(tmp_path, kernel_of):
    prefix = prefix_of(kernel_of("x = 1", "p: int = 0"), tmp_path)
    with (
        ForkServer(prefix=prefix, timeout=60),
        open_kernel(
            kernel_of("x = 2", "p: int = 0"), "python3", cwd=tmp_path, env={}, cell_timeout=60
        ) as kernel,
    ):
        assert kernel.shared.refused
        assert "begins otherwise" in kernel.client.km.provisioner.why_fresh


def test_without_code_above_the_parameters_nothing_can_be_shared(tmp_path, kernel_of):
    assert prefix_of(kernel_of("", "p: int = 0"), tmp_path) is None
    assert prefix_of(new_notebook(cells=[new_code_cell("x = 1")]), tmp_path) is None


@pytest.fixture
def kernel_of():
    """A notebook with a cell above its parameters."""

    def make(above, parameters):
        tagged = new_code_cell(parameters, metadata={"tags": ["parameters"]})
        return new_notebook(cells=[new_code_cell(above), tagged])

    return make
