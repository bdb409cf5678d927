"""What is imported ahead, and which kernels must be fresh processes."""

import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import v4

from lastmile.reporting.execution.forkserver import ForkServer, imports_of
from lastmile.reporting.execution.forkserver.environment import (
    INLINE,
    read_at_import,
    why_different,
    why_fresh,
)
from lastmile.reporting.execution.forkserver.provisioner import ForkServerProvisioner
from lastmile.reporting.execution.forkserver.server import VARIABLE, current

ROOT = Path(__file__).parents[5]
KERNEL = [sys.executable, "-m", "ipykernel_launcher", "-f", "connection.json"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("import numpy as np", {"numpy"}, id="plain"),
        pytest.param("import matplotlib.pyplot as plt", {"matplotlib.pyplot"}, id="dotted"),
        pytest.param(
            "from sklearn.ensemble import A", {"sklearn.ensemble", "sklearn.ensemble.A"}, id="from"
        ),
        pytest.param("%matplotlib inline\n!ls\nimport pandas", {"pandas"}, id="beside magics"),
        pytest.param("import os, socket, secret_lib", set(), id="not known to be safe"),
        pytest.param("def f():\n    import numpy", set(), id="not at the top level"),
        pytest.param("%%bash\nimport numpy (", set(), id="not Python"),
        pytest.param("from . import x", set(), id="relative"),
        pytest.param("import mine", {"scipy", "pandas"}, id="through the workspace's modules"),
        pytest.param("from pack.part import x", {"pyarrow", "numpy"}, id="through a package"),
        pytest.param("import circle", set(), id="in a circle"),
    ],
)
def test_a_server_imports_what_its_notebooks_import_if_it_is_safe(tmp_path, source, found):
    (tmp_path / "mine.py").write_text("import pandas\nfrom other import y")
    (tmp_path / "other.py").write_text("import scipy, os")
    (tmp_path / "circle.py").write_text("import circle")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text("import numpy")
    (tmp_path / "pack/part.py").write_text("import pyarrow")
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(source), v4.new_markdown_cell("import rich")]
    )

    assert set(imports_of([notebook], module_paths=[tmp_path])) == found


def test_settings_name_further_modules():
    notebook = v4.new_notebook(cells=[v4.new_code_cell("import house.charts, numpy")])
    assert imports_of([notebook], also=["house"]) == ("house", "house.charts", "numpy")


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        pytest.param({"PYTHONPATH": "/a:/b"}, "", id="the same"),
        pytest.param({"PYTHONPATH": ":/a::/b:"}, "", id="the same path, written otherwise"),
        pytest.param(
            {"PYTHONPATH": "/a:/b", "TOKEN": "x", "TZ": "UTC", "OMP_NUM_THREADS": "3"}, "",
            id="what a running process can honour",
        ),
        pytest.param({"PYTHONPATH": "/a:/b", "MPLBACKEND": INLINE}, "", id="figures inline"),
        pytest.param({"PYTHONPATH": "/b:/a"}, "PYTHONPATH", id="another path"),
        pytest.param({}, "PYTHONPATH", id="no path"),
        pytest.param({"PYTHONPATH": "/a:/b", "PYTHONHASHSEED": "1"}, "PYTHONHASHSEED", id="seed"),
        pytest.param({"PYTHONPATH": "/a:/b", "LD_PRELOAD": "x.so"}, "LD_PRELOAD", id="loader"),
        pytest.param({"PYTHONPATH": "/a:/b", "MPLBACKEND": "pdf"}, "MPLBACKEND", id="backend"),
        pytest.param({"PYTHONPATH": "/a:/b", "LC_ALL": "C"}, "LC_ALL", id="locale"),
    ],
)  # fmt: skip
def test_an_environment_that_only_a_fresh_process_can_have_is_named(tmp_path, env, reason):
    served = read_at_import({"PYTHONPATH": "/a:/b"})
    found = why_different(env, tmp_path, served=served, modules=["numpy"])
    assert found == (f"its environment differs in {reason}" if reason else "")


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param("matplotlibrc", "its folder has a matplotlibrc", id="matplotlibrc"),
        pytest.param("numpy.py", "its folder has a module `numpy` of its own", id="a module"),
        pytest.param("numpy/__init__.py", "its folder has a module `numpy` of its own", id="pack"),
        pytest.param("other.py", "", id="another module"),
    ],
)
def test_a_folder_that_hides_what_was_imported_gets_a_fresh_process(tmp_path, file, reason):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("")
    assert why_different({}, tmp_path, served={}, modules=["numpy.linalg"]) == reason


@pytest.mark.parametrize(
    ("command", "options", "reason"),
    [
        pytest.param(KERNEL, {"cwd": "/", "env": {}}, "", id="ordinary"),
        pytest.param([KERNEL[0], "-Xfrozen_modules=off", *KERNEL[1:]], {}, "", id="for debuggers"),
        pytest.param(["/other/python", *KERNEL[1:]], {}, "another interpreter", id="interpreter"),
        pytest.param([KERNEL[0], "-O", *KERNEL[1:]], {}, "not an ordinary IPython", id="option"),
        pytest.param([KERNEL[0], "-m", "bash_kernel"], {}, "not an ordinary", id="language"),
        pytest.param(KERNEL, {"preexec_fn": print}, "started with preexec_fn", id="options"),
    ],
)
def test_a_kernel_that_is_started_otherwise_is_a_fresh_process(command, options, reason):
    found = why_fresh(command, options)
    assert reason in found
    assert bool(reason) == bool(found)


def test_without_a_server_kernels_are_ordinary(kernel, tmp_path):
    with kernel(tmp_path) as talk:
        assert talk.why_fresh == "there is no fork server"
        assert talk.say("print(1)") == "1"


def test_a_package_that_starts_threads_is_left_out(kernel, tmp_path):
    code = "import threading, time; threading.Thread(target=time.sleep, args=[60]).start()"
    (tmp_path / "threaded.py").write_text(code)
    (tmp_path / "quiet.py").write_text("")
    (tmp_path / "broken.py").write_text("1 / 0")
    with (
        ForkServer(["broken", "quiet", "threaded"], module_paths=[tmp_path]),
        kernel(Path.cwd(), PYTHONPATH=str(tmp_path)) as talk,
    ):
        assert talk.why_fresh == ""
        loaded = "print([m in sys.modules for m in ('broken', 'quiet', 'threaded')])"
        assert talk.say(f"import sys; {loaded}") == "[False, True, False]"
        with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
            talk.run("import broken")


WORKER = """
import sys
from pathlib import Path
from nbformat import v4
from lastmile.reporting.execution.kernel import open_kernel
with open_kernel(v4.new_notebook(), "python3", cwd=Path(sys.argv[1]), env={}, cell_timeout=9) as k:
    import os; stat = Path(f"/proc/{k.pid}/stat").read_text()
    print(stat.rpartition(")")[2].split()[1])
"""


def test_a_worker_process_joins_the_server_that_its_environment_names(tmp_path):
    with ForkServer() as server:
        done = subprocess.run(
            [sys.executable, "-c", WORKER, tmp_path],
            env={**os.environ, **server.environment},
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == str(server.pid)


def test_where_fork_is_not_to_be_had_the_block_runs_without_a_server(monkeypatch):
    monkeypatch.setattr("lastmile.reporting.execution.forkserver.server.sys.platform", "darwin")
    with ForkServer(["numpy"]) as server:
        assert (server.pid, server.environment, current()) == (None, {}, None)
        assert not server.wait_until_ready()


def test_other_programs_find_the_provisioner_by_its_name():
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    group = "jupyter_client.kernel_provisioners"
    value = table[group]["lastmile-forkserver"]
    assert EntryPoint("lastmile-forkserver", value, group).load() is ForkServerProvisioner


def test_a_server_that_is_named_but_gone_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    assert current() is None
