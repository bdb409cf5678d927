"""An ONNX model as the lowering reads it: nodes in order, constants, who makes and who reads.

Rows do not mix, so the graph is read at batch size 1: a raw column is [1, 1], a table of C
features [1, C]. The model itself is never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from lastmile.errors import NotExportable
from lastmile.exporting.claims import OpId

TARGET = "Core ML"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operator of the graph, its attributes as Python and NumPy values."""

    op: OpId
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]

    def attr(self, name: str, default: Any = None) -> Any:
        """An attribute, or what stands for it where the node does not say."""
        return self.attrs.get(name, default)

    def array(self, name: str, dtype: Any = np.float64) -> np.ndarray:
        """An attribute that is a list of numbers; empty where the node does not say."""
        return np.asarray(self.attrs.get(name, ()), dtype=dtype)

    def __str__(self) -> str:
        return f"the step `{self.name}` ({self.op})" if self.name else f"a step {self.op}"

    def refuse(self, reason: str) -> NotExportable:
        """The error that says this node has no exact form."""
        return NotExportable(str(self), target=TARGET, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The nodes that the outputs need, in order of computation."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    opsets: Mapping[str, int]

    def maker(self, value: str) -> Node | None:
        """The node that computes `value`; none for an input and a constant."""
        return next((node for node in self.nodes if value in node.outputs), None)

    def reading(self, outputs: tuple[str, ...]) -> "View":
        """The same graph with only the nodes that `outputs` depend on."""
        wanted = set(outputs)
        kept = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.outputs):
                kept.append(node)
                wanted.update(node.inputs)
        return View(nodes=tuple(reversed(kept)), constants=self.constants, opsets=self.opsets)


def view_of(proto: onnx.ModelProto) -> View:
    """Read a model.

    Raises:
        NotExportable: it has functions of its own, or keeps data outside of its file.
    """
    if proto.functions:
        raise NotExportable(
            "the graph", target=TARGET, reason=f"it defines {proto.functions[0].name} itself"
        )
    constants = {tensor.name: _array(tensor) for tensor in proto.graph.initializer}
    nodes = []
    for raw in proto.graph.node:
        node = _node(raw)
        if node.op == OpId("", "Constant"):
            constants[node.outputs[0]] = _constant(node)
        elif node.op == OpId("", "Cast") and node.inputs[0] in constants:
            kind: Any = onnx.helper.tensor_dtype_to_np_dtype(node.attrs["to"])
            constants[node.outputs[0]] = constants[node.inputs[0]].astype(kind)
        else:
            nodes.append(node)
    opsets = {_domain(entry.domain): entry.version for entry in proto.opset_import}
    return View(nodes=tuple(nodes), constants=constants, opsets=opsets)


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _node(raw: onnx.NodeProto) -> Node:
    return Node(
        op=OpId(_domain(raw.domain), raw.op_type),
        name=raw.name,
        inputs=tuple(raw.input),
        outputs=tuple(raw.output),
        attrs={one.name: _attribute(one) for one in raw.attribute},
    )


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, onnx.TensorProto):
        return _array(value)
    if attribute.type == onnx.AttributeProto.STRINGS:
        return [text.decode("utf-8") for text in value]
    return value


def _array(tensor: onnx.TensorProto) -> np.ndarray:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise NotExportable(
            "the graph", target=TARGET, reason=f"it keeps `{tensor.name}` in another file"
        )
    if tensor.data_type == onnx.TensorProto.STRING:
        texts = [text.decode("utf-8") for text in tensor.string_data]
        return np.array(texts, dtype=object).reshape(tuple(tensor.dims))
    return np.asarray(onnx.numpy_helper.to_array(tensor))


def _constant(node: Node) -> np.ndarray:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in node.attrs:
            value = node.attrs[name]
            if name == "value":
                return np.asarray(value)
            return np.asarray(value, dtype=np.float32 if "float" in name else np.int64)
    return np.array(node.attr("value_strings", node.attr("value_string")), dtype=object)
