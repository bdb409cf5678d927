"""Notebooks that are not Python run in their own kernels, supervised like any other."""

import json
import os
import sys

import pytest

from lastmile.clock import now
from lastmile.errors import BadParameter
from lastmile.jobs.report import run_report
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.run import execute
from lastmile.reporting.plan import open_report, plan_run
from lastmile.values import State

NOTEBOOK = """---
jupyter:
  kernelspec:
    display_name: Bash
    language: bash
    name: test-bash
---

# Words

```bash tags=["parameters"]
count=3  # how many
who='world'
password=''
```

```bash
printf '%s;%s;%s' "$count" "$who" "$password"
```

```bash
ls /no/such/folder && echo never
```
"""


@pytest.fixture(name="folder")
def _folder(tmp_path, monkeypatch):
    """A folder with the notebook; the kernel is known to this test only."""
    kernel = tmp_path / "share/jupyter/kernels/test-bash"
    kernel.mkdir(parents=True)
    words = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    spec = {"argv": words, "display_name": "Bash", "language": "bash", "env": {"PS1": "$"}}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share/jupyter"))
    (tmp_path / "a.md").write_text(NOTEBOOK)
    return tmp_path


@pytest.fixture(name="report")
def _report(folder):
    return open_report("a", ReportFile(title="T", notebook="a.md"), folder, where="a.toml")


def test_values_arrive_as_they_were_given(folder, report):
    hostile = f"'; touch {folder}/trace; $(touch {folder}/trace) `touch {folder}/trace` \"\\n"
    given = {"count": "7", "who": hostile, "password": "secret:DB"}
    executed = execute(plan_run(report, given, now=now()), secrets={"DB": "correct-horse"})
    [_, _, _, shown, _] = executed.notebook.cells

    assert shown.outputs[0].text.removesuffix("\n") == f"7;{hostile};[redacted: DB]"
    assert not (folder / "trace").exists()
    assert executed.redacted == 1


def test_its_schema_is_checked_before_a_kernel_starts(report):
    assert [(p.name, p.type_shown, p.help) for p in report.parameters] == [
        ("count", "int", "how many"), ("who", "str", ""), ("password", "str", "")
    ]  # fmt: skip
    with pytest.raises(BadParameter, match="`count` cannot be 'many'"):
        plan_run(report, {"count": "many"}, now=now())


def test_it_is_published_like_any_other(folder):
    run = run_report(folder / "a.md", {"who": "all"}, output=folder / "out", formats=("html",))

    assert run.state in (State.SUCCEEDED, State.DEGRADED, State.FAILED)
    assert "3;all;" in (run.folder / "index.html").read_text()
    assert os.path.commonpath([run.folder, folder / "out"]) == str(folder / "out")
