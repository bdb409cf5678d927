"""Probabilities as a sequence of maps from class to number, for code that expects them so."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.rewrites.draft import Draft, node_of, reading
from lastmile.exporting.signature import Output, Signature


def zipped(draft: Draft, signature: Signature) -> Draft:
    """The draft with the standard `ZipMap` behind each output of probabilities."""
    nodes = list(draft.nodes)
    for output in signature.outputs:
        if output.role != "probabilities":
            continue
        array = draft.fresh(f"{output.name}_array")
        nodes = [_renamed(node, output.name, array) for node in nodes]
        texts = isinstance(output.classes[0], str)
        keys = "classlabels_strings" if texts else "classlabels_int64s"
        classes = list(output.classes)
        nodes.append(node_of("ZipMap", [array], [output.name], domain=ML, **{keys: classes}))
    return replace(draft, nodes=tuple(nodes))


def _renamed(node: onnx.NodeProto, old: str, new: str) -> onnx.NodeProto:
    if old not in node.output:
        return reading(node, {old: new})
    made = onnx.NodeProto()
    made.CopyFrom(reading(node, {old: new}))
    made.output[:] = [new if name == old else name for name in node.output]
    return made


def described(output: Output) -> onnx.ValueInfoProto:
    """The type of such an output: a sequence of maps."""
    kind = onnx.TensorProto.STRING if isinstance(output.classes[0], str) else onnx.TensorProto.INT64
    number = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [])
    one = onnx.helper.make_map_type_proto(kind, number)
    return onnx.helper.make_value_info(output.name, onnx.helper.make_sequence_type_proto(one))


def unzipped(answer: Sequence[dict[Any, float]], output: Output) -> np.ndarray:
    """Such an answer as an array [N, K] f32 in the order of the signature's classes."""
    return np.array([[row[key] for key in output.classes] for row in answer], dtype=np.float32)
