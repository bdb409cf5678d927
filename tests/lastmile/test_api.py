"""Two functions that need no workspace."""

import pytest

import lastmile
from lastmile.errors import NotebookMissing, UnknownParameter
from lastmile.reporting.definition import ReportFile
from lastmile.values import State


def test_the_public_names_are_what_the_package_says():
    for name in lastmile.__all__:
        assert getattr(lastmile, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        _ = lastmile.nothing


def test_a_notebook_becomes_pages_without_a_workspace(tmp_path, make_notebook):
    path = make_notebook(tmp_path / "sales.ipynb", ["print(x * 1111)"], "x: int = 3")
    run = lastmile.run_report(path, {"x": 4}, output=tmp_path / "out", formats=("html",))

    assert State.SUCCEEDED is run.state
    assert "4444" in (run.folder / "index.html").read_text()
    assert tmp_path / "out/sales" == run.folder.parent
    assert not (tmp_path / ".lastmile").exists()


def test_a_definition_made_in_code_is_run(tmp_path, make_notebook):
    make_notebook(tmp_path / "a.ipynb", ["1 / 0"])
    file = ReportFile(title="Sums", notebook="a.ipynb", formats=("html",))
    run = lastmile.run_report(file, root=tmp_path, output=tmp_path / "out")

    assert State.FAILED is run.state
    assert "<title>Sums" in (run.folder / "index.html").read_text()


def test_a_report_of_a_workspace_is_run_by_its_name(make_workspace):
    root = make_workspace()
    run = lastmile.run_report("plain", {"x": 5}, root=root, formats=("html",))

    assert root / "reports/_built/plain" == run.folder.parent
    assert (root / ".lastmile/store.db").exists()


def test_what_is_wrong_with_the_input_is_raised(tmp_path, make_notebook):
    make_notebook(tmp_path / "a.ipynb", ["1"], "x = 1")

    with pytest.raises(UnknownParameter):
        lastmile.run_report("a.ipynb", {"y": 1}, root=tmp_path)
    with pytest.raises(NotebookMissing):
        lastmile.run_report("b.ipynb", root=tmp_path)
