"""No estimator of scikit-learn is exported to something that answers differently."""

import copy
import os

import pytest
from sklearn.utils import all_estimators
from tests.matrix.__main__ import AT_LEAST, COVERAGE, answered, boosted, counted, faults, table
from tests.matrix.ask import ALONE
from tests.matrix.cases import CASES

from lastmile.exporting.onnx.converters import CONVERTERS

KINDS = sorted({type(case.estimator).__name__ for case in CASES})
SLICE = 6
"""One class in so many is asked here, all of its cases; `make matrix` asks every one."""


def test_every_class_that_can_be_applied_to_new_rows_is_asked():
    made = {
        name
        for name, kind in all_estimators()
        if hasattr(kind, "predict") or hasattr(kind, "transform")
    }
    asked = {type(case.estimator).__name__ for case in CASES}
    assert asked == made | {"FrozenEstimator"} | boosted()


@pytest.mark.parametrize("kind", KINDS[int(os.environ.get("LASTMILE_SEED", "7")) % SLICE :: SLICE])
def test_exports_answer_as_scikit_learn_or_are_refused_by_name_as_the_docs_say(kind):
    found = [answered(case, ALONE) for case in CASES if type(case.estimator).__name__ == kind]

    assert [fault for one in found for fault in faults(one)] == []
    assert table(found).splitlines()[-1] in told(), "python -m tests.matrix --write"


def test_the_docs_name_every_class_and_count_enough_that_are_exported():
    rows = [[part.strip() for part in line.split("|")] for line in told() if line.startswith("| ")]

    assert {row[1] for row in rows} >= set(KINDS)
    assert counted(told()) >= AT_LEAST


def told() -> list[str]:
    """The lines of the docs' table."""
    return COVERAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("kind", "attribute", "change"),
    [
        ("LogisticRegression", "coef_", lambda learned: learned * 1.001),
        ("StandardScaler", "mean_", lambda learned: learned + 1e-4),
        ("SimpleImputer", "statistics_", lambda learned: learned + 1e-3),
        ("KMeans", "cluster_centers_", lambda learned: learned[::-1]),
    ],
    ids=["a weighted sum", "a scaler", "an imputer", "clusters"],
)
def test_a_converter_that_errs_by_little_is_seen(monkeypatch, kind, attribute, change):
    right = CONVERTERS[f"sklearn.{kind}"]

    def wrong(writer, estimator, parts):
        other = copy.deepcopy(estimator)
        setattr(other, attribute, change(getattr(other, attribute)))
        return right(writer, other, parts)

    case = next(case for case in CASES if case.name == kind)
    assert answered(case, ALONE).onnx.verdict == "agrees"
    monkeypatch.setitem(CONVERTERS, f"sklearn.{kind}", wrong)
    spoiled = answered(case, ALONE)
    assert spoiled.onnx.verdict == "differs"
    assert faults(spoiled)
