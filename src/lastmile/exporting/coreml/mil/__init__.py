"""ONNX operators as operations of an ML Program, in 32-bit floats.

    elementwise  arithmetic, comparisons, choices
    shapes       operators that rearrange
    reductions   sums, extremes and their places
    networks     activations and normalizations
    algebra      products of matrices
    learned      ONNX's classical operators (`ai.onnx.ml`) as arithmetic, behind a tensor operator
    packed       tree ensembles as tensors, where size is what counts
    program      from operators to a program and its weights

Each function takes coremltools' builder, the node and its inputs (program values, or NumPy
constants) and returns the node's outputs. It raises `NotExportable` where this very node has no
exact form.
"""

from lastmile.exporting.claims import ML, OpId, OpTable
from lastmile.exporting.coreml.mil import (
    algebra,
    elementwise,
    learned,
    networks,
    packed,
    reductions,
    shapes,
)

_TEXT = "Core ML has texts only as whole columns, not inside a model's arithmetic"
_IN_TEXTS = "it is written for texts, which Core ML has only as whole columns"
_DYNAMIC = "the size of its result depends on the row"
_IMAGES = "it reads images or sequences; coremltools converts such networks from PyTorch itself"
_FLOW = "its body would have to be a program of its own"

CANNOT = {
    OpId("", "StringNormalizer"): _TEXT,
    OpId("", "StringSplit"): _TEXT,
    OpId("", "StringConcat"): _TEXT,
    OpId("", "TfIdfVectorizer"): _TEXT,
    OpId("", "RegexFullMatch"): _TEXT,
    OpId("com.microsoft", "Tokenizer"): _TEXT,
    OpId("", "Compress"): _DYNAMIC,
    OpId("", "NonZero"): _DYNAMIC,
    OpId("", "Unique"): _DYNAMIC,
    OpId("", "Range"): _DYNAMIC,
    OpId("", "Size"): _DYNAMIC,
    OpId("", "Pad"): _IN_TEXTS,
    OpId("", "CumSum"): _IN_TEXTS,
    OpId("", "ScatterElements"): _IN_TEXTS,
    OpId("", "DequantizeLinear"): "Core ML has small weights of its own: [coreml] weights",
    OpId("", "If"): _FLOW,
    OpId("", "Loop"): _FLOW,
    OpId("", "Scan"): _FLOW,
    OpId(ML, "ZipMap"): "Core ML's classifiers give a dictionary by themselves; export without it",
    OpId(ML, "SVMClassifier"): "its probabilities are found by iteration; export the estimator "
    "itself, which is written out",
    OpId(ML, "DictVectorizer"): "its input is a dictionary, and a phone's row is not",
    OpId("", "Conv"): _IMAGES,
    OpId("", "MaxPool"): _IMAGES,
    OpId("", "LSTM"): _IMAGES,
    OpId("", "GRU"): _IMAGES,
}

TENSORS = OpTable(
    "an ML Program", (elementwise, shapes, reductions, algebra, networks, learned), cannot=CANNOT
)

PACKED = OpTable("packed tensors", (packed,))
"""Operators that are stages of Core ML's own unless the smaller form is asked for."""

__all__ = ["CANNOT", "PACKED", "TENSORS"]
