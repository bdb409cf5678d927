"""The notebooks are clean as they stand, and run whole with other values."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return read(request.param)


def test_there_are_three_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["candidates", "model-card", "seattle-weather"]


def test_a_notebook_is_valid_and_without_outputs(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert notebook.metadata.kernelspec.name == "python3"


def test_a_notebook_has_one_parameters_cell_in_which_every_line_says_what_it_is(notebook):
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assigned = [line for line in tagged[0].source.splitlines() if " = " in line]
    assert assigned
    assert all(re.fullmatch(r"\w+: .+ = .+  # .+", line) for line in assigned)


def test_a_notebook_is_thin(notebook):
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert all(len(source.splitlines()) <= 14 for source in code)
    assert not any(re.search(r"^\s*(def|class|for|while) ", source, re.M) for source in code)


def test_the_title_is_left_to_the_report(notebook):
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert not any(re.search(r"^# ", source, re.M) for source in words)


def run(name, out, **parameters):
    """Run a notebook with papermill as its users do, in a process of its own."""
    values = [part for key, value in parameters.items() for part in ("-p", key, str(value))]
    command = [sys.executable, "-W", "ignore", "-m", "papermill", f"notebooks/{name}.ipynb", out]
    done = subprocess.run(
        [*map(str, command), "--no-progress-bar", "--cwd", ".", *values],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "src", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return read(out)


def outputs(notebook):
    return [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]


def text_of(notebook):
    return "\n".join(
        "".join(output.data.get("text/markdown", output.data.get("text/plain", "")))
        for output in outputs(notebook)
    ).replace("\N{NO-BREAK SPACE}", " ")


def test_the_month_report_runs_for_a_february_in_inches(tmp_path):
    done = run("seattle-weather", tmp_path / "out.ipynb", month="2012-02", units="imperial")
    charts = [output for output in outputs(done) if "image/svg+xml" in output.data]
    assert len(charts) == 4
    for chart in charts:
        words = chart.metadata["image/svg+xml"]
        assert words["alt"]
        assert words["caption"]
    assert all(output.output_type != "stream" for output in outputs(done))
    assert "**February 2012** brought 3.63 in of rain, 16 % less than normal" in text_of(done)
    assert "15 of 29 days" in text_of(done)
    assert str(ROOT) not in nbformat.writes(done).replace(str(tmp_path), "")


def test_the_model_card_runs(tmp_path):
    done = run("model-card", tmp_path / "out.ipynb", latency_repeats=20)
    assert sum("image/svg+xml" in output.data for output in outputs(done)) == 4
    assert all(output.output_type != "stream" for output in outputs(done))
    assert re.search(r"right on \*\*\d\d\.\d %\*\*", text_of(done))
    assert re.search(r"ONNX graph takes \*\*[\d.]+ kB\*\*", text_of(done))
