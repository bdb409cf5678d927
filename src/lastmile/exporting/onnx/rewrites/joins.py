"""Columns that are joined twice are joined once."""

from dataclasses import replace

from lastmile.exporting.onnx.rewrites.draft import Draft, node_of, read


def join_once(draft: Draft) -> Draft:
    """With the parts of a join that only another join reads in its place."""
    readers, makers = draft.readers(), draft.makers()
    gone: set[str] = set()
    nodes = []
    for node in reversed(draft.nodes):
        if node.op_type == "Concat" and node.output[0] in gone:
            continue
        if node.op_type == "Concat":
            axis = read(node, "axis")
            parts = list(node.input)
            while inner := next((p for p in parts if _inner(draft, p, axis, makers, readers)), ""):
                at = parts.index(inner)
                parts[at : at + 1] = list(makers[inner].input)
                gone.add(inner)
            if parts != list(node.input):
                node = node_of("Concat", parts, node.output, axis=axis)
        nodes.append(node)
    return replace(draft, nodes=tuple(reversed(nodes))) if gone else draft


def _inner(draft: Draft, part: str, axis: int, makers: dict, readers: dict) -> bool:  # type: ignore[type-arg]
    maker = makers.get(part)
    if maker is None or maker.op_type != "Concat" or read(maker, "axis") != axis:
        return False
    reading = readers.get(part, [])
    once = len(reading) == 1 and list(reading[0].input).count(part) == 1
    return once and part not in draft.outputs
