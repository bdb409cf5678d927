"""Every operator rule against ONNX Runtime, and against Apple's own reading of its operations."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest

import lastmile.exporting.onnx as onnx_package
from lastmile.exporting.claims import ML, OpId
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.mil import PACKED, TENSORS
from lastmile.exporting.coreml.reference.operations import OPERATIONS
from lastmile.exporting.coreml.stages import STAGES
from lastmile.exporting.signature import Kind

# `x`, `y` [N, 4] and `p` (positive) come out of tensor operators, so what reads them is a program
PROGRAM_ROWS = """
    x = Sin(raw)
    y = Cos(raw)
    ax = Abs(x)
    half = Constant<value = float {0.5}>()
    p = Add(ax, half)
    flags = Greater(x, y)
    other = Less(x, half)
    places = ArgMax<axis=1, keepdims=0>(x)
"""
FLAT = "value = Cast<to=1>(out)"
AXES = "axes = Constant<value_ints=[1]>()\n"
C4 = "c = Constant<value = float[4] {1.5, -2.0, 0.25, 3.0}>()\n"

PROGRAM_CASES = {
    "Abs": "value = Abs(x)",
    "Add": "value = Add(x, y)",
    "Add of a constant": C4 + "value = Add(x, c)",
    "And": "out = And(flags, other)\n" + FLAT,
    "ArgMax": "out = ArgMax<axis=1, keepdims=1>(x)\n" + FLAT,
    "ArgMin": "out = ArgMin<axis=-1, keepdims=1>(x)\n" + FLAT,
    "ArrayFeatureExtractor": "c = Constant<value_ints=[2, 0]>()\n"
    "value = ArrayFeatureExtractor(x, c)",
    "ArrayFeatureExtractor of a table": "c = Constant<value_floats=[5.0, 6.0, 7.0, 8.0]>()\n"
    "out = ArrayFeatureExtractor(c, places)\nr = Constant<value_ints=[-1, 1]>()\n"
    "value = Reshape(out, r)",
    "Binarizer": "value = Binarizer<threshold = 0.25>(x)",
    "Cast to whole numbers": "w = Mul(x, y)\nt = Constant<value = float {9.0}>()\nu = Mul(w, t)\n"
    "out = Cast<to=7>(u)\n" + FLAT,
    "Cast of a constant": "c = Constant<value_ints=[1, 2, 3, 4]>()\nd = Cast<to=1>(c)\n"
    "value = Add(x, d)",
    "Cast of flags": "value = Cast<to=1>(flags)",
    "Ceil": "value = Ceil(x)",
    "Clip": "l = Constant<value = float {-0.5}>()\nvalue = Clip(x, l, half)",
    "Clip from above": "value = Clip(x, , half)",
    "Concat": "value = Concat<axis=1>(x, y, x)",
    "Cos": "value = Cos(x)",
    "Div": "value = Div(x, p)",
    "Equal": "out = Equal(places, places)\nf = Cast<to=1>(out)\nvalue = Unsqueeze(f, axes)",
    "Erf": "value = Erf(x)",
    "Exp": "value = Exp(x)",
    "Flatten": "value = Flatten(x)",
    "Floor": "value = Floor(x)",
    "Gather": "c = Constant<value_ints=[3, -4]>()\nvalue = Gather<axis=1>(x, c)",
    "Gather from a table": "c = Constant<value = float[4,2] {1.,2.,3.,4.,5.,6.,7.,8.}>()\n"
    "value = Gather<axis=0>(c, places)",
    "Gemm": "c = Constant<value = float[3,4] {1.,2.,3.,4.,5.,6.,7.,8.,9.,10.,11.,12.}>()\n"
    "b = Constant<value_floats=[0.5, 1.0, 2.0]>()\n"
    "value = Gemm<alpha=0.5, beta=2.0, transB=1>(x, c, b)",
    "Gemm without a sum": "c = Constant<value = float[4,1] {1.,2.,3.,4.}>()\nvalue = Gemm(x, c)",
    "Greater": "out = Greater(x, y)\n" + FLAT,
    "GreaterOrEqual": "out = GreaterOrEqual(x, x)\n" + FLAT,
    "Identity": "value = Identity(x)",
    "Imputer": "n = Log(x)\n"
    "value = Imputer<imputed_value_floats=[1.,2.,3.,4.], replaced_value_float=nan>(n)",
    "Imputer of a sentinel": "r = Round(x)\n"
    "value = Imputer<imputed_value_floats=[9.], replaced_value_float=1.0>(r)",
    "IsNaN": "n = Log(x)\nout = IsNaN(n)\n" + FLAT,
    "Less": "out = Less(x, y)\n" + FLAT,
    "LessOrEqual": "out = LessOrEqual(x, x)\n" + FLAT,
    "LinearRegressor": "value = LinearRegressor<targets=2, coefficients=[1.,2.,3.,4.,5.,6.,7.,8.],"
    " intercepts=[0.5, -1.0]>(x)",
    "Log": "value = Log(p)",
    "MatMul": "c = Constant<value = float[4,2] {1.,2.,3.,4.,5.,6.,7.,8.}>()\nvalue = MatMul(x, c)",
    "MatMul with a list": "c = Constant<value = float[4] {1.,2.,3.,4.}>()\nm = MatMul(x, c)\n"
    "r = Constant<value_ints=[-1, 1]>()\nvalue = Reshape(m, r)",
    "Max": "value = Max(x, y, half)",
    "Max of one": "value = Max(x)",
    "Min": "value = Min(x, y)",
    "Mul": "value = Mul(x, y)",
    "Neg": "value = Neg(x)",
    "Neg of whole numbers": "n = Neg(places)\nf = Cast<to=1>(n)\nvalue = Unsqueeze(f, axes)",
    "Normalizer L1": 'value = Normalizer<norm="L1">(x)',
    "Normalizer L2": 'value = Normalizer<norm="L2">(y)',
    "Normalizer MAX": 'value = Normalizer<norm="MAX">(p)',
    "Not": "out = Not(flags)\n" + FLAT,
    "OneHotEncoder": "r = Round(x)\no = OneHotEncoder<cats_int64s=[-1, 0, 1]>(r)\n"
    "value = Flatten(o)",
    "Or": "out = Or(flags, other)\n" + FLAT,
    "Pow": "value = Pow(p, y)",
    "Reciprocal": "value = Reciprocal(p)",
    **{
        f"{name}": f"value = {name}<keepdims=1>(p, axes)"
        for name in ("ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
                     "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")
    },
    "ReduceSum without the axis": "s = ReduceSum<keepdims=0>(x, axes)\n"
    "value = Unsqueeze(s, axes)",
    "ReduceSum of nothing": "value = ReduceSum<noop_with_empty_axes=1>(x)",
    "Relu": "value = Relu(x)",
    "Reshape": "c = Constant<value_ints=[0, 2, -1]>()\nr = Reshape(x, c)\nvalue = Flatten(r)",
    "Round": "t = Constant<value = float {5.0}>()\nm = Mul(x, t)\nvalue = Round(m)",
    "Scaler": "value = Scaler<offset=[1.,2.,3.,4.], scale=[2.,3.,4.,5.]>(x)",
    "Sigmoid": "value = Sigmoid(x)",
    "Sign": "value = Sign(x)",
    "Sin": "value = Sin(x)",
    "Slice": "s = Constant<value_ints=[1]>()\ne = Constant<value_ints=[-1]>()\n"
    "value = Slice(x, s, e, axes)",
    "Slice backwards": "s = Constant<value_ints=[-1]>()\n"
    "e = Constant<value_ints=[-9223372036854775807]>()\nt = Constant<value_ints=[-2]>()\n"
    "value = Slice(x, s, e, axes, t)",
    "Softmax": "value = Softmax(x)",
    "Sqrt": "value = Sqrt(p)",
    "Squeeze": "u = Unsqueeze(x, axes)\nvalue = Squeeze(u, axes)",
    "Sub": "value = Sub(x, y)",
    "Sum": "value = Sum(x, y, p)",
    "Tanh": "value = Tanh(x)",
    "Transpose": "c = Constant<value_ints=[0, 2, 2]>()\nr = Reshape(x, c)\n"
    "t = Transpose<perm=[0, 2, 1]>(r)\nvalue = Flatten(t)",
    "Unsqueeze": "u = Unsqueeze(x, axes)\nvalue = Flatten(u)",
    "Where": "value = Where(flags, x, half)",
    "Where of tables": "value = Where(flags, x, y)",
    "Xor": "out = Xor(flags, other)\n" + FLAT,
    "Acos": "value = Acos(x)", "Asin": "value = Asin(x)", "Atan": "value = Atan(x)",
    "Atanh": "h = Mul(x, half)\nvalue = Atanh(h)", "Cosh": "value = Cosh(x)",
    "Sinh": "value = Sinh(x)", "Tan": "value = Tan(x)",
    "BatchNormalization": C4 + "q = Constant<value = float[4] {1.0, 0.5, 2.0, 4.0}>()\n"
    "value = BatchNormalization(x, c, q, c, q)",
    "Celu": "value = Celu<alpha=2.0>(x)", "Elu": "value = Elu<alpha=0.5>(x)",
    "ConstantOfShape": "s = Constant<value_ints=[1, 4]>()\n"
    "o = ConstantOfShape<value = float[1] {2.5}>(s)\nvalue = Mul(x, o)",
    "Dropout": "value = Dropout(x)",
    "Expand": "u = ReduceMax<keepdims=1>(x, axes)\ns = Constant<value_ints=[1, 3]>()\n"
    "value = Expand(u, s)",
    "FeatureVectorizer": "value = FeatureVectorizer<inputdimensions=[4, 4]>(x, y)",
    "Gather of flags": "c = Constant<value_ints=[3, 0]>()\nout = Gather<axis=1>(flags, c)\n" + FLAT,
    "Gather of constant flags": "c = Constant<value = bool[4] {1, 0, 0, 1}>()\n"
    "g = Gather<axis=0>(c, places)\nf = Cast<to=1>(g)\nvalue = Unsqueeze(f, axes)",
    "Gelu": "value = Gelu(x)", "Gelu by tanh": 'value = Gelu<approximate="tanh">(x)',
    "HardSigmoid": "t = Constant<value = float {5.0}>()\nm = Mul(x, t)\nvalue = HardSigmoid(m)",
    "LabelEncoder of whole numbers": "i = LabelEncoder<keys_int64s=[0, 2, 3], "
    "values_floats=[1.5, nan, 3.5], default_float=-4.0>(places)\nvalue = Unsqueeze(i, axes)",
    "LabelEncoder of floats": "l = Log(x)\nr = Round(l)\nvalue = LabelEncoder<keys_floats=[-1., "
    "0.], values_floats=[10., 20.], default_float=0.5>(r)",
    "LabelEncoder to whole numbers": "i = LabelEncoder<keys_int64s=[0, 2], values_int64s=[7, 8], "
    "default_int64=-1>(places)\nf = Cast<to=1>(i)\nvalue = Unsqueeze(f, axes)",
    "LayerNormalization": C4 + "value = LayerNormalization(x, c, c)",
    "LeakyRelu": "value = LeakyRelu<alpha=0.3>(x)",
    "LogSoftmax": "value = LogSoftmax(x)",
    "LpNormalization": "value = LpNormalization<p=1, axis=1>(x)",
    "LpNormalization of squares": "value = LpNormalization(x)",
    "Mod": "i = Constant<value_ints=[3]>()\nm = Mod(places, i)\nf = Cast<to=1>(m)\n"
    "value = Unsqueeze(f, axes)",
    "PRelu": C4 + "value = PRelu(x, c)",
    "SVMRegressor": "value = SVMRegressor<kernel_params=[0.5, 1.0, 2.0], kernel_type=\"RBF\", "
    "n_supports=2, coefficients=[0.5, -1.5], rho=[0.25], "
    "support_vectors=[1., 0., 1., 2., -1., 0.5, 0., 1.]>(x)",
    "SVMRegressor with a polynomial": "value = SVMRegressor<kernel_params=[0.5, 1.0, 2.0], "
    "kernel_type=\"POLY\", n_supports=1, coefficients=[0.5], rho=[0.25], "
    "support_vectors=[1., 0., 1., 2.]>(x)",
    "Selu": "value = Selu(x)", "Softplus": "value = Softplus(x)", "Softsign": "value = Softsign(x)",
    "Split": "a, b = Split<axis=1, num_outputs=2>(x)\nvalue = Sub(a, b)",
    "Split into given sizes": "s = Constant<value_ints=[1, 3]>()\na, b = Split<axis=1>(x, s)\n"
    "value = Mul(a, b)",
    "ThresholdedRelu": "value = ThresholdedRelu<alpha=0.5>(x)",
    "Tile": "c = Constant<value_ints=[1, 2]>()\nvalue = Tile(x, c)",
    "TopK": "k = Constant<value_ints=[2]>()\na, b = TopK<axis=1>(x, k)\nf = Cast<to=1>(b)\n"
    "value = Add(a, f)",
    "TopK of the smallest": "k = Constant<value_ints=[3]>()\n"
    "a, b = TopK<axis=1, largest=0>(x, k)\nf = Cast<to=1>(b)\nvalue = Add(a, f)",
}  # fmt: skip

OLD_CASES = {
    "Clip": (9, "value = Clip<min=-0.5, max=0.5>(x)"),
    "LogSoftmax": (9, "value = LogSoftmax<axis=1>(x)"),
    "ReduceSum": (9, "value = ReduceSum<axes=[1]>(x)"),
    "Slice": (9, "value = Slice<starts=[1], ends=[3], axes=[1]>(x)"),
    "Softmax": (12, "r = Unsqueeze<axes=[2]>(x)\ns = Softmax<axis=1>(r)\n"
                    "value = Squeeze<axes=[2]>(s)"),
    "Split": (12, "a, b = Split<axis=1, split=[2, 2]>(x)\nvalue = Sub(a, b)"),
    "Squeeze": (9, "u = Unsqueeze<axes=[1]>(x)\nvalue = Squeeze<axes=[1]>(u)"),
}  # fmt: skip
"""Operators as they were before their operands were inputs, with the operator set."""

STAGE_CASES = {
    "Add": C4 + "value = Add(c, raw)",
    "ArrayFeatureExtractor": "c = Constant<value_ints=[2, 0]>()\n"
    "value = ArrayFeatureExtractor(raw, c)",
    "Cast": "d = Cast<to=11>(raw)\nvalue = Cast<to=1>(d)",
    "Concat": "value = Concat<axis=-1>(raw, raw)",
    "Div": C4 + "value = Div(raw, c)",
    "Flatten": "value = Flatten(raw)",
    "Gather": "c = Constant<value_ints=[3, -4]>()\nvalue = Gather<axis=1>(raw, c)",
    "Gather inside an array": "s = Scaler<offset=[0.], scale=[2.]>(raw)\n"
    "c = Constant<value_ints=[3, 1]>()\nvalue = Gather<axis=1>(s, c)",
    "Identity": "value = Identity(raw)",
    "Imputer": "value = Imputer<imputed_value_floats=[1.,2.,3.,4.], replaced_value_float=nan>(raw)",
    "Imputer of zeros by default": "value = Imputer<imputed_value_floats=[1.,2.,3.,4.]>(raw)",
    "Imputer of an array": "s = Scaler<offset=[0.], scale=[2.]>(raw)\n"
    "value = Imputer<imputed_value_floats=[1.,2.,3.,4.], replaced_value_float=0.0>(s)",
    "LinearRegressor": "value = LinearRegressor<coefficients=[1.,2.,3.,4.], intercepts=[0.5]>(raw)",
    "Mul": C4 + "value = Mul(raw, c)",
    "Mul by one number": "c = Constant<value = float {3.0}>()\nvalue = Mul(c, raw)",
    "Normalizer": 'value = Normalizer<norm="L2">(raw)',
    "Normalizer L1": 'value = Normalizer<norm="L1">(raw)',
    "Reshape": "c = Constant<value_ints=[-1, 4]>()\nvalue = Reshape(raw, c)",
    "Scaler": "value = Scaler<offset=[1.,2.,3.,4.], scale=[2.,3.,4.,5.]>(raw)",
    "Squeeze": "u = Unsqueeze(raw, axes)\nvalue = Squeeze(u, axes)",
    "Sub": C4 + "value = Sub(raw, c)",
    "Sub from a constant": C4 + "value = Sub(c, raw)",
    "Unsqueeze": "u = Unsqueeze(raw, axes)\nvalue = Flatten(u)",
}


def answers(graph, frame):
    package = to_coreml(graph, name="operator")
    return package, package.run(frame)["value"], graph.run(frame)["value"]


@pytest.mark.parametrize("case", PROGRAM_CASES)
def test_an_operator_in_a_program_answers_as_onnx_runtime(case, graph_of, numbers):
    package, ours, theirs = answers(graph_of(AXES + PROGRAM_ROWS + PROGRAM_CASES[case]), numbers)
    assert package.minimum_ios == "15"
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("case", OLD_CASES)
def test_an_old_operator_answers_as_onnx_runtime(case, graph_of, numbers):
    opset, body = OLD_CASES[case]
    graph = graph_of("x = Sin(raw)\n" + body, opset=opset)
    _, ours, theirs = answers(graph, numbers)
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("case", STAGE_CASES)
def test_an_operator_as_a_stage_answers_as_onnx_runtime(case, graph_of, numbers):
    package, ours, theirs = answers(graph_of(AXES + STAGE_CASES[case]), numbers)
    assert package.minimum_ios == "11"
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


BY_COLUMN = {
    "OneHotEncoder of texts": (Kind.STRING, 'o = OneHotEncoder<cats_strings=["a", "", "b"]>(k)\n'
                               "value = Flatten(o)"),
    "OneHotEncoder of numbers": (Kind.INT, "o = OneHotEncoder<cats_int64s=[3, 1]>(k)\n"
                                 "value = Flatten(o)"),
    "LabelEncoder to numbers": (Kind.STRING, 'out = LabelEncoder<keys_strings=["a", "b", "c"], '
                                "values_int64s=[4, 5, 6], default_int64=-7>(k)\n" + FLAT),
    "LabelEncoder to floats": (Kind.STRING, 'value = LabelEncoder<keys_strings=["a", "b"], '
                               "values_floats=[4., 5.], default_float=-1.0>(k)"),
    "LabelEncoder to fractions": (Kind.STRING, 'value = LabelEncoder<keys_strings=["a", "b", "b"], '
                                  "values_floats=[0.25, 5.5, 7.0], default_float=-1.5>(k)"),
    "TextTable of a comparison": (
        Kind.STRING, 'c = Constant<value_string="b">()\ne = Equal(k, c)\nvalue = Cast<to=1>(e)'),
    "LabelEncoder to texts and on to numbers": (
        Kind.INT, 't = LabelEncoder<keys_int64s=[1, 3], values_strings=["b", "a"], '
        'default_string="c">(k)\nvalue = LabelEncoder<keys_strings=["a", "b"], '
        "values_floats=[0.5, 2.0], default_float=-1.0>(t)"),
    "LabelEncoder to texts and back": (
        Kind.INT, 't = LabelEncoder<keys_int64s=[1, 3], values_strings=["b", "a"], '
        'default_string="c">(k)\no = OneHotEncoder<cats_strings=["a", "b", "c"]>(t)\n'
        "value = Flatten(o)"),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_COLUMN)
def test_an_operator_on_categories_answers_as_onnx_runtime(case, graph_of):
    import pandas as pd

    kind, body = BY_COLUMN[case]
    rows = ["a", "b", "", "c", "b"] if kind is Kind.STRING else [1, 2, 3, 0, 1]
    frame = pd.DataFrame({"k": pd.Series(rows, dtype=object if kind is Kind.STRING else int)})
    graph = graph_of(body, columns=[("k", kind)], concat=False)
    package, ours, theirs = answers(graph, frame)
    assert package.minimum_ios == "11"
    assert ours.tolist() == theirs.tolist()


def covered(cases):
    return {re.match(r"\w+", case).group() for case in cases}


def test_no_rule_is_dead():
    """The classifiers' rules are exercised by the pipelines' tests."""
    by_pipelines = {OpId(ML, "TreeEnsembleClassifier"), OpId(ML, "TreeEnsembleRegressor")}
    assert {op.type for op in STAGES.ops - by_pipelines} == covered([*STAGE_CASES, *BY_COLUMN])
    programs = {op.type for op in TENSORS.ops - {OpId(ML, "LinearClassifier")}}
    assert programs - covered(PROGRAM_CASES) == {"Shape"}


def emitted():
    """The operators that our converters write: the names of operators among their texts."""
    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    folder = Path(onnx_package.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))]
    found = {word for text in texts for word in re.findall(r'"([A-Z]\w+)"', text)} & known
    estimators = {"DictVectorizer"}  # scikit-learn's, which has the name of an operator
    return found - estimators


def test_every_operator_that_we_write_has_a_rule_or_a_reason():
    rules = {op.type for op in (*TENSORS.ops, *STAGES.ops, *PACKED.ops, *TENSORS.cannot)}
    as_older_ones = {"TreeEnsemble"}
    assert len(emitted()) > 60
    assert emitted() - rules - as_older_ones == set()


def test_the_shape_of_a_row_is_a_constant(graph_of, numbers):
    body = "x = Sin(raw)\ns = Shape<start=1>(x)\nf = Cast<to=1>(s)\nvalue = Mul(x, f)"
    _, ours, theirs = answers(graph_of(body), numbers)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


# --- Apple's own reading of the operations -------------------------------------------------------


def drawn(*shape, low=-2.0, high=2.0):
    return np.random.default_rng(5).uniform(low, high, shape).astype(np.float32)


X, Y, P = drawn(2, 3), drawn(2, 3)[::-1].copy(), drawn(2, 3, low=0.1)
UNARY = ["abs", "atan", "ceil", "cos", "cosh", "erf", "exp", "floor", "identity", "relu", "round",
         "sigmoid", "sign", "sin", "sinh", "softplus", "softsign", "tan", "tanh"]  # fmt: skip
BINARY = ["add", "sub", "mul", "real_div", "maximum", "minimum", "equal", "not_equal", "less",
          "less_equal", "greater", "greater_equal"]  # fmt: skip
REDUCED = [name for name in OPERATIONS if name.startswith("reduce_") and "arg" not in name]
APPLE = {
    **{name: {"x": X} for name in UNARY},
    **{name: {"x": X, "y": Y} for name in BINARY},
    **{name: {"x": X > 0, "y": Y > 0} for name in ("logical_and", "logical_or", "logical_xor")},
    **{name: {"x": P, "axes": [-1], "keep_dims": True} for name in REDUCED},
    **{name: {"x": X / 2} for name in ("acos", "asin", "atanh")},
    "elu": {"x": X, "alpha": np.float32(0.5)},
    "gelu": {"x": X, "mode": "EXACT"},
    "gelu by tanh": {"x": X, "mode": "TANH_APPROXIMATION"},
    "leaky_relu": {"x": X, "alpha": np.float32(0.3)},
    "mod": {"x": X, "y": P},
    "tile": {"x": X, "reps": [2, 1]},
    "topk": {"x": X, "k": 2, "axis": 1, "ascending": False},
    "topk of the smallest": {"x": X, "k": 2, "axis": -1, "ascending": True},
    "clip": {"x": X, "alpha": np.float32(-0.5), "beta": np.float32(0.75)},
    "expand_dims": {"x": X, "axes": [0, -1]},
    "linear": {"x": X, "weight": drawn(4, 3), "bias": drawn(4)},
    "linear without a bias": {"x": X, "weight": drawn(4, 3)},
    "relu6": {"x": 5 * X},
    "square": {"x": X},
    "squeeze": {"x": X[None, :, None], "axes": [0]},
    "squeeze of all": {"x": X[None, :, None]},
    "add of fewer axes": {"x": X, "y": drawn(3)},
    "cast": {"x": 3 * X, "dtype": "int32"},
    "concat": {"values": [X, Y], "axis": 1},
    "gather": {"x": X, "indices": np.int32([2, 0]), "axis": 1},
    "log": {"x": P, "epsilon": np.float32(0)},
    "logical_not": {"x": X > 0},
    "matmul": {"x": X, "y": drawn(3, 4)},
    "matmul transposed": {"x": X, "y": drawn(4, 3), "transpose_y": True},
    "pow": {"x": P, "y": Y},
    "reduce_argmax": {"x": X, "axis": 1, "keep_dims": False},
    "reduce_argmin": {"x": X, "axis": -1, "keep_dims": True},
    "reduce_sum of all": {"x": X, "axes": [0, 1], "keep_dims": False},
    "reshape": {"x": X, "shape": [3, 2]},
    "select": {"cond": X > 0, "a": X, "b": Y},
    "softmax": {"x": X, "axis": -1},
    "sqrt": {"x": P},
    "transpose": {"x": X, "perm": [1, 0]},
}
PARAMETERS = {"axes", "axis", "dtype", "epsilon", "keep_dims", "perm", "shape", "transpose_y"}


def rowwise(name, value):
    """An argument as the evaluator has it: with the rows first."""
    if name == "values":
        return [one[np.newaxis] for one in value]
    return np.asarray(value, dtype=object if name in ("dtype", "mode") else None)[np.newaxis]


@pytest.mark.parametrize("case", APPLE)
def test_an_operation_means_what_coremltools_infers(case):
    import coremltools as ct
    from coremltools.converters.mil import Builder as mb
    from coremltools.converters.mil.mil import Function

    name, arguments = case.split()[0], APPLE[case]
    with Function({}, opset_version=ct.target.iOS15):
        made = getattr(mb, name)(**arguments)
        theirs = made if isinstance(made, list) else made.val
    ours = OPERATIONS[name](**{key: rowwise(key, value) for key, value in arguments.items()})
    pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
    for our, their in pairs:
        their = getattr(their, "val", their)
        assert our.shape[1:] == np.shape(their)
        np.testing.assert_allclose(our[0], their, rtol=1e-6, atol=1e-7)


def test_every_operation_is_compared_with_coremltools():
    """It infers no value for `classify`."""
    assert set(OPERATIONS) - {case.split()[0] for case in APPLE} == {"classify"}
