"""Notebooks that are run through real kernels, also through one that says what it is told to."""

import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lastmile.clock import now
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.run import execute
from lastmile.reporting.plan import open_report, plan_run

RAW_KERNEL = """
import json

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class RawKernel(Kernel):
    implementation = banner = "raw"
    implementation_version = "1"
    language_info = {"name": "raw", "mimetype": "text/plain", "file_extension": ".raw"}

    async def do_execute(self, code, silent, *_more, **_named):
        def send(kind, content):
            packed = json.dumps(content).encode()  # the session would take nothing but a dict
            self.session.send(self.iopub_socket, kind, packed, parent=self.get_parent())

        answer = {"status": "ok", "execution_count": self.execution_count}
        try:
            exec(code, {"send": send, "answer": answer, "kernel": self})
        except Exception as error:
            answer |= {"status": "error", "ename": "Raw", "evalue": str(error), "traceback": []}
        return {**answer, "payload": [], "user_expressions": {}}


IPKernelApp.launch_instance(kernel_class=RawKernel)
"""


@pytest.fixture(name="execute_cells")
def _execute_cells(tmp_path, make_notebook):
    """Run cells behind a parameters cell."""

    def run(*cells, given=None, parameters="x: int = 3", observer=None, **keys):
        make_notebook(tmp_path / "a.ipynb", cells, parameters)
        return executed(tmp_path, given or {}, observer, **keys)

    return run


@pytest.fixture
def execute_tagged(tmp_path):
    """Run pairs of a cell's source and its tags, without a parameters cell."""

    def run(*cells, **keys):
        made = [new_code_cell(source, metadata={"tags": list(tags)}) for source, tags in cells]
        notebook = new_notebook(cells=made)
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook.metadata["kernelspec"] = spec
        nbformat.write(notebook, tmp_path / "a.ipynb")
        return executed(tmp_path, {}, None, **keys)

    return run


@pytest.fixture
def execute_raw(execute_tagged, tmp_path, monkeypatch):
    """Run cells in a kernel in which they say whatever they like: `send(kind, content)`."""
    kernel = tmp_path / "share/jupyter/kernels/raw"
    kernel.mkdir(parents=True)
    (kernel / "raw.py").write_text(RAW_KERNEL)
    words = [sys.executable, str(kernel / "raw.py"), "-f", "{connection_file}"]
    spec = {"argv": words, "display_name": "Raw", "language": "raw"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share/jupyter"))
    return lambda *cells: execute_tagged(*((cell, ()) for cell in cells), kernel="raw")


def executed(folder, given, observer, **keys):
    file = ReportFile(title="T", notebook="a.ipynb", **keys)
    plan = plan_run(open_report("a", file, folder, where="a.toml"), given, now=now())
    return execute(plan, **({"observer": observer} if observer else {}))
