"""What is done alike to columns one by one is done to all of them side by side.

Only operators whose every number is exact by IEEE 754 are taken: their bits do not depend on where
in an array a number stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby

import numpy as np
import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, node_of, read
from lastmile.exporting.onnx.rewrites.known import kinds_of, widths_of

_ALONE = ("Abs", "Cast", "Neg")
_WITH_CONSTANT = ("Add", "Div", "Max", "Min", "Mul", "Sub")


def side_by_side(draft: Draft) -> Draft:
    """With neighbours in a join that the same operator made joined before it instead."""
    while (changed := _once(draft)) is not draft:
        draft = changed
    return draft


def _once(draft: Draft) -> Draft:
    found = _Found(draft)
    for node in draft.nodes:
        if node.op_type != "Concat" or read(node, "axis") != 1:
            continue
        for alike, run in groupby(node.input, found.alike):
            parts = list(run)
            if alike and len(parts) > 1:
                return _joined_before(draft, node, [found.makers[part] for part in parts])
    return draft


class _Found:
    """What is known of a draft's values, found out when it is asked for: most graphs never ask."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    @cached_property
    def makers(self) -> dict[str, onnx.NodeProto]:
        return self._draft.makers()

    @cached_property
    def _readers(self) -> dict[str, list[onnx.NodeProto]]:
        return self._draft.readers()

    @cached_property
    def _kinds(self) -> dict[str, int]:
        return kinds_of(self._draft)

    @cached_property
    def _widths(self) -> dict[str, int]:
        return widths_of(self._draft)

    def alike(self, part: str) -> tuple[object, ...]:
        """Equal for parts that one operator could make together; empty where none could."""
        maker = self.makers.get(part)
        if maker is None or maker.domain or maker.op_type not in (*_ALONE, *_WITH_CONSTANT):
            return ()
        if not self._is_read_once(part) or not self._is_taken(maker):
            return ()
        said = tuple(one.SerializeToString(deterministic=True) for one in maker.attribute)
        return maker.op_type, self._kinds.get(maker.input[0], 0), said

    def _is_read_once(self, part: str) -> bool:
        reading = self._readers.get(part, [])
        once = len(reading) == 1 and list(reading[0].input).count(part) == 1
        return once and part not in self._draft.outputs

    def _is_taken(self, maker: onnx.NodeProto) -> bool:
        width = self._widths.get(maker.input[0], 0)
        if not width or maker.input[0] not in self._kinds:
            return False
        if maker.op_type in _ALONE:
            return True
        second = self._draft.array(maker.input[1]) if len(maker.input) == 2 else None
        rows = ((), (1,), (1, 1), (width,), (1, width))
        return second is not None and second.shape in rows


def _joined_before(draft: Draft, join: onnx.NodeProto, makers: Sequence[onnx.NodeProto]) -> Draft:
    widths = widths_of(draft)
    columns = draft.fresh("columns")
    made = [node_of("Concat", [maker.input[0] for maker in makers], [columns], axis=1)]
    constants: Mapping[str, onnx.TensorProto] = draft.constants
    inputs = [columns]
    if len(makers[0].input) == 2:
        name = draft.fresh(f"{columns}_by")
        each = [(draft.constants[maker.input[1]], widths[maker.input[0]]) for maker in makers]
        rows = [(onnx.numpy_helper.to_array(one).ravel(), width) for one, width in each]
        row = np.concatenate([np.broadcast_to(one, width) for one, width in rows])
        constants = {**constants, name: onnx.numpy_helper.from_array(row, name)}
        inputs.append(name)
    parts = list(join.input)
    at = parts.index(makers[0].output[0])
    whole = len(parts) == len(makers)
    output = join.output[0] if whole else draft.fresh(f"{columns}_made")
    together = onnx.NodeProto(op_type=makers[0].op_type, input=inputs, output=[output])
    together.attribute.extend(makers[0].attribute)
    made.append(together)
    if not whole:
        parts[at : at + len(makers)] = [output]
        made.append(node_of("Concat", parts, join.output, axis=1))
    gone = {maker.output[0] for maker in makers}
    nodes = [
        new
        for node in draft.nodes
        if node.output[0] not in gone
        for new in (made if node is join else [node])
    ]
    return replace(draft, nodes=tuple(nodes), constants=constants)
