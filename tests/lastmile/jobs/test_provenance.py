"""What a run was made from stands in its record, and nothing else of the machine."""

import hashlib
import json
import subprocess

import pytest

import lastmile
from lastmile.clock import now
from lastmile.errors import BadDefinition, DataMissing, Faults
from lastmile.jobs.provenance import take_snapshot
from lastmile.jobs.report import place_in, produce, report_in
from lastmile.reporting.plan import plan_run
from lastmile.store import RunLog
from lastmile.workspace import find_workspace


def git(root, *words):
    subprocess.run(["git", "-C", root, "-c", "user.name=x", "-c", "user.email=x@y", *words],
                   check=True, capture_output=True)  # fmt: skip


def snapshot(root):
    workspace = find_workspace(root)
    plan = plan_run(report_in(workspace, "plain"), {}, now=now())
    return take_snapshot(plan, root, workspace.module_paths)


CELLS = [
    "import lastmile, tools",
    "lastmile.record('double', x * 2)\nlastmile.record('double', tools.twice(x))",
    "import pandas as pd\nlastmile.record('table', pd.DataFrame({'n': [1, x]}, index=['a', 'b']))",
]


def test_a_run_keeps_its_values_and_what_it_was_made_from(make_workspace):
    root = make_workspace(CELLS, report='formats = ["html"]\ndata = ["data/*.csv"]\n')
    (root / "src/tools.py").write_text("import pandas\n\ndef twice(x):\n    return 2 * x\n")
    (root / "data").mkdir()
    (root / "data/a.csv").write_text("a,b\n")
    (root / "requirements.lock").write_text("pandas==1\n")
    workspace = find_workspace(root)
    with RunLog(workspace.store_url) as log:
        plan = plan_run(report_in(workspace, "plain"), {"x": "4"}, now=now())
        run = produce(plan, place_in(workspace, log))
        [logged] = log.history()
    record = json.loads((run.folder / "run.json").read_text())
    found = record["provenance"]

    table = {"columns": ["n"], "index": ["a", "b"], "index_names": [""], "rows": [[1], [4]]}
    assert {"double": 8, "table": {"$table": table}} == run.recorded == record["recorded"]
    assert logged.recorded == run.recorded
    assert "cannot be shown" not in (run.folder / "index.html").read_text()
    assert (record["given"], record["parameters"]) == ({"x": "4"}, {"x": 4})
    assert {"data/a.csv": {"bytes": 4, "sha256": hashlib.sha256(b"a,b\n").hexdigest()}} == found[
        "data"
    ]
    assert list(found["modules"]) == ["src/tools.py"]
    assert list(found["packages"]) == ["lastmile", "pandas"]
    assert list(found["lockfiles"]) == ["requirements.lock"]
    assert [(cell["cell"], cell["state"]) for cell in found["cells"]][-1] == (5, "completed")
    assert all(cell["seconds"] >= 0 for cell in found["cells"])
    assert record["peak_memory"] > 10_000_000
    original = (root / "notebooks/plain.ipynb").read_bytes()
    assert (run.folder / "source/notebook.ipynb").read_bytes() == original
    assert hashlib.sha256(original).hexdigest() == found["notebook_sha256"]


CHANGES_ITSELF = """from pathlib import Path
Path("plain.ipynb").write_text("another")
Path("../reports/plain.toml").write_text("another")
print("ran")"""


def test_a_run_uses_and_keeps_the_notebook_and_definition_of_its_start(make_workspace):
    root = make_workspace([CHANGES_ITSELF, "x * 2"], report='formats = ["html"]\n')
    original = (root / "notebooks/plain.ipynb").read_bytes()
    run = lastmile.run_report("plain", root=root)

    assert run.state == "succeeded"
    assert (run.folder / "source/notebook.ipynb").read_bytes() == original
    assert 'title = "Plain"' in (run.folder / "source/definition.toml").read_text()


def test_commit_and_changes_of_a_checkout(make_workspace):
    root = make_workspace(["import tools"])
    (root / "src/tools.py").write_text("a = 1\n")
    (root / "src/other.py").write_text("password = 1\n")
    git(root, "init", "-q")
    assert snapshot(root).facts["git"] is None, "before the first commit"
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    clean = snapshot(root)
    (root / "src/tools.py").write_text("a = 2\n")
    (root / "src/other.py").write_text("password = 2\n")
    (root / "new.txt").write_text("x")
    dirty = snapshot(root)

    assert clean.facts["git"]["dirty"] is False
    assert "source/changes.diff" not in clean.files
    assert dirty.facts["git"]["commit"] == clean.facts["git"]["commit"]
    assert (dirty.facts["git"]["dirty"], dirty.facts["git"]["untracked"]) == (True, 1)
    assert len(dirty.facts["git"]["diff_sha256"]) == 64
    assert b"+a = 2" in dirty.files["source/changes.diff"]
    assert b"password" not in dirty.files["source/changes.diff"], "the run does not use that file"


def test_a_large_difference_is_told_by_its_hash_alone(make_workspace):
    root = make_workspace(["import tools"])
    (root / "src/tools.py").write_text("a = 1\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    (root / "src/tools.py").write_text(f"a = '{'x' * 300_000}'\n")
    found = snapshot(root)

    assert "source/changes.diff" not in found.files
    assert len(found.facts["git"]["diff_sha256"]) == 64


def test_outside_of_git_and_without_data_there_is_less_to_say(make_workspace):
    facts = snapshot(make_workspace()).facts

    assert (facts["git"], facts["data"], facts["lockfiles"]) == (None, {}, {})


REFUSED = {
    "a file that is not there": ('["data/none.csv"]', DataMissing, "no file matches `data/none"),
    "above the workspace": ('["../x.csv"]', BadDefinition, "leads out"),
    "an absolute path": ('["/etc/passwd"]', BadDefinition, "leads out"),
    "a link out of it": ('["link.csv"]', BadDefinition, "link.csv leads out"),
    "nothing": ('[" "]', BadDefinition, "leads out"),
    "all at once": ('["a.csv", "../b.csv"]', Faults, "(?s)data-missing.*leads out"),
}


@pytest.mark.parametrize(("data", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_data_that_cannot_be_read_stops_the_run_before_it_begins(
    make_workspace, tmp_path_factory, data, error, words
):
    root = make_workspace(report=f"data = {data}\n")
    outside = tmp_path_factory.mktemp("outside") / "x.csv"
    outside.write_text("secret")
    (root / "link.csv").symlink_to(outside)
    with pytest.raises(error, match=words):
        lastmile.run_report("plain", root=root)

    with RunLog(find_workspace(root).store_url) as log:
        assert log.history() == []
    assert not (root / "reports/_built").exists()
