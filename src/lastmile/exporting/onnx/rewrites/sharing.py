"""What is computed twice is computed once."""

from dataclasses import replace

import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, reading


def share(draft: Draft) -> Draft:
    """Without nodes that do to the same values what another has done; outputs keep their own."""
    seen: dict[tuple[str, ...], list[onnx.NodeProto]] = {}
    new: dict[str, str] = {}
    kept = []
    for old in draft.nodes:
        node = reading(old, new)
        alike = seen.setdefault((node.domain, node.op_type, *node.input), [])
        twin = next((one for one in alike if _same(one, node)), None)
        if twin is None or set(node.output) & set(draft.outputs):
            alike.append(node)
            kept.append(node)
        else:
            new |= dict(zip(node.output, twin.output, strict=True))
    return replace(draft, nodes=tuple(kept)) if new else draft


def _same(one: onnx.NodeProto, other: onnx.NodeProto) -> bool:
    """Whether two nodes of one type on the same values have the same attributes."""
    if len(one.output) != len(other.output):
        return False
    first, second = (
        sorted(a.SerializeToString(deterministic=True) for a in node.attribute)
        for node in (one, other)
    )
    return first == second
