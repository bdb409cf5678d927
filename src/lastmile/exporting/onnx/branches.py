"""Nodes that run only if they are needed, or again and again: the operators `If` and `Loop`."""

from collections.abc import Callable

import onnx

from lastmile.exporting.onnx.nodes import Nodes

Body = Callable[[Nodes], str]
"""Writes nodes and returns the name of their value; values of the graph around may be read."""


def either(nodes: Nodes, condition: str, then: Body, otherwise: Body) -> str:
    """A value of texts: `then` where the one truth value holds, else `otherwise`."""
    return nodes(
        "If",
        condition,
        then_branch=_graph(nodes, "then", then),
        else_branch=_graph(nodes, "else", otherwise),
    )


def _graph(nodes: Nodes, name: str, body: Body) -> onnx.GraphProto:
    inner = nodes.inside()
    made = inner("Identity", body(inner))
    shape = onnx.helper.make_tensor_value_info(made, onnx.TensorProto.STRING, None)
    return onnx.helper.make_graph(inner.nodes, name, [], [shape], inner.constants)


def joined_texts(nodes: Nodes, texts: str) -> str:
    """The texts [N, M] of each row as one, [N]: neighbours are joined until one is left."""
    inner = nodes.inside()
    step, going, x = (inner.fresh(name) for name in ("step", "going", "texts"))
    width = inner("Shape", x, start=1, end=2)
    odd = inner("Mod", width, [2])
    rows = inner("Shape", x, start=0, end=1)
    filler = inner("Expand", inner.constant([[""]]), inner("Concat", rows, odd, axis=0))
    even = inner("Concat", x, filler, axis=1)
    first, second = (inner("Slice", even, [start], [2**62], [1], [2]) for start in (0, 1))
    joined = inner("StringConcat", first, second)
    more = inner("Squeeze", inner("Greater", inner("Shape", joined, start=1, end=2), [1]), [0])
    kinds = onnx.TensorProto
    body = onnx.helper.make_graph(
        inner.nodes,
        "joining",
        [
            onnx.helper.make_tensor_value_info(step, kinds.INT64, []),
            onnx.helper.make_tensor_value_info(going, kinds.BOOL, []),
            onnx.helper.make_tensor_value_info(x, kinds.STRING, None),
        ],
        [
            onnx.helper.make_tensor_value_info(more, kinds.BOOL, []),
            onnx.helper.make_tensor_value_info(joined, kinds.STRING, None),
        ],
        inner.constants,
    )
    width = nodes("Shape", texts, start=1, end=2)
    several = nodes("Squeeze", nodes("Greater", width, [1]), [0])
    one = nodes("Loop", [64], several, texts, body=body)  # halved so often, any number is one
    return nodes("Reshape", one, [-1])
