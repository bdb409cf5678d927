import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from scipy.special import erf
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.converters.floats import Floats
from lastmile.exporting.onnx.converters.processes import error_function
from lastmile.exporting.onnx.foreign import by_skl2onnx
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.writer import Writer

SHARED = [
    None,
    RBF(),
    ConstantKernel(2.0) * RBF([1, 2, 3, 4.0]) + WhiteKernel(0.1),
    Matern(nu=0.5),
    Matern(nu=1.5),
    Matern([1, 2, 3, 4.0], nu=2.5),
    Matern(nu=np.inf),
    RationalQuadratic(alpha=0.7),
    DotProduct() + WhiteKernel(),
    DotProduct() ** 2 + WhiteKernel(),
    PairwiseKernel(metric="laplacian", gamma=0.5) + WhiteKernel(0.1),
    PairwiseKernel(metric="poly", gamma=0.5) + WhiteKernel(0.1),
]


pytestmark = pytest.mark.filterwarnings("ignore")  # how well they are fitted is not the question


@pytest.fixture
def few(numbers):
    """Every third row: a process learns from all pairs of rows."""
    return numbers.iloc[::3]


@pytest.mark.parametrize("kernel", SHARED, ids=str)
@pytest.mark.parametrize(
    "options", [{"alpha": 1e-10}, {"alpha": 0.1, "normalize_y": True}], ids=repr
)
def test_the_mean_of_a_process_agrees(kernel, options, few, wanted, agrees):
    process = GaussianProcessRegressor(kernel, optimizer=None, **options)
    agrees(make_pipeline(StandardScaler(), process).fit(few, wanted["number"][::3]), few)


def test_a_periodic_kernel_agrees(few, wanted, agrees):
    kernel = ExpSineSquared(2.0, 3.0) * RBF(5.0) + WhiteKernel(0.1)
    rows = few[["small"]]
    agrees(GaussianProcessRegressor(kernel).fit(rows, wanted["number"][::3]), rows)


def test_several_targets_and_raw_columns_agree(few, wanted, agrees):
    kernel = RBF(100.0) + WhiteKernel()
    process = GaussianProcessRegressor(kernel, normalize_y=True, optimizer=None)
    agrees(process.fit(few, wanted["numbers"][::3]), few)


def test_a_kernel_that_is_the_same_for_all_rows_answers_every_row(few, wanted, agrees):
    process = GaussianProcessRegressor(ConstantKernel(2.0), alpha=0.1, optimizer=None)
    agrees(process.fit(few, wanted["number"][::3]), few)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("kernel", SHARED, ids=str)
def test_probabilities_of_a_process_agree_also_where_it_knows_nothing(
    kernel, target, few, wanted, agrees
):
    process = GaussianProcessClassifier(kernel, optimizer=None)
    agrees(make_pipeline(StandardScaler(), process).fit(few, wanted[target][::3]), few)


def test_one_process_for_each_pair_is_refused_for_want_of_probabilities(few, wanted):
    process = GaussianProcessClassifier(multi_class="one_vs_one", optimizer=None)
    with pytest.raises(NotExportable):
        to_onnx(process.fit(few, wanted["three"][::3]), few)


class Narrower(RBF):
    """A kernel of one's own."""


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        pytest.param(Matern(nu=0.8), "Bessel", id="general Matern"),
        pytest.param(Narrower(), "not one of scikit-learn", id="own class"),
    ],
)
def test_a_kernel_without_a_formula_is_refused(kernel, reason, few, wanted):
    process = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.1)
    with pytest.raises(NotExportable, match=reason):
        to_onnx(process.fit(few, wanted["number"][::3]), few)


def test_the_error_function_has_all_digits_of_64_bits():
    writer = Writer(CONVERTERS, by_skl2onnx, Options())
    made = error_function(Floats(writer, wide=True), "z")
    value = onnx.helper.make_tensor_value_info
    double = onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        writer.nodes,
        "g",
        [value("z", double, ["N"])],
        [value(made, double, None)],
        writer.constants,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)])
    tiny = 10.0 ** -np.arange(1, 300, 7)
    z = np.concatenate([np.linspace(-9, 9, 4001), tiny, -tiny, [0.5, -0.5, 0.0]])
    got = ReferenceEvaluator(model).run(None, {"z": z})[0]

    np.testing.assert_allclose(got, erf(z), rtol=2e-15, atol=0)
