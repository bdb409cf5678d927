"""Categories that are only summed are looked up.

One-hot columns that a weighted sum multiplies by one weight each are a detour: the sum gets the
weight of the category itself, from a table. That is the same number, and no larger a file.
"""

from dataclasses import replace

import numpy as np
import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.rewrites.draft import Draft, node_of, read
from lastmile.exporting.onnx.rewrites.known import widths_of
from lastmile.exporting.onnx.rewrites.leftovers import drop_leftovers
from lastmile.exporting.onnx.rewrites.sums import WeightedSum, rewritten_sum, sums_of

_KEYS = {"cats_strings": "keys_strings", "cats_int64s": "keys_int64s"}


def look_up_categories(draft: Draft) -> Draft:
    """With a table for each one-hot column of a sum with one target, or with two opposite ones."""
    makers, readers = draft.makers(), draft.readers()
    for one in sums_of(draft, widths_of(draft)):
        signs = _signs(one)
        if signs is None:
            continue
        for part, name in enumerate(one.parts):
            encoder = _encoder(draft, makers, readers, name)
            if encoder is None or one.parts.count(name) > 1:
                continue
            table = one.weights[-1, one.columns(part)].astype(np.float32)
            made = _looked_up(draft, encoder, table)
            if made is None:
                continue
            nodes = list(draft.nodes)
            nodes.insert(nodes.index(encoder), made)
            changed = replace(draft, nodes=tuple(nodes))
            moved = replace(one, place=one.place + 1)
            new = _summed(moved, part, made.output[0], signs)
            return look_up_categories(drop_leftovers(rewritten_sum(changed, moved, new)))
    return draft


def _signs(one: WeightedSum) -> np.ndarray | None:
    """[T] by which the last row of weights is multiplied in each; none where that is not so."""
    if len(one.weights) == 1:
        return np.array([1.0])
    opposite = len(one.weights) == 2 and np.array_equal(one.weights[0], -one.weights[1])
    return np.array([-1.0, 1.0]) if opposite else None


def _encoder(
    draft: Draft,
    makers: dict[str, onnx.NodeProto],
    readers: dict[str, list[onnx.NodeProto]],
    name: str,
) -> onnx.NodeProto | None:
    """The one-hot encoder of one column behind a part that nobody else reads."""
    shaped = makers.get(name)
    if shaped is None or shaped.op_type != "Reshape" or len(readers[name]) > 1:
        return None
    if {name, shaped.input[0]} & set(draft.outputs):
        return None
    encoder = makers.get(shaped.input[0])
    if encoder is None or encoder.op_type != "OneHotEncoder" or not read(encoder, "zeros", 1):
        return None
    alone = len(readers[encoder.output[0]]) == 1 and encoder.input[0] in draft.inputs
    return encoder if alone else None


def _looked_up(draft: Draft, encoder: onnx.NodeProto, table: np.ndarray) -> onnx.NodeProto | None:
    for cats, keys in _KEYS.items():
        known = read(encoder, cats)
        if known is not None and len(known) == len(table):
            return node_of(
                "LabelEncoder", encoder.input, [draft.fresh("weight")], domain=ML,
                values_floats=table, default_float=0.0, **{keys: known},
            )  # fmt: skip
    return None


def _summed(one: WeightedSum, part: int, name: str, signs: np.ndarray) -> WeightedSum:
    columns = one.columns(part)
    weights = np.concatenate(
        [one.weights[:, : columns.start], signs[:, None], one.weights[:, columns.stop :]], axis=1
    )
    return replace(
        one,
        parts=(*one.parts[:part], name, *one.parts[part + 1 :]),
        widths=(*one.widths[:part], 1, *one.widths[part + 1 :]),
        weights=weights,
    )
