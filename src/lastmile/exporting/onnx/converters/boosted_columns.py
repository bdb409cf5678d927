"""Columns of categories that boosted trees read by code."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.converters.encoding import looked_up
from lastmile.exporting.onnx.nodes import Part, Parts
from lastmile.exporting.onnx.trees.dumps import Choice
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind
from lastmile.exporting.signature.phone import MISSING_TEXT


def count_of_codes(choices: Sequence[Choice], known: Mapping[int, Sequence[Any]]) -> dict[int, int]:
    """How many codes each column has that some split reads by category."""
    counts: dict[int, int] = {}
    for choice in choices:
        most = max([*choice.codes, -1]) + 1
        own = len(known.get(choice.feature, ()))
        counts[choice.feature] = max(counts.get(choice.feature, 0), most, own)
    return counts


def category_places(
    writer: Writer,
    parts: Parts,
    known: Mapping[int, Sequence[str | int]],
    counts: Mapping[int, int],
) -> dict[int, str]:
    """For each column [N, 1] i64: its code; their number for an unknown one, one more if missing.

    known: the categories of a column in the order of their codes; none where it holds codes.
    """
    places = {}
    for feature, categories in known.items():
        (part,) = writer.pick(parts, [feature])
        count = counts[feature]
        place = _of_category(writer, part, categories, count) if categories else None
        places[feature] = writer(
            "Cast", place or _of_code(writer, part, count), to=onnx.TensorProto.INT64
        )
    return places


def _of_category(writer: Writer, part: Part, categories: Sequence[Any], count: int) -> str:
    codes = np.arange(len(categories), dtype=np.float64)
    if part.kind is Kind.STRING:
        keys = [*categories, MISSING_TEXT]
        return looked_up(writer, part, np.array(keys, object), np.append(codes, count + 1), count)
    found = looked_up(writer, part, np.array(categories), codes, count)
    if part.kind is not Kind.FLOAT:
        return found
    return writer("Where", writer("IsNaN", part.name), np.float32(count + 1), found)


def _of_code(writer: Writer, part: Part, count: int) -> str:
    """A code that is no whole number counts as the one below it."""
    x = writer.floats(part)
    whole = writer("Where", writer("Less", x, np.float32(0)), writer("Ceil", x), writer("Floor", x))
    low, high = np.float32(0), np.float32(count)
    inside = writer("And", writer("GreaterOrEqual", whole, low), writer("Less", whole, high))
    code = writer("Where", inside, whole, high)
    return writer("Where", writer("IsNaN", x), np.float32(count + 1), code)
