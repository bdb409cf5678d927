"""What is known of a draft's values without running it: element types, and numbers of columns."""

import numpy as np
import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.rewrites.draft import Draft, read

_TRUTHS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Not",
           "IsNaN")  # fmt: skip
_PLACES = ("ArgMax", "ArgMin", "Shape", "Size", "NonZero")
_KEEP_KIND = ("Identity", "Concat", "Gather", "Reshape", "Squeeze", "Unsqueeze", "Add", "Sub",
              "Mul", "Div", "Neg", "Abs", "MatMul", "Gemm", "Exp", "Log", "Sqrt", "Sum", "Min",
              "Max", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceSumSquare",
              "Transpose", "Expand", "Tile", "Slice", "Clip", "Sigmoid", "Softmax", "Tanh",
              "Relu", "Pow")  # fmt: skip
_KEEP_WIDTH = ("Cast", "Identity", "Neg", "Abs", "Exp", "Log", "Sqrt", "Sigmoid", "Softmax", "Tanh",
               "Relu", "IsNaN", "Not", "Clip")  # fmt: skip
_BY_A_ROW = ("Add", "Div", "Max", "Min", "Mul", "Sub")
_KEEP_WIDTH_ML = ("Scaler", "Normalizer", "Imputer", "Binarizer", "LabelEncoder")


def kinds_of(draft: Draft) -> dict[str, int]:
    """The element type of each value that is known to have one, by name."""
    kinds = dict(draft.inputs) | {name: one.data_type for name, one in draft.constants.items()}
    for node in draft.nodes:
        kind = _kind(node, kinds)
        if kind:
            kinds[node.output[0]] = kind
    return kinds


def _kind(node: onnx.NodeProto, kinds: dict[str, int]) -> int:
    if node.domain == ML:
        return onnx.TensorProto.FLOAT if node.op_type in ("Scaler", "OneHotEncoder") else 0
    if node.op_type == "Cast":
        return int(read(node, "to"))
    if node.op_type in _TRUTHS:
        return onnx.TensorProto.BOOL
    if node.op_type in _PLACES:
        return onnx.TensorProto.INT64
    if node.op_type == "Where":
        return kinds.get(node.input[1], 0)
    return kinds.get(node.input[0], 0) if node.op_type in _KEEP_KIND else 0


def widths_of(draft: Draft) -> dict[str, int]:
    """The number of columns of each value [N, width] that is known to be one, by name."""
    widths = dict.fromkeys(draft.inputs, 1)
    for node in draft.nodes:
        width = _width(draft, node, widths)
        if width:
            widths[node.output[0]] = width
    return widths


def _width(draft: Draft, node: onnx.NodeProto, widths: dict[str, int]) -> int:
    first = widths.get(node.input[0], 0) if node.input else 0
    if node.domain == ML:
        return first if node.op_type in _KEEP_WIDTH_ML else 0
    if node.op_type in _KEEP_WIDTH:
        return first
    if node.op_type == "Concat" and read(node, "axis") in (1, -1):
        parts = [widths.get(name, 0) for name in node.input]
        return sum(parts) if all(parts) else 0
    second = draft.array(node.input[1]) if len(node.input) == 2 else None
    return 0 if second is None else _width_by(node, first, second)


def _width_by(node: onnx.NodeProto, first: int, second: np.ndarray) -> int:
    """The width of what a constant makes of columns."""
    if node.op_type == "Reshape" and second.shape == (2,) and second[0] == -1:
        return int(second[1])
    if node.op_type == "Gather" and read(node, "axis") == 1 and second.ndim == 1 and first:
        return len(second)
    if node.op_type == "MatMul" and second.ndim == 2 and first:
        return int(second.shape[1])
    rows = ((), (1,), (1, 1), (first,), (1, first))
    return first if node.op_type in _BY_A_ROW and second.shape in rows else 0
