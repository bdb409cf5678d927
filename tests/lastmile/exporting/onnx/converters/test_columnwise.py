import numpy as np
import pytest
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from lastmile.exporting.onnx.converters.columnwise import origins_through
from lastmile.exporting.onnx.nodes import Part
from lastmile.exporting.signature import Kind


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler((1, 3), clip=True), MaxAbsScaler(), RobustScaler()]
)
def test_a_scaler_asked_about_one_column_says_bit_for_bit_what_it_says_about_all(scaler):
    rng = np.random.default_rng(0)
    table = rng.normal([3, -40, 0.001], [2, 9, 1e-4], (300, 3))
    scaler.fit(table)
    for column, origin in enumerate(origins_through(scaler, (Part("x", Kind.FLOAT, 3),))):
        made = origin.apply(table[:, column])
        assert (made == scaler.transform(table)[:, column]).all()
