"""A graph between two rewrites: a value that no rewrite changes; each makes a new one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.nodes import attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Nodes in order of computation.

    inputs: the element type of each input [N, 1]. constants: tensors by name. outputs: names of
    the values that the graph answers with.
    """

    inputs: Mapping[str, int]
    nodes: tuple[onnx.NodeProto, ...]
    constants: Mapping[str, onnx.TensorProto]
    outputs: tuple[str, ...]

    def array(self, name: str) -> np.ndarray | None:
        """The constant of that name, if it is one."""
        tensor = self.constants.get(name)
        return None if tensor is None else np.asarray(onnx.numpy_helper.to_array(tensor))

    def makers(self) -> dict[str, onnx.NodeProto]:
        """Which node computes each value."""
        return {name: node for node in self.nodes for name in node.output}

    def readers(self) -> dict[str, list[onnx.NodeProto]]:
        """The nodes that read each value; the outputs are read by nobody here."""
        found: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.input):
                found.setdefault(name, []).append(node)
        return found

    def fresh(self, hint: str) -> str:
        """A name that no value has."""
        taken = {*self.inputs, *self.constants, *(n for node in self.nodes for n in node.output)}
        number, name = 1, hint
        while name in taken:
            number += 1
            name = f"{hint}_{number}"
        return name


def draft_of(proto: onnx.ModelProto) -> Draft:
    """A model's graph."""
    graph = proto.graph
    return Draft(
        inputs={value.name: value.type.tensor_type.elem_type for value in graph.input},
        nodes=tuple(graph.node),
        constants={tensor.name: tensor for tensor in graph.initializer},
        outputs=tuple(value.name for value in graph.output),
    )


def read(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    """An attribute of a node: numbers and texts, lists of them as arrays and lists of bytes."""
    for one in node.attribute:
        if one.name == name:
            value = onnx.helper.get_attribute_value(one)
            if one.type == onnx.AttributeProto.FLOATS:
                return np.array(value, dtype=np.float32)
            return value
    return default


def node_of(
    type_: str, inputs: Iterable[str], outputs: Iterable[str], domain: str = "", **attributes: Any
) -> onnx.NodeProto:
    """A new node."""
    node = onnx.NodeProto(op_type=type_, domain=domain, input=inputs, output=outputs)
    node.attribute.extend(attribute(name, attributes[name]) for name in sorted(attributes))
    return node


def with_attributes(node: onnx.NodeProto, **attributes: Any) -> onnx.NodeProto:
    """The node with some attributes replaced."""
    made = onnx.NodeProto(
        op_type=node.op_type, domain=node.domain, input=node.input, output=node.output
    )
    made.attribute.extend(one for one in node.attribute if one.name not in attributes)
    made.attribute.extend(attribute(name, attributes[name]) for name in sorted(attributes))
    return made


def reading(node: onnx.NodeProto, new: Mapping[str, str]) -> onnx.NodeProto:
    """The node with inputs under their new names; itself where none has one."""
    if not any(name in new for name in node.input):
        return node
    made = onnx.NodeProto()
    made.CopyFrom(node)
    made.input[:] = [new.get(name, name) for name in node.input]
    return made
