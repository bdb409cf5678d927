"""`lastmile export`: a version holds one model, and what goes wrong is told."""

import json
from uuid import uuid4

import pytest

MODULE = """
import pandas as pd
from sklearn.linear_model import LogisticRegression

rows = pd.DataFrame({"size": [0.0, 1.0, 2.0, 3.0], "price": [1.0, 0.0, 1.0, 0.0]})

def sample():
    print("reading rows")
    return rows

def fitted():
    return LogisticRegression(C=STRENGTH).fit(rows, ["a", "a", "b", "b"])

def unfitted():
    return LogisticRegression()

def narrow():
    return rows[["size"]].rename(columns={"size": "sise"})
"""

DEFINITION = """
title = "Sizes"
version = "1.0.0"
estimator = "sizes_{number}:{estimator}"
sample = "sizes_{number}:{sample}"
"""


@pytest.fixture(name="define")
def _define(make_workspace):
    root = make_workspace()

    def define(estimator="fitted", sample="sample", strength=1.0):
        number = uuid4().hex
        (root / f"src/sizes_{number}.py").write_text(MODULE.replace("STRENGTH", str(strength)))
        text = DEFINITION.format(number=number, estimator=estimator, sample=sample)
        (root / "exports/sizes.toml").write_text(text)
        return root

    return define


def test_a_version_is_not_replaced_by_another_model_unless_asked(lastmile, define):
    first = lastmile("export", "run", "sizes", cwd=define())
    again = lastmile("export", "run", "sizes", cwd=define())
    other = lastmile("export", "run", "sizes", cwd=define(strength=0.1))
    asked = lastmile("export", "run", "sizes", "--replace", cwd=define(strength=0.1))

    assert [first.code, again.code, other.code, asked.code] == [0, 0, 2, 0]
    assert "exists already and holds another model" in other.err
    assert "raise `version`" in other.err


def test_what_the_estimators_code_prints_is_no_part_of_the_answer(lastmile, define):
    answer = lastmile("export", "run", "sizes", "--json", cwd=define())

    assert json.loads(answer.out)["name"] == "sizes"
    assert "reading rows" in answer.err


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"estimator": "unfitted"}, ["is not fitted", "call fit()"]),
        ({"sample": "narrow"}, ["the sample lacks `size`, `price`", "did you mean `sise`?"]),
        ({"estimator": "fited"}, ["has no `fited`", "did you mean `fitted`?"]),
    ],
    ids=["not fitted", "column missing", "misspelt"],
)
def test_what_is_wrong_is_told_and_nothing_is_written(lastmile, define, keys, words):
    root = define(**keys)
    answer = lastmile("export", "run", "sizes", cwd=root)

    assert answer.code == 2
    for word in words:
        assert word in answer.err
    assert "Traceback" not in answer.err
    assert not (root / "exports/_built").exists()


def test_a_pickle_needs_trust(lastmile, define):
    import pickle

    root = define()
    (root / "model.pkl").write_bytes(pickle.dumps([1]))
    path = root / "exports/sizes.toml"
    text = path.read_text()
    path.write_text(text.replace(text.split('"')[5], "model.pkl"))
    answer = lastmile("export", "run", "sizes", cwd=root)

    assert answer.code == 2
    assert "model.pkl is not loaded: it is a .pkl file" in answer.err
    assert "--trust" in answer.err


@pytest.fixture
def _graphs_that_err(monkeypatch):
    """Gaps are filled with 5 less in graphs: rows with a gap are answered otherwise."""
    from sklearn.base import clone

    from lastmile.exporting.onnx.converters import CONVERTERS

    right = CONVERTERS["sklearn.SimpleImputer"]

    def wrong(writer, estimator, parts):
        other = clone(estimator)
        other.__dict__.update(estimator.__dict__, statistics_=estimator.statistics_ - 5)
        return right(writer, other, parts)

    monkeypatch.setitem(CONVERTERS, "sklearn.SimpleImputer", wrong)


GAPS = """

def gappy():
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    return make_pipeline(SimpleImputer(), LogisticRegression()).fit(rows, ["a", "a", "b", "b"])
"""


@pytest.fixture(name="gappy")
def _gappy(define):
    root = define("gappy")
    for module in (root / "src").glob("sizes_*.py"):
        module.write_text(module.read_text() + GAPS)
    return root


@pytest.mark.usefixtures("_graphs_that_err")
def test_what_answers_otherwise_is_refused_with_the_step_and_the_evidence_is_kept(lastmile, gappy):
    answer = lastmile("export", "run", "sizes", cwd=gappy)
    built = gappy / "exports/_built"

    assert answer.code == 3
    assert "simpleimputer (SimpleImputer): here the difference first appears" in answer.err
    assert "size=None" in answer.err
    assert str(built / "sizes-1.0.0.evidence.json") in answer.err
    kept = json.loads((built / "sizes-1.0.0.evidence.json").read_text())
    assert kept["verdict"] == "fails"
    assert kept["first_step"]["method"] == "transform"
    assert not (built / "sizes-1.0.0").exists()


@pytest.mark.usefixtures("_graphs_that_err")
def test_what_is_accepted_carries_the_reason_and_still_checks(lastmile, gappy):
    lastmile("export", "run", "sizes", cwd=gappy)
    reason = "the app never sends gaps"
    answer = lastmile("export", "run", "sizes", "--accept", reason, cwd=gappy)
    bundle = gappy / "exports/_built/sizes-1.0.0"

    assert answer.code == 0
    assert f"accepted although it differs: {reason}" in answer.out
    evidence = json.loads((bundle / "evidence.json").read_text())
    assert (evidence["verdict"], evidence["accepted"]) == ("accepted", reason)
    assert json.loads((bundle / "bundle.json").read_text())["accepted"] == reason
    page = (bundle / "README.md").read_text()
    assert "## Accepted although it differs" in page
    assert reason in page
    assert lastmile("export", "check", bundle, cwd=gappy).code == 0
    assert not (gappy / "exports/_built/sizes-1.0.0.evidence.json").exists()


def test_an_acceptance_needs_a_reason_and_something_to_accept(lastmile, define):
    empty = lastmile("export", "run", "sizes", "--accept", " ", cwd=define())
    idle = lastmile("export", "run", "sizes", "--accept", "because", cwd=define())

    assert empty.code == 2
    assert "say why" in empty.err
    assert idle.code == 0
    assert "there was nothing to accept" in idle.err


def test_a_bundle_over_its_budget_is_refused_with_what_was_measured(lastmile, define):
    root = define()
    with (root / "exports/sizes.toml").open("a") as file:
        file.write('\n[budget]\nlatency = "0.0001 ms"\n')
    answer = lastmile("export", "run", "sizes", cwd=root)

    assert answer.code == 3
    assert "[over-budget] one row takes" in answer.err
    assert "cores" in answer.err
    assert "LogisticRegression" in answer.err
    assert not (root / "exports/_built/sizes-1.0.0").exists()


def test_the_cost_of_an_export_is_counted_for_people_programs_and_as_a_page(lastmile, define):
    root = define()
    told = lastmile("export", "cost", "sizes", "--html", "cost.html", cwd=root)
    asked = lastmile("export", "cost", "sizes", "--json", cwd=root)

    assert told.code == asked.code == 0
    assert "LogisticRegression" in told.out
    assert json.loads(asked.out)["total"]["multiply_adds"] > 0
    assert "Content-Security-Policy" in (root / "cost.html").read_text()
    assert "written: cost.html" in told.err


def test_the_cost_of_a_file_is_counted_by_its_operators(lastmile, define):
    root = define()
    lastmile("export", "run", "sizes", cwd=root)
    graph = next((root / "exports/_built/sizes-1.0.0/android").glob("*.onnx"))
    told = lastmile("export", "cost", graph, cwd=root)
    missing = lastmile("export", "cost", "no.onnx", cwd=root)

    assert told.code == 0
    assert "LinearClassifier" in told.out
    assert missing.code == 2
    assert "there is no such file" in missing.err
