"""Candidates of an export: the cheapest that is as good is named, and why."""

import nbformat
import pytest

from lastmile.errors import BadDefinition, BadReference
from lastmile.exporting.candidates import Candidate, Found, choose, compare_export, summary, table
from lastmile.exporting.cost import Machine
from lastmile.exporting.definition import Budget

BEST = Candidate(
    name="3,000 trees", score=0.90, error=0.02, size=50_000_000, latency=0.2, weight=9e6
)
GOOD = Candidate(name="30 trees", score=0.89, error=0.02, size=500_000, latency=2e-3, weight=9e4)
FAST = Candidate(name="a line", score=0.80, error=0.02, size=1_000, latency=3e-5, weight=9e2)
NONE = Candidate(name="topics", score=0.95, error=0.02, refused="it iterates")


def found(*candidates, **budget):
    return Found(
        title="T",
        metric="accuracy",
        splits=5,
        rows=1000,
        budget=Budget(**budget),
        machine=Machine("A processor", 2, "Linux"),
        candidates=candidates,
    )


@pytest.mark.parametrize(
    ("candidates", "budget", "chosen"),
    [
        pytest.param((BEST, GOOD, FAST), {}, "30 trees", id="within one standard error"),
        pytest.param((BEST, FAST), {}, "3,000 trees", id="nothing cheaper is as good"),
        pytest.param((BEST, FAST), {"latency": "100 ms"}, "a line", id="the best is over budget"),
        pytest.param((BEST, GOOD, FAST), {"size": "10 kB"}, "a line", id="only one is small"),
        pytest.param((NONE, GOOD, FAST), {}, "30 trees", id="the best cannot be exported"),
    ],
)
def test_the_cheapest_that_is_as_good_is_chosen(candidates, budget, chosen):
    seen = found(*candidates, **budget)
    assert choose(seen).chosen.name == chosen
    assert f"Take {chosen}" in summary(seen)


def test_where_none_is_within_the_budget_that_is_said():
    seen = found(BEST, GOOD, size="1 B")
    assert choose(seen).chosen is None
    assert "No candidate can be exported within the budget" in summary(seen)
    shown = table(seen).to_html()
    assert "over: size" in shown


def test_the_table_says_what_is_over_and_what_cannot_be_exported():
    shown = table(found(NONE, BEST, GOOD, latency="100 ms")).to_html()
    assert "cannot be exported: it iterates" in shown
    assert "over: latency" in shown
    assert "cheapest as good" in shown
    assert "3. 30 trees" in shown


MODULE = """
import numpy as np
import pandas as pd
from sklearn.decomposition import NMF
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

chance = np.random.default_rng(0)
ROWS = pd.DataFrame({"size": chance.random(80), "price": chance.random(80)})
RIGHT = np.where(ROWS["size"] > ROWS["price"], "a", "b")

def sample():
    return ROWS

def line():
    return LogisticRegression()

def several():
    return {
        "a tree": DecisionTreeClassifier(max_depth=3),
        "a fitted line": LogisticRegression().fit(ROWS, RIGHT),
        "parts": make_pipeline(NMF(2, max_iter=400), LogisticRegression()),
    }

def judged():
    return ROWS, RIGHT

def short():
    return ROWS, RIGHT[:3]
"""

DEFINITION = """
title = "Sizes"
version = "1.0.0"
estimator = "{module}:line"
sample = "{module}:sample"
"""


@pytest.fixture
def define(make_workspace, tmp_path):
    root = make_workspace()
    module = f"candidates_{tmp_path.name.replace('-', '_')}"
    (root / f"src/{module}.py").write_text(MODULE)

    def define(more=""):
        text = DEFINITION + more
        (root / "exports/sizes.toml").write_text(text.replace("{module}", module))
        return root

    return define


TABLE = """
[candidates]
estimators = ["{module}:line", "{module}:several"]
rows = "{module}:judged"
splits = 3
"""


def test_candidates_are_fitted_or_taken_as_they_are_judged_and_measured(define):
    seen = compare_export("sizes", define(TABLE))
    by_name = {one.name: one for one in seen.candidates}

    assert set(by_name) == {"line", "a tree", "a fitted line", "parts"}
    assert [one.score for one in seen.candidates] == sorted(
        (one.score for one in seen.candidates), reverse=True
    )
    assert "iteration" in by_name["parts"].refused
    assert by_name["a tree"].visited > 1
    assert all(one.size and one.latency for one in seen.candidates if not one.refused)
    assert 0.5 < by_name["line"].score <= 1


def test_what_is_missing_or_wrong_is_told(define):
    with pytest.raises(BadDefinition, match="names no candidates"):
        compare_export("sizes", define())
    with pytest.raises(BadReference, match="not rows and answers of one length"):
        compare_export("sizes", define(TABLE.replace(":judged", ":short")))
    with pytest.raises(BadReference, match="`sample` is a DataFrame"):
        compare_export("sizes", define(TABLE.replace(":line", ":sample")))


def test_the_command_puts_the_report_into_the_workspace_and_runs_it(lastmile, define):
    root = define(TABLE)
    answer = lastmile("export", "candidates", "sizes", cwd=root)

    assert answer.code == 0, answer.err
    assert "put into the workspace: notebooks/candidates.ipynb" in answer.err
    latest = root / "reports/_built/candidates/latest"
    assert (latest / "report.pdf").stat().st_size > 10_000
    done = nbformat.read(latest / "notebook.ipynb", as_version=4)
    told = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    chart = next(output for output in told if "image/svg+xml" in output.data)
    assert "a tree: " in chart.metadata["image/svg+xml"]["alt"]
    assert any("Take " in output.data.get("text/markdown", "") for output in told)


def test_an_export_without_candidates_changes_nothing(lastmile, define):
    root = define()
    answer = lastmile("export", "candidates", "sizes", cwd=root)

    assert answer.code == 2
    assert "add [candidates]" in answer.err
    assert not (root / "notebooks/candidates.ipynb").exists()
