import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from lastmile.errors import BadReference, LastmileError, MissingPart, Untrusted
from lastmile.exporting.source import load_estimator, load_sample

MODULE = """
import pandas as pd
from sklearn.linear_model import LinearRegression

ready = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
rows = pd.DataFrame({"a": [1.0]})

def train():
    return ready

def sample():
    return rows

def broken():
    return 1 / 0

def needs(year):
    return year

def number():
    return 42

def leaves():
    raise SystemExit(0)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "made_here.py").write_text(MODULE)
    (tmp_path / "imports_missing.py").write_text("import not_installed_anywhere\n")
    (tmp_path / "raises.py").write_text("raise RuntimeError('on import')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("made_here", "imports_missing", "raises"):
        sys.modules.pop(name, None)


@pytest.fixture
def line() -> LinearRegression:
    return LinearRegression().fit(np.array([[0.0], [1.0]]), [0.0, 2.0])


class Custom(LinearRegression):
    """A type that skops cannot know."""


@pytest.mark.parametrize("name", ["train", "ready"], ids=["a function is called", "an object"])
def test_an_estimator_comes_from_a_module(root: Path, name: str):
    assert load_estimator(f"made_here:{name}", root=root).coef_ == pytest.approx([1.0])


@pytest.mark.parametrize("name", ["sample", "rows"])
def test_a_sample_comes_from_a_module(root: Path, name: str):
    assert list(load_sample(f"made_here:{name}", root).columns) == ["a"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        pytest.param("made_heer:train", "no module `made_heer`", id="module unknown"),
        pytest.param("made_here:trian", "did you mean `train`", id="nearest attribute"),
        pytest.param("made_here:broken", "ZeroDivisionError", id="call raised"),
        pytest.param("made_here:broken", "made_here.py:15", id="where it raised"),
        pytest.param("made_here:needs", "without arguments", id="needs an argument"),
        pytest.param("made_here:number", "int, not a scikit-learn", id="wrong type"),
        pytest.param("raises:x", "RuntimeError: on import", id="import raised"),
        pytest.param("imports_missing:x", "not_installed_anywhere", id="its import is missing"),
        pytest.param("gone.skops", "no such file", id="file missing"),
        pytest.param("../out.skops", "leads out", id="path leaves the workspace"),
        pytest.param("model.h5", "no such file", id="unknown type of file"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why(root: Path, reference: str, message: str):
    with pytest.raises(BadReference) as caught:
        load_estimator(reference, root=root)
    assert message in str(caught.value)


def test_a_link_does_not_lead_out_of_the_workspace(root: Path, tmp_path_factory, line):
    outside = tmp_path_factory.mktemp("outside") / "line.skops"
    skops.io.dump(line, outside)
    (root / "inside.skops").symlink_to(outside)
    with pytest.raises(BadReference, match="leads out"):
        load_estimator("inside.skops", root=root)


def test_skops_is_opened_without_trust(root: Path, line):
    skops.io.dump(line, root / "line.skops")
    assert load_estimator("line.skops", root=root).coef_ == pytest.approx([2.0])


@pytest.mark.parametrize(
    "last",
    [LogisticRegression(), RandomForestClassifier(3), GradientBoostingClassifier(n_estimators=3)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_pipeline_over_columns_is_opened_without_trust(root: Path, last):
    rows = pd.DataFrame({"kind": ["a", "b"] * 5, "size": np.arange(10.0)})
    columns = ColumnTransformer([("kind", OneHotEncoder(), ["kind"])], remainder="passthrough")
    fitted = make_pipeline(columns, last).fit(rows, [0, 1] * 5)
    skops.io.dump(fitted, root / "pipeline.skops")
    opened = load_estimator("pipeline.skops", root=root)

    assert (opened.predict_proba(rows) == fitted.predict_proba(rows)).all()


@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize("value", [999_999, -7])
def test_a_tree_that_leads_outside_of_itself_is_refused(root: Path, field, value):
    forged = DecisionTreeClassifier().fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    state = forged.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][0] = value
    forged.tree_.__setstate__(state)
    skops.io.dump(forged, root / "forged.skops")

    with pytest.raises(BadReference, match="leads outside of itself"):
        load_estimator("forged.skops", root=root)


def test_a_function_that_ends_the_program_is_told_as_a_fault(root: Path):
    with pytest.raises(BadReference, match="calling it raised SystemExit"):
        load_estimator("made_here:leaves", root=root)


def test_unknown_types_in_skops_are_listed_and_refused(root: Path):
    skops.io.dump(Custom().fit([[0.0], [1.0]], [0.0, 1.0]), root / "custom.skops")
    with pytest.raises(Untrusted, match="Custom"):
        load_estimator("custom.skops", root=root)


def test_a_damaged_skops_file_is_told_as_such(root: Path):
    (root / "damaged.skops").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(LastmileError, match=r"damaged.skops"):
        load_estimator("damaged.skops", root=root)


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".pickle"])
def test_a_pickle_is_not_opened_without_trust(root: Path, suffix: str):
    path = root / f"model{suffix}"
    path.write_bytes(pickle.dumps(_Bomb(str(root / "exploded"))))
    with pytest.raises(Untrusted, match="--trust"):
        load_estimator(path.name, root=root)
    assert not (root / "exploded").exists()


def test_a_trusted_joblib_file_is_opened(root: Path, line):
    joblib.dump(line, root / "line.joblib")
    assert load_estimator("line.joblib", root=root, trust=True).coef_ == pytest.approx([2.0])


def test_a_pickle_of_another_scikit_learn_is_refused_with_both_versions(root: Path, line):
    here = sklearn.__version__.encode()
    older = here.replace(here[:1], b"0", 1)
    (root / "old.pkl").write_bytes(pickle.dumps(line).replace(here, older))
    with pytest.raises(BadReference, match=f"{older.decode()}, here is {here.decode()}"):
        load_estimator("old.pkl", root=root, trust=True)


def test_a_csv_sample_is_read(root: Path):
    pd.DataFrame({"a": [1, 2]}).to_csv(root / "rows.csv", index=False)
    assert load_sample("rows.csv", root)["a"].tolist() == [1, 2]


def test_a_sample_that_is_no_table_is_refused(root: Path):
    with pytest.raises(BadReference, match="int, not a pandas DataFrame"):
        load_sample("made_here:number", root)


class _Bomb:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_a_library_of_boosted_trees_that_is_not_installed_is_named_with_its_extra(
    root, monkeypatch
):
    monkeypatch.setitem(sys.modules, "catboost", None)
    (root / "boosts.py").write_text("def train():\n    import catboost\n")
    with pytest.raises(MissingPart, match=r"(?s)catboost.*lastmile\[boosters\]"):
        load_estimator("boosts:train", root=root)
    (root / "boosts_at_once.py").write_text("import catboost\n")
    with pytest.raises(MissingPart, match="catboost"):
        load_estimator("boosts_at_once:train", root=root)
