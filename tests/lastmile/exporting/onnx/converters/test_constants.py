import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx


@pytest.mark.parametrize("strategy", ["mean", "median", "quantile", "constant"])
def test_a_constant_number_is_answered_to_every_row(strategy, numbers, wanted, agrees):
    model = DummyRegressor(strategy=strategy, quantile=0.3, constant=4.5)
    agrees(model.fit(numbers, wanted["number"]), numbers)


def test_several_constant_numbers_are_columns(numbers, wanted, agrees):
    agrees(DummyRegressor().fit(numbers, wanted["numbers"]), numbers)


@pytest.mark.parametrize("strategy", ["most_frequent", "prior"])
@pytest.mark.parametrize("target", ["two", "three", "labels"])
def test_a_constant_class_is_answered_to_every_row(strategy, target, numbers, wanted, agrees):
    agrees(DummyClassifier(strategy=strategy).fit(numbers, wanted[target]), numbers)


@pytest.mark.parametrize(
    ("target", "constant"), [("two", "tak"), ("three", 10), ("labels", [1, 0])]
)
def test_a_given_class_is_answered_to_every_row(target, constant, numbers, wanted, agrees):
    model = DummyClassifier(strategy="constant", constant=constant)
    agrees(model.fit(numbers, wanted[target]), numbers)


@pytest.mark.parametrize("kind", ["text", "whole", "truth"])
def test_columns_of_any_kind_can_be_ignored(kind, numbers, wanted, agrees):
    small = numbers["small"]
    columns = {
        "text": small.round().astype(str),
        "whole": small.round().astype(int),
        "truth": small > 0,
    }
    rows = columns[kind].to_frame("column")
    agrees(DummyClassifier().fit(rows, wanted["two"]), rows)


@pytest.mark.parametrize("strategy", ["stratified", "uniform"])
def test_a_class_drawn_at_random_is_refused(strategy, numbers, wanted):
    model = DummyClassifier(strategy=strategy, random_state=0).fit(numbers, wanted["two"])
    with pytest.raises(NotExportable, match="at random"):
        to_onnx(model, numbers)


def test_a_missing_or_endless_number_changes_nothing(numbers, wanted):
    model = DummyRegressor().fit(numbers, wanted["number"])
    rows = numbers.iloc[:3].copy()
    rows.iloc[0, 0], rows.iloc[1, 0] = np.nan, np.inf
    value = to_onnx(model, numbers).run(rows)["value"]

    assert (value == value[2]).all()
