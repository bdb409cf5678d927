"""`lastmile report reproduce`: a run once more, from its publication alone."""

import json

import pytest

CELLS = [
    "import tools\nfrom pathlib import Path",
    "import lastmile\nlastmile.record('sum', tools.FACTOR * x)",
    "print(x, Path.cwd().name)",
]


@pytest.fixture
def root(lastmile, make_workspace):
    """A workspace with one run of x=4, whose notebook and definition have changed since."""
    root = make_workspace(CELLS, report='formats = ["html"]\n[parameters.x]\nmaximum = 9\n')
    (root / "src/tools.py").write_text("FACTOR = 10\n")
    day = ("--as-of", "2015-11-03")
    assert lastmile("report", "run", "plain", "-p", "x=4", *day, cwd=root).code == 0
    (root / "notebooks/plain.ipynb").write_text("no notebook any more")
    (root / "reports/plain.toml").write_text('title = "New"\nnotebook = "notebooks/plain.ipynb"\n')
    return root


def runs(lastmile, root):
    return json.loads(lastmile("report", "history", "--json", cwd=root).out)


def test_the_same_again_and_then_with_other_code(lastmile, root):
    [first] = runs(lastmile, root)
    same = lastmile("report", "reproduce", first["key"], cwd=root)
    (root / "src/tools.py").write_text("FACTOR = 20\n")
    other = lastmile("report", "reproduce", "plain", cwd=root)
    newest, again, _ = runs(lastmile, root)
    record = json.loads((root / again["folder"] / "run.json").read_text())

    assert same.code == 0, same.err
    assert "equal: 3 outputs" in same.out
    assert (again["parameters"], again["plan_id"]) == ({"x": 4}, first["plan_id"])
    assert again["logical_date"] == first["logical_date"]
    assert again["recorded"] == {"sum": 40}
    assert record["provenance"]["reproduces"] == first["key"]
    assert (root / "reports/_built/plain/latest").readlink().name == first["key"]

    assert other.code == 1
    assert newest["recorded"] == {"sum": 80}
    environment, value, *_ = other.out.splitlines()[1:]
    assert environment.startswith("made from module src/tools.py: ")
    assert value == "recorded  sum: 40 -> 80  (+40, × 2)"


def test_a_publication_that_was_changed_is_not_run(lastmile, root):
    [first] = runs(lastmile, root)
    for name in ("run.json", "source/notebook.ipynb", "source/definition.toml"):
        path = root / first["folder"] / name
        whole = path.read_text()
        path.write_text(whole.replace("FACTOR", "DANGER").replace("Plain", "Plan ")[:-3])
        answer = lastmile("report", "reproduce", first["key"], cwd=root)
        path.write_text(whole)

        assert answer.code == 2, name
        assert "publication-gone" in answer.err, name
    assert len(runs(lastmile, root)) == 1
