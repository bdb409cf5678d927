"""Which values of a graph depend on nothing but texts, by steps that only tell texts apart.

Texts may stand side by side in one value and be taken apart again, as skl2onnx writes it: so it is
known of the columns of a value, as long as they are still told apart, which raw column each is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from lastmile.exporting.claims import ML, OpId
from lastmile.exporting.coreml.view import Node, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value that depends on the raw columns `texts` only; a constant depends on none.

    columns: the raw columns that each of its columns [N, C] depends on, where they are told apart.
    """

    texts: frozenset[str]
    is_text: bool
    columns: tuple[frozenset[str], ...] | None = None


def known_values(view: View, texts: Iterable[str]) -> dict[str, Known]:
    """Every such value by name; `texts` are the raw columns of texts."""
    known = {
        name: Known(texts=frozenset([name]), is_text=True, columns=(frozenset([name]),))
        for name in texts
    }
    for name, array in view.constants.items():
        known[name] = Known(texts=frozenset(), is_text=array.dtype == object)
    for node in view.nodes:
        rule = _RULES.get(node.op)
        if rule is None or not all(name in known for name in node.inputs if name):
            continue
        made = rule(view, node, [known[name] for name in node.inputs if name])
        if made is not None:
            known |= dict.fromkeys(filter(None, node.outputs), made)
    return known


Rule = Callable[[View, Node, Sequence[Known]], Known | None]
"""What is known of the outputs of a node all of whose inputs are; none where it is another step."""


def _together(_: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """Numbers of all columns together."""
    return Known(texts=frozenset().union(*(one.texts for one in inputs)), is_text=False)


def _each(view: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """Element by element."""
    made = _together(view, node, inputs)
    assert made is not None
    is_text = _gives_text(node, inputs)
    apart = [one.columns for one in inputs if one.texts]
    wide = any(view.constants[name].size > 1 for name in node.inputs if name in view.constants)
    if wide or None in apart or len({len(columns or ()) for columns in apart}) != 1:
        return Known(texts=made.texts, is_text=is_text)
    columns = tuple(frozenset().union(*each) for each in zip(*filter(None, apart), strict=True))
    return Known(texts=made.texts, is_text=is_text, columns=columns)


def _gives_text(node: Node, inputs: Sequence[Known]) -> bool:
    if node.op == OpId(ML, "LabelEncoder"):
        return "values_strings" in node.attrs
    return node.op.type in ("Identity", "Where") and inputs[-1].is_text


def _cast(view: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """Numbers only: here no text is read as a number."""
    if inputs[0].is_text or node.attr("to") == onnx.TensorProto.STRING:
        return None
    return _each(view, node, inputs)


def _rest(view: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """What is left of a constant, such as 1 less the sum of zeros and ones."""
    return _each(view, node, inputs) if node.inputs[0] in view.constants else None


def _grouped(view: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """Columns of zeros and ones put together, by a matrix of zeros and ones."""
    matrix = view.constants.get(node.inputs[1])
    if matrix is None or not np.isin(matrix, (0, 1)).all():
        return None
    return _together(view, node, inputs)


def _shaped(_: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """The same elements; a single column stays one."""
    first = inputs[0]
    columns = first.columns if len(first.columns or ()) == 1 else None
    return Known(texts=first.texts, is_text=first.is_text, columns=columns)


def _joined(_: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    if node.attr("axis") not in (1, -1):
        return None
    texts = frozenset().union(*(one.texts for one in inputs))
    columns: tuple[frozenset[str], ...] | None = ()
    for one in inputs:
        columns = None if columns is None or one.columns is None else (*columns, *one.columns)
    return Known(texts=texts, is_text=inputs[0].is_text, columns=columns)


def _picked(view: View, node: Node, inputs: Sequence[Known]) -> Known | None:
    """Columns at constant positions, or rows of a constant table at computed ones."""
    first, positions = inputs[0], view.constants.get(node.inputs[1])
    if positions is None:
        rows = node.inputs[0] in view.constants and not inputs[1].is_text
        return _together(view, node, inputs) if rows else None
    if node.op.domain != ML and node.attr("axis", 0) not in (1, -1):
        return None
    if first.columns is None:
        return Known(texts=first.texts, is_text=first.is_text)
    columns = tuple(first.columns[int(at)] for at in np.ravel(positions))
    return Known(texts=frozenset().union(*columns), is_text=first.is_text, columns=columns)


_BY_ELEMENT = ("Identity", "Where", "Equal", "IsNaN", "Not", "And", "Or", "Less", "LessOrEqual",
               "Greater", "GreaterOrEqual")  # fmt: skip
_SHAPES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")

_RULES: dict[OpId, Rule] = {
    **{OpId("", name): _each for name in _BY_ELEMENT},
    **{OpId("", name): _shaped for name in _SHAPES},
    OpId("", "Cast"): _cast,
    OpId("", "Sub"): _rest,
    OpId("", "ReduceSum"): _together,
    OpId("", "ArgMax"): _together,
    OpId("", "MatMul"): _grouped,
    OpId("", "Concat"): _joined,
    OpId("", "Gather"): _picked,
    OpId(ML, "ArrayFeatureExtractor"): _picked,
    OpId(ML, "LabelEncoder"): _each,
    OpId(ML, "OneHotEncoder"): _together,
}
"""The operators that encoders of categories are made of; no others become part of a table."""
