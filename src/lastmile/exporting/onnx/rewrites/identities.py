"""What passes a value on goes: identities, casts to the kind it has, a choice of all columns."""

from dataclasses import replace

import numpy as np
import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, read, reading
from lastmile.exporting.onnx.rewrites.known import kinds_of, widths_of


def drop_identities(draft: Draft) -> Draft:
    """Without nodes that change nothing; one that names an output stays."""
    kinds, widths = kinds_of(draft), widths_of(draft)
    new: dict[str, str] = {}
    kept = []
    for old in draft.nodes:
        node = reading(old, new)
        if _idle(draft, node, kinds, widths) and node.output[0] not in draft.outputs:
            new[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    return replace(draft, nodes=tuple(kept)) if new else draft


def _idle(
    draft: Draft, node: onnx.NodeProto, kinds: dict[str, int], widths: dict[str, int]
) -> bool:
    if node.op_type == "Identity":
        return True
    if node.op_type == "Cast":
        return kinds.get(node.input[0]) == int(read(node, "to"))
    if node.op_type == "Concat":
        return len(node.input) == 1
    if node.op_type == "Gather" and read(node, "axis") == 1:
        chosen, width = draft.array(node.input[1]), widths.get(node.input[0])
        return chosen is not None and np.array_equal(chosen, np.arange(width or 0)) and bool(width)
    return False
