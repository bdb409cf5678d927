"""What no output needs goes."""

from dataclasses import replace

from lastmile.exporting.onnx.rewrites.draft import Draft


def drop_leftovers(draft: Draft) -> Draft:
    """Only the nodes and constants behind the outputs."""
    wanted = set(draft.outputs)
    kept = []
    for node in reversed(draft.nodes):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    constants = {name: one for name, one in draft.constants.items() if name in wanted}
    if len(kept) == len(draft.nodes) and len(constants) == len(draft.constants):
        return draft
    return replace(draft, nodes=tuple(reversed(kept)), constants=constants)
