"""No estimator of scikit-learn is exported to something that answers differently."""

import copy

import pytest
from sklearn.utils import all_estimators
from tests.matrix.__main__ import COVERAGE, Answered, answered, table
from tests.matrix.ask import ALONE
from tests.matrix.cases import CASES

from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.refused import REFUSED

AT_LEAST = 175
"""Classes, of 191, that must be exported."""


def test_every_class_that_can_be_applied_to_new_rows_is_asked():
    made = {
        name
        for name, kind in all_estimators()
        if hasattr(kind, "predict") or hasattr(kind, "transform")
    }
    asked = {type(case.estimator).__name__ for case in CASES}
    assert asked == made | {"FrozenEstimator"} | boosted()


def boosted():
    """The classes of the libraries of boosted trees that we convert."""
    return {key.split(".")[1] for key in CONVERTERS if not key.startswith("sklearn.")}


def test_exports_answer_as_scikit_learn_or_are_refused_by_name_as_the_docs_say():
    """Each case on its own rows, all in one test, as the table is about all of them."""
    found = [answered(case, ALONE) for case in CASES if not case.rare]
    partly = {type(case.estimator).__name__ for case in CASES if case.rare}
    whole = [one for one in found if one.kind not in partly]
    told = COVERAGE.read_text(encoding="utf-8").splitlines()
    exported = {one.kind for one in found if one.onnx.verdict == "agrees"} - boosted()

    assert [fault for one in found for fault in faults(one)] == []
    assert len(exported) >= AT_LEAST
    assert set(table(whole).splitlines()) <= set(told), "python -m tests.matrix --write"
    assert partly <= {line.split("|")[1].strip() for line in told if line.startswith("| ")}


def faults(one: Answered) -> list[str]:
    """What is wrong: a refusal must be one of the table, a failure by itself is none.

    Where scikit-learn itself gives up while fitting (its search for a temperature may), nothing
    was asked; a class of which no case was asked would be missing from the table.
    """
    known = {name for refusal in REFUSED for name in refusal.names}
    wrong = [
        f"{one.name}, {target}: {outcome.verdict}, {outcome.why}"
        for target, outcome in (("ONNX", one.onnx), ("Core ML", one.coreml))
        if outcome.verdict not in ("agrees", "refused", "unfit")
    ]
    if one.onnx.verdict == "refused" and one.kind not in known:
        wrong.append(f"{one.name}: {one.onnx.why}")
    return wrong


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
