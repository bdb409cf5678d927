"""Notebooks as text: the same cells, tags and refusals as in a notebook file."""

import hashlib
import json
from datetime import UTC, datetime

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.errors import NotANotebook, NotebookMissing
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.inject import inject
from lastmile.reporting.plan import open_report, plan_run
from lastmile.reporting.source import Source, language_of, parameters_cell, read_source

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PERCENT = """# ---
# jupyter:
#   kernelspec:
#     name: python3
#     display_name: Python 3
#     language: python
# ---

# %% [markdown]
# # Sales

# %% tags=["parameters"]
region: str = "north"  # which region

# %%
# %matplotlib inline
found = region
"""
MARKDOWN = """# Sales

```python tags=["parameters"]
region: str = "north"  # which region
```

Words between.

```python
found = region
```
"""
TEXTS = {"a.py": PERCENT, "a.md": MARKDOWN}


def opened(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return open_report("a", ReportFile(title="T", notebook=name), folder, where="reports/a.toml")


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_declares_parameters_as_a_notebook_does(tmp_path, name):
    report = opened(tmp_path, name, TEXTS[name])
    [parameter] = report.parameters

    assert (parameter.name, parameter.default, parameter.help) == (
        "region", "north", "which region"
    )  # fmt: skip
    assert (report.language, report.kernel) == ("python", "python3")
    assert report.source.sha256 == hashlib.sha256(TEXTS[name].encode()).hexdigest()


@pytest.mark.parametrize("name", TEXTS)
def test_two_readings_of_a_text_are_equal(tmp_path, name):
    source = opened(tmp_path, name, TEXTS[name]).source

    assert source.notebook() == source.notebook()
    assert source.notebook().cells[0].source.startswith("# Sales")


def test_a_text_names_its_kernel_in_its_header(tmp_path):
    names = "    display_name: Bash\n    name: bash\n    language: bash\n"
    header = f"---\njupyter:\n  kernelspec:\n{names}---\n"
    report = opened(tmp_path, "a.md", header + MARKDOWN.replace("```python", "```bash"))

    assert (report.kernel, report.language) == ("bash", "bash")


def test_magics_that_are_commented_out_in_a_text_are_magics_in_the_notebook(tmp_path):
    cells = opened(tmp_path, "a.py", PERCENT).source.notebook().cells

    assert cells[-1].source.startswith("%matplotlib inline")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.py", b"x = 1\n", "no line `# %%`"),
        ("a.py", b"", "no line `# %%`"),
        ("a.py", b"\xff\xfe\x00", "not text in UTF-8"),
        ("a.md", b"\xff\xfe\x00", "not text in UTF-8"),
        ("a.md", b"---\njupyter: [\n---\n", "the YAML at its beginning is broken"),
        ("a.txt", b"x = 1\n", r"its name ends with none of \.ipynb, \.py, \.md"),
        ("a.ipynb", PERCENT.encode(), "it is not JSON"),
    ],
)
def test_what_holds_no_notebook_is_refused_with_the_reason(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(NotANotebook, match=f"{name} is not a Jupyter notebook: .*{words}"):
        open_report("a", ReportFile(title="T", notebook=name), tmp_path, where="a.toml")


def test_a_missing_notebook_offers_texts_as_well(tmp_path):
    (tmp_path / "sales.py").write_text(PERCENT)

    with pytest.raises(NotebookMissing) as caught:
        read_source(tmp_path / "sale.py", shown="sale.py")
    assert "did you mean `sales.py`?" in caught.value.fix


@pytest.mark.parametrize(
    ("metadata", "kernel", "language"),
    [
        ({}, "", "python"),
        ({"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}, "", "R"),
        ({"kernelspec": {"name": "x", "language": "IPython", "display_name": "P"}}, "", "python"),
        ({"language_info": {"name": "julia"}}, "", "julia"),
        ({"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}, "python3", "python"),
        (
            {"kernelspec": {"name": "bash", "language": "bash", "display_name": "B"}},
            "not-installed",
            "bash",
        ),
    ],
)
def test_the_language_is_what_the_notebook_says_unless_another_kernel_is_asked_for(
    metadata, kernel, language
):
    from nbformat.v4 import new_notebook

    assert language_of(new_notebook(metadata=metadata), kernel) == language


HOSTILE = st.text() | st.sampled_from(
    [
        "'; import os #",
        '"""\nraise SystemExit\n',
        "\\",
        "\\'",
        "```\n\n```python\nraise SystemExit\n```",
        "# %%\nraise SystemExit",
        "%%bash\nexit 1",
        "!touch trace",
        "{region}",
        "\u2028raise SystemExit",
        "\r\nraise SystemExit",
    ]
)


@pytest.mark.parametrize("name", TEXTS)
@settings(deadline=None, max_examples=60)
@given(value=HOSTILE)
def test_a_hostile_value_stays_a_text_from_the_request_to_the_cell(tmp_path_factory, name, value):
    report = opened(tmp_path_factory.mktemp("a"), name, TEXTS[name])
    plan = plan_run(report, {"region": value}, now=NOW)
    notebook = report.source.notebook()
    inject(notebook, plan.injected, report)
    names: dict = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source.replace("%matplotlib inline", ""), names)

    assert names["found"] == value


@settings(deadline=None, max_examples=60)
@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"])) | HOSTILE)
def test_a_hostile_default_in_a_text_is_read_as_what_it_is(tmp_path_factory, value):
    text = PERCENT.replace('"north"', ascii(value))
    notebook = Source(tmp_path_factory.mktemp("a") / "a.py", "a.py", text.encode()).notebook()

    assert ascii(value) in (parameters_cell(notebook) or "")
    assert len(notebook.cells) == 3


def code(source="n = 1", **more):
    return {"cell_type": "code", "metadata": {}, "source": source, **more}


OLD = {"metadata": {}, "nbformat": 4, "nbformat_minor": 2}
STALE = {"output_type": "display_data", "data": {"text/plain": 5}, "metadata": None}
FORMER = {
    "identifiers before their time": {**OLD, "cells": [code(id="x", outputs=[])]},
    "no identifiers, no counts": {**OLD, "cells": [code(), code("print(n)")]},
    "twice the same, and none": {**OLD, "cells": [code(id="a"), code(id="a"), code(id=None)],
                                 "nbformat_minor": 5},
    "a kernel without a name": {**OLD, "cells": [code()],
                                "metadata": {"kernelspec": {"display_name": "Python 3"}}},
    "outputs that were never valid": {**OLD, "cells": [code(outputs=[STALE], execution_count="x")]},
    "outputs of words": {**OLD, "cells": [{**code(outputs=[]), "cell_type": "markdown"}, code()]},
    "worksheets": {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [
        {"cells": [{"cell_type": "code", "language": "python", "input": "n = 1", "metadata": {},
                    "collapsed": False, "prompt_number": 1, "outputs": [
                        {"output_type": "pyout", "prompt_number": 1, "text": ["2"]}]}]}]},
}  # fmt: skip


@pytest.mark.parametrize("data", FORMER.values(), ids=FORMER)
@pytest.mark.filterwarnings("error")
def test_what_jupyter_opens_without_a_word_is_read_and_is_the_same_each_time(tmp_path, data):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(data))
    source = read_source(path, shown="a.ipynb")
    notebook = source.notebook()

    nbformat.validate(notebook)
    assert type(notebook) is nbformat.NotebookNode
    assert notebook == source.notebook()
    assert "n = 1" in [cell.source for cell in notebook.cells]
    assert next(cell.outputs for cell in notebook.cells if cell.cell_type == "code") == []
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"cells": []}', '{"nbformat": 4, "nbformat_minor": 5, "cells": 3}',
     '{"nbformat": 4, "nbformat_minor": 5, "cells": [3]}',
     '{"nbformat": 99, "nbformat_minor": 5, "cells": []}',
     '{"nbformat": "x", "cells": []}', '{"nbformat": 3, "worksheets": 7}',
     json.dumps({**OLD, "cells": [code("s = '\ud800'")]}), "{", ""],
)  # fmt: skip
def test_what_is_no_notebook_is_told(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)

    with pytest.raises(NotANotebook, match=r"a.ipynb is not a Jupyter notebook: ."):
        read_source(path, shown="a.ipynb").notebook()
