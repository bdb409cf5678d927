"""Multiply-adds of one operator, and the bytes that it reads, for one row.

A multiply-add counts one multiplication with its addition, or one step of any function of one
number. Bytes are those of constants and of values between operators, each as often as it is read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx

Shaped = Sequence[np.ndarray]
Rule = Callable[[onnx.NodeProto, Shaped, Shaped], float]
"""The node, its inputs and its outputs for one row -> multiply-adds."""

_TEXT = 16
"""Bytes of a text, more or less: nothing tells how long it is."""


def _none(_node: onnx.NodeProto, _inputs: Shaped, _outputs: Shaped) -> float:
    return 0.0


def _product(_node: onnx.NodeProto, inputs: Shaped, outputs: Shaped) -> float:
    """Each number of the result is a sum over the last axis of the first input."""
    return float(outputs[0].size * inputs[0].shape[-1])


def _gemm(node: onnx.NodeProto, inputs: Shaped, outputs: Shaped) -> float:
    turned = _attributes(node).get("transA", 0)
    return float(outputs[0].size * inputs[0].shape[0 if turned else -1])


def _einsum(node: onnx.NodeProto, inputs: Shaped, _outputs: Shaped) -> float:
    """The product of the sizes of all letters."""
    words = _attributes(node)["equation"].decode().replace(" ", "").split("->")[0].split(",")
    sizes = {
        letter: size
        for word, given in zip(words, inputs, strict=True)
        for letter, size in zip(word, given.shape, strict=False)
    }
    return float(np.prod(list(sizes.values())))


def _per_input(_node: onnx.NodeProto, inputs: Shaped, _outputs: Shaped) -> float:
    return float(inputs[0].size)


def _per_output(_node: onnx.NodeProto, _inputs: Shaped, outputs: Shaped) -> float:
    return float(outputs[0].size)


def _thrice(_node: onnx.NodeProto, inputs: Shaped, _outputs: Shaped) -> float:
    """A function, a sum and a division for each number."""
    return 3.0 * inputs[0].size


def _held(*names: str) -> Rule:
    """As many as the attributes of these names have numbers."""

    def rule(node: onnx.NodeProto, _inputs: Shaped, _outputs: Shaped) -> float:
        have = _attributes(node)
        return float(sum(len(have.get(name, ())) for name in names))

    return rule


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("MatMul",), _product),
    "Gemm": _gemm,
    "Einsum": _einsum,
    **dict.fromkeys(("LinearClassifier", "LinearRegressor"), _held("coefficients")),
    **dict.fromkeys(("SVMClassifier", "SVMRegressor"), _held("support_vectors", "coefficients")),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Normalizer", "LpNormalization"), _thrice),
    **dict.fromkeys(
        (
            *("ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceProd", "ReduceL1"),
            *("ReduceL2", "ReduceLogSumExp", "ReduceSumSquare", "ArgMax", "ArgMin", "TopK"),
            "CumSum",
        ),
        _per_input,
    ),
    **dict.fromkeys(
        (
            *("Identity", "Cast", "Reshape", "Unsqueeze", "Squeeze", "Concat", "Gather", "Slice"),
            *("GatherElements", "GatherND", "Expand", "Tile", "Transpose", "Shape", "Split"),
            *("Flatten", "Constant", "ConstantOfShape", "LabelEncoder", "OneHotEncoder", "OneHot"),
            *("CategoryMapper", "FeatureVectorizer", "ArrayFeatureExtractor", "ZipMap", "Where"),
            *("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"),
            *("StringNormalizer", "TfIdfVectorizer", "StringSplit", "StringConcat"),
        ),
        _none,
    ),
}
"""What is in no table is a function of each number of its result."""

_PICKS = ("Gather", "GatherElements", "GatherND", "ArrayFeatureExtractor")
"""Operators that read of their first input only what they give."""


def multiply_adds(node: onnx.NodeProto, inputs: Shaped, outputs: Shaped) -> float:
    """How many multiply-adds one row costs in this node."""
    return RULES.get(node.op_type, _per_output)(node, inputs, outputs)


def bytes_read(node: onnx.NodeProto, inputs: Shaped, outputs: Shaped) -> float:
    """How many bytes one row lets this node read; the nodes of trees are counted elsewhere."""
    if node.op_type in _PICKS:
        return float(sum(_bytes(value) for value in (*outputs, *inputs[1:])))
    held = 0.0
    if node.domain and not node.op_type.startswith("TreeEnsemble"):
        held = sum(4.0 * len(one.floats) for one in node.attribute)
        texts = sum(len(one.strings) + len(one.ints) for one in node.attribute)
        held += 8.0 * texts if node.op_type not in ("LabelEncoder", "OneHotEncoder") else 0.0
    return held + sum(_bytes(value) for value in inputs)


def _bytes(values: np.ndarray) -> float:
    return float(values.size * (_TEXT if values.dtype == object else values.itemsize))


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
