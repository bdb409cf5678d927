"""Real kernels, forked from one real server."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from nbformat import v4

from lastmile.reporting.execution.forkserver import ForkServer
from lastmile.reporting.execution.kernel import open_kernel


class Talk:
    """Cells run one by one in an open kernel."""

    def __init__(self, kernel, notebook):
        self.kernel = kernel
        self.notebook = notebook
        self.pid = kernel.pid
        self.why_fresh = kernel.client.km.provisioner.why_fresh

    def run(self, code):
        """The outputs of a cell."""
        self.notebook.cells.append(v4.new_code_cell(code))
        at = len(self.notebook.cells) - 1
        return self.kernel.client.execute_cell(self.notebook.cells[at], at).outputs

    def say(self, code):
        """What a cell prints, without the line's end."""
        return "".join(o.text for o in self.run(code) if o.output_type == "stream").strip()


@contextmanager
def kernel(cwd=Path(), *, name="python3", **env):
    notebook = v4.new_notebook()
    with open_kernel(notebook, name, cwd=Path(cwd), env=env, cell_timeout=60) as opened:
        yield Talk(opened, notebook)


@pytest.fixture(name="kernel", scope="session")
def _kernel():
    return kernel


@pytest.fixture(scope="module")
def server():
    modules = ["numpy", "pandas", "matplotlib.pyplot", "sklearn.ensemble"]
    with ForkServer(modules) as running:
        assert running.wait_until_ready()
        yield running


@pytest.fixture
def forked(server, tmp_path):
    """A kernel that is certainly forked, in an empty folder."""
    with kernel(tmp_path) as talk:
        assert talk.why_fresh == ""
        assert talk.say("import os; print(os.getppid())") == str(server.pid)
        yield talk
