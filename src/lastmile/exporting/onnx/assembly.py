"""From nodes to a draft, and from a draft to a model."""

from collections.abc import Iterable, Mapping

import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.nodes import ELEMENTS, OPSETS, Nodes
from lastmile.exporting.onnx.rewrites.draft import Draft, node_of
from lastmile.exporting.onnx.runtime import installed_version
from lastmile.exporting.onnx.zipmap import described
from lastmile.exporting.signature import Output, Signature


def drafted(nodes: Nodes, signature: Signature, outputs: Mapping[str, str]) -> Draft:
    """All nodes, with the values that are `outputs` under the outputs' names.

    outputs: the value for each output. The nodes themselves are changed: their writer is done.
    """
    made = {name for node in nodes.nodes for name in node.output}
    new: dict[str, str] = {}
    copies = []
    for output, value in outputs.items():
        if value in made and value not in new:
            new[value] = output
        else:
            copies.append(node_of("Identity", [new.get(value, value)], [output]))
    for node in nodes.nodes:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name in new:
                    names[at] = new[name]
    return Draft(
        inputs={column.identifier: ELEMENTS[column.kind] for column in signature.columns},
        nodes=(*nodes.nodes, *copies),
        constants={tensor.name: tensor for tensor in nodes.constants},
        outputs=tuple(outputs),
    )


def model_of(draft: Draft, signature: Signature) -> onnx.ModelProto:
    """The draft as a model; inputs and outputs are those of the signature."""
    shapes = {output.name: output for output in signature.outputs}
    maps = {node.output[0] for node in draft.nodes if node.op_type == "ZipMap"}
    graph = onnx.helper.make_graph(
        [],
        "lastmile",
        [
            onnx.helper.make_tensor_value_info(name, kind, ["N", 1])
            for name, kind in draft.inputs.items()
        ],
        [
            described(shapes[name]) if name in maps else _described(shapes[name])
            for name in draft.outputs
        ],
    )
    model = onnx.helper.make_model(
        graph,
        opset_imports=opsets_of(draft.nodes),
        ir_version=10,
        producer_name="lastmile",
        producer_version=installed_version("lastmile"),
    )
    model.graph.node.extend(draft.nodes)  # only here: each helper copies what it is given
    model.graph.initializer.extend(draft.constants.values())
    return model


def _described(output: Output) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["N"] if output.role == "label" else ["N", output.width]
    return onnx.helper.make_tensor_value_info(output.name, ELEMENTS[output.kind], shape)


def opsets_of(nodes: Iterable[onnx.NodeProto]) -> list[onnx.OperatorSetIdProto]:
    """The operator sets that the nodes need."""
    used = {(node.domain, node.op_type) for node in nodes}
    numbers = {"": OPSETS[""]}
    if any(domain == ML for domain, _ in used):
        numbers[ML] = OPSETS[ML] if (ML, "TreeEnsemble") in used else 3
    return [onnx.helper.make_opsetid(domain, number) for domain, number in numbers.items()]
