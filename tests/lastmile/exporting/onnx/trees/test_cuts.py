"""Trees behind scalers route every row as scikit-learn does, also at their thresholds."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler
from tests.matrix import routing
from tests.matrix.routing import FORESTS, SCALERS, behind

from lastmile.exporting.onnx import to_onnx

ROWS = 10_000
"""`make matrix` asks 100,000 of each."""


@pytest.fixture(scope="module")
def table():
    return routing.table()


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("forest", FORESTS)
def test_no_row_is_routed_otherwise(scaler, forest):
    assert routing.asked(forest, scaler, ROWS) == 0


@pytest.mark.parametrize("scaler", ["standard", "falling"])
@pytest.mark.parametrize("forest", ["XGBoost", "LightGBM", "CatBoost"])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_no_row_of_a_booster_is_routed_otherwise(scaler, forest):
    assert routing.asked(forest, scaler, ROWS) == 0


def test_the_trees_read_the_columns_themselves(table):
    rows, targets = table
    fitted = behind(StandardScaler(), RandomForestClassifier(3)).fit(rows, targets["label"])
    operators = {node.op_type for node in to_onnx(fitted, rows).proto.graph.node}
    assert "Scaler" not in operators
    assert "Imputer" not in operators


def test_a_missing_number_goes_where_the_imputed_one_goes(table):
    rows, targets = table
    fitted = behind(StandardScaler(), RandomForestClassifier(9)).fit(rows, targets["label"])
    gone = rows.assign(amount=np.nan, pressure=np.nan)
    got = to_onnx(fitted, rows).run(gone)["probabilities"]
    assert np.abs(got - fitted.predict_proba(gone)).max() < 1e-5
