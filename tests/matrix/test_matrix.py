"""No estimator of scikit-learn is exported to something that answers differently."""

import json

import pytest
from sklearn.utils import all_estimators
from tests.matrix.__main__ import COVERAGE, Answered, answered, table
from tests.matrix.ask import ALONE
from tests.matrix.cases import CASES

from lastmile.exporting.onnx.refused import REFUSED

AT_LEAST = 175
"""Classes, of 191, that must be exported."""


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Answered]:
    """What came of each case on its own rows, filled as the tests go."""
    return {}


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_export_answers_as_scikit_learn_or_is_refused_by_name(case, outcomes):
    """Refusals are those of the table: an estimator that fails by itself is no refusal."""
    got = outcomes[case.name] = answered(case, ALONE)
    known = {name for refusal in REFUSED for name in refusal.names}
    for target, outcome in (("ONNX", got.onnx), ("Core ML", got.coreml)):
        assert outcome.verdict in ("agrees", "refused"), (target, outcome.why)
    if got.onnx.verdict == "refused":
        assert type(case.estimator).__name__ in known, got.onnx.why


@pytest.mark.xdist_group("matrix")
def test_enough_classes_are_exported_and_the_table_in_the_docs_says_which(outcomes):
    assert {type(case.estimator).__name__ for case in CASES} == applicable()
    written = COVERAGE.read_text(encoding="utf-8")
    if len(outcomes) < len(CASES):
        pytest.skip("only a part of the matrix was asked")
    exported = {got.kind for got in outcomes.values() if got.onnx.verdict == "agrees"}
    assert len(exported) >= AT_LEAST
    assert table(list(outcomes.values())) in written, json.dumps(sorted(exported))


def applicable() -> set[str]:
    """The classes of scikit-learn that can be applied to new rows."""
    made = {
        name
        for name, kind in all_estimators()
        if hasattr(kind, "predict") or hasattr(kind, "transform")
    }
    return made | {"FrozenEstimator"}
