"""The characters of a text as numbers."""

from collections.abc import Sequence

import numpy as np
import onnx

from lastmile.exporting.onnx.converters.spelling import (
    Changes,
    alphabet,
    holds,
    ranges,
    spelled,
    vanishing,
)
from lastmile.exporting.onnx.converters.words import UNKNOWN, close_up
from lastmile.exporting.onnx.nodes import Nodes

_BLANKS = tuple(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What Python takes for white space; there is none further on."""

_NOTHING = -3
_BLANK = 1_000_000
"""Blanks have numbers from here on, besides the space."""


def character_ids(
    nodes: Nodes, text: str, characters: Sequence[str], changes: Changes, *, words: bool
) -> str:
    """Numbers [N, K] i64 of the characters of texts [N]: their place, or -1.

    Two or more blanks become one space. words: each word stands between two spaces of its own.
    """
    numbers = {one: float(number) for number, one in enumerate(characters)}
    space = numbers.get(" ", float(_BLANK))
    keys = {one: numbers.get(one, _BLANK + at) for at, one in enumerate(_BLANKS)} | numbers
    cells = spelled(nodes, text, alphabet([*characters, *_BLANKS], changes))
    named = list(keys)
    floats = nodes.ml(
        "LabelEncoder",
        cells,
        keys_strings=["", *named],
        values_floats=[float(_NOTHING), *(float(keys[one]) for one in named)],
        default_float=float(UNKNOWN),
    )
    blanks = sorted({int(keys[one]) for one in _BLANKS})
    if gone := ranges(vanishing(changes)):
        floats = nodes("Where", holds(nodes, cells, f"[{gone}]+"), np.float32(_NOTHING), floats)
    ids = nodes("Cast", floats, to=onnx.TensorProto.INT64)
    kept = nodes("Not", nodes("Equal", ids, np.int64(_NOTHING)))
    ids = close_up(nodes, ids, kept, _NOTHING)
    blank = _is_one_of(nodes, ids, blanks)
    return (_by_word if words else _in_a_row)(nodes, ids, blank, int(space))


def beyond_characters(characters: Sequence[str], changes: Changes) -> frozenset[str]:
    """Characters that a text may not have."""
    return alphabet([*characters, *_BLANKS], changes).beyond


def _is_one_of(nodes: Nodes, ids: str, values: list[int]) -> str:
    same = nodes("Equal", nodes("Unsqueeze", ids, [2]), np.array(values))
    return nodes("Cast", nodes("ReduceMax", _whole(nodes, same), [2], keepdims=0),
                 to=onnx.TensorProto.BOOL)  # fmt: skip


def _whole(nodes: Nodes, truth: str) -> str:
    return nodes("Cast", truth, to=onnx.TensorProto.INT64)


def _beside(nodes: Nodes, truth: str, *, before: bool) -> str:
    """Whether the neighbour is so: that before, or that behind."""
    whole = _whole(nodes, truth)
    pads = [0, 1, 0, 0] if before else [0, 0, 0, 1]
    padded = nodes("Pad", whole, np.array(pads))
    ends = ([0], [-1]) if before else ([1], [2**62])
    return nodes("Cast", nodes("Slice", padded, *ends, [1]), to=onnx.TensorProto.BOOL)


def _in_a_row(nodes: Nodes, ids: str, blank: str, space: int) -> str:
    """Runs of blanks become one space, a single blank stays what it is."""
    again = nodes("And", blank, _beside(nodes, blank, before=True))
    several = nodes("And", blank, _beside(nodes, blank, before=False))
    ids = nodes("Where", several, np.int64(space), ids)
    return close_up(nodes, ids, nodes("Not", again))


def _by_word(nodes: Nodes, ids: str, blank: str, space: int) -> str:
    """Words, each between two spaces; blanks at the ends are none."""
    inside = nodes("Not", nodes("Or", blank, nodes("Equal", ids, np.int64(_NOTHING))))
    first = nodes("And", inside, nodes("Not", _beside(nodes, inside, before=True)))
    last = nodes("And", inside, nodes("Not", _beside(nodes, inside, before=False)))
    columns = [
        nodes("Where", first, np.int64(space), np.int64(_NOTHING)),
        nodes("Where", inside, ids, np.int64(_NOTHING)),
        nodes("Where", last, np.int64(space), np.int64(_NOTHING)),
    ]
    three = nodes("Concat", *(nodes("Unsqueeze", one, [2]) for one in columns), axis=2)
    flat = nodes("Reshape", three, np.array([0, -1]))
    return close_up(nodes, flat, nodes("Not", nodes("Equal", flat, np.int64(_NOTHING))), _NOTHING)
