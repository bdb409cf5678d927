"""Affine steps in a row become one, and those before a weighted sum go into its weights.

(x - o) · s is what a `Scaler` computes. Around far offsets that loses digits, so nothing is moved
that 32 bits would feel: an offset must be near, measured by the scale, or the steps stay.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx

from lastmile.exporting.onnx.rewrites.draft import Draft, read, with_attributes
from lastmile.exporting.onnx.rewrites.known import widths_of
from lastmile.exporting.onnx.rewrites.leftovers import drop_leftovers
from lastmile.exporting.onnx.rewrites.sums import WeightedSum, rewritten_sum, sums_of

_NEAR = 8.0
"""An offset this many scales from zero costs three bits of a sum of scaled columns."""

_NEGLIGIBLE = 1e-8
"""A rounding this small, measured by the scale of the result, changes nothing that 32 bits hold."""

Step = tuple[np.ndarray, np.ndarray]


def merge_scalers(draft: Draft) -> Draft:
    """Two scalers in a row as one, where its offset is as good in 32 bits as both were."""
    makers, readers = draft.makers(), draft.readers()
    for node in draft.nodes:
        before = makers.get(node.input[0]) if node.op_type == "Scaler" else None
        if before is None or before.op_type != "Scaler" or len(readers[node.input[0]]) > 1:
            continue
        made = _both(_step(before), _step(node))
        if made is None or node.input[0] in draft.outputs:
            continue
        offset, scale = made
        merged = with_attributes(node, offset=offset, scale=scale)
        merged.input[:] = before.input
        nodes = [merged if one is node else one for one in draft.nodes if one is not before]
        return merge_scalers(replace(draft, nodes=tuple(nodes)))
    return draft


def _step(node: onnx.NodeProto) -> Step:
    return tuple(np.asarray(read(node, name), dtype=np.float64) for name in ("offset", "scale"))  # type: ignore[return-value]


def _both(first: Step, second: Step) -> Step | None:
    if (first[1] == 0).any():
        return None
    offset = first[0] + second[0] / first[1]
    scale = first[1] * second[1]
    near = offset.astype(np.float32)
    if np.any(np.abs((offset - near) * scale) > _NEGLIGIBLE):
        return None  # as where an offset is taken away in two portions, for the sake of its digits
    return near, scale.astype(np.float32)


def weigh_scaled(draft: Draft) -> Draft:
    """Scalers before weighted sums as part of the weights; others may still read the scaler."""
    makers = draft.makers()
    for one in sums_of(draft, widths_of(draft)):
        for part in range(len(one.parts)):
            made = _scaled_part(makers, one, part)
            if made is None:
                continue
            return weigh_scaled(drop_leftovers(rewritten_sum(draft, one, made)))
    return draft


def _scaled_part(
    makers: Mapping[str, onnx.NodeProto], one: WeightedSum, part: int
) -> WeightedSum | None:
    """The sum over what stands before the scalers of one part, if its offsets are near.

    Where a column is only moved and not scaled, nothing tells how wide it is, and it stays.
    """
    name, width = one.parts[part], one.widths[part]
    scale, offset = np.ones(width), np.zeros(width)
    while (scaler := makers.get(name)) is not None and scaler.op_type == "Scaler":
        first, factor = _step(scaler)
        if (factor == 0).any():
            return None
        offset, scale = first + offset / factor, factor * scale
        name = scaler.input[0]
    blind = (offset != 0) & (scale == 1)
    if name == one.parts[part] or blind.any() or np.any(np.abs(offset * scale) > _NEAR):
        return None
    weights = one.weights.copy()
    weights[:, one.columns(part)] *= scale
    moved = one.offset - weights[:, one.columns(part)] @ offset
    parts = (*one.parts[:part], name, *one.parts[part + 1 :])
    return replace(one, parts=parts, weights=weights, offset=moved)
