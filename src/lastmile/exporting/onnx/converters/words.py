"""The words of a text as numbers.

A text is spelled; runs of characters that no known word has are looked at by regular expressions
and written down as what matters about them: how a word that reaches into them goes on, and whether
there is a word inside. So every character of Unicode is where Python sees it: inside a word or not.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import onnx

from lastmile.exporting.onnx.branches import joined_texts
from lastmile.exporting.onnx.converters.spelling import (
    SOME,
    Changes,
    alphabet,
    changed,
    every,
    holds,
    ranges,
    spelled,
    vanishing,
)
from lastmile.exporting.onnx.nodes import Nodes

DROPPED, UNKNOWN = -2, -1


@dataclass(frozen=True, slots=True)
class Words:
    """Known words, words that are left out, and the least number of letters of a word."""

    words: tuple[str, ...]
    stop: frozenset[str]
    least: int


def is_word(character: str) -> bool:
    r"""Whether Python's `\\w` holds a character."""
    return character.isalnum() or character == "_"


@lru_cache(maxsize=8)
def _kinds(changes: Changes) -> tuple[str, str, frozenset[str]]:
    """RE2's classes of what becomes letters and of what vanishes, and what becomes both."""
    gone, becomes = vanishing(changes), changed(changes)
    letters, both = [], []
    for one in every():
        inside = set(map(is_word, becomes.get(one, one)))
        if len(inside) > 1:
            both.append(one)
        elif inside == {True}:
            letters.append(one)
    return ranges(letters), ranges(gone), frozenset(both)


def word_ids(nodes: Nodes, text: str, known: Words, changes: Changes, *, in_a_row: bool) -> str:
    """Numbers [N, K] i64 of the words of texts [N]: their place in `known.words`, or -1.

    in_a_row: whether it matters which words are neighbours; else others may stand between.
    """
    letters = {one for word in (*known.words, *known.stop) for one in word if is_word(one)}
    looked_for = alphabet(letters, changes)
    found = looked_for.found
    cells = spelled(nodes, text, looked_for)
    after = {one for made in found.values() for one in made} | set(found)
    kept = {one: one if is_word(one) else " " for one in sorted(after)}
    mapped = nodes.ml(
        "LabelEncoder",
        cells,
        keys_strings=["", *kept],
        values_strings=["", *kept.values()],
        default_string=SOME,
    )
    unknown = nodes("Equal", mapped, np.array(SOME, dtype=object))
    outline = _outline(nodes, cells, changes, known.least)
    whole = joined_texts(nodes, nodes("Where", unknown, outline, mapped))
    # Each text gets one more word, that nobody knows: a call whose texts have none would otherwise
    # split into no columns at all, which the operators behind do not take.
    ended = nodes("StringConcat", whole, np.array(f" {SOME * known.least}", dtype=object))
    tokens, _ = nodes.several("StringSplit", ended, outputs=2)
    stop = sorted(known.stop)
    ids = nodes.ml(
        "LabelEncoder",
        tokens,
        keys_strings=[*known.words, "", *stop],
        values_floats=[*map(float, range(len(known.words))), *([float(DROPPED)] * (1 + len(stop)))],
        default_float=float(UNKNOWN),
    )
    numbers = nodes("Cast", ids, to=onnx.TensorProto.INT64)
    if not in_a_row:
        return numbers
    short = nodes("Not", holds(nodes, tokens, f".{{{known.least},}}"))
    gone = nodes("Or", short, nodes("Equal", numbers, np.int64(DROPPED)))
    return close_up(nodes, numbers, nodes("Not", gone))


def beyond_words(known: Words, changes: Changes) -> frozenset[str]:
    """Characters that a text may not have, as they would become several."""
    letters = {one for word in (*known.words, *known.stop) for one in word if is_word(one)}
    looked_for = alphabet(letters, changes)
    return (looked_for.beyond | _kinds(changes)[2]) - set(looked_for.found)


def _outline(nodes: Nodes, cells: str, changes: Changes, least: int) -> str:
    """What matters about runs of unknown characters, as a text."""
    inside, gone, _ = _kinds(changes)
    skip = f"[{gone}]*" if gone else ""
    letter, other = f"(?:[{inside}]{skip})", f"[^{inside}{gone}]"

    def told(pattern: str, yes: str) -> str:
        texts = (np.array(text, dtype=object) for text in (yes, ""))
        return nodes("Where", holds(nodes, cells, pattern), *map(nodes.constant, texts))

    made = told(f"{skip}{letter}.*", SOME)
    for count in range(2, least + 1):
        made = nodes("StringConcat", made, told(f"{skip}{letter}{{{count}}}.*", SOME))
    inner = f".*{other}{skip}{letter}{{{least},}}{other}.*"
    made = nodes("StringConcat", made, told(f".*{other}.*", " "))
    made = nodes("StringConcat", made, told(inner, f"{SOME * least} "))
    for count in range(1, least + 1):
        made = nodes("StringConcat", made, told(f".*{other}.*{letter}{{{count}}}", SOME))
    return made


def close_up(nodes: Nodes, ids: str, keep: str, behind: int = UNKNOWN) -> str:
    """The ids [N, K] that are kept, without gaps, and `behind` after them: [N, K + 1]."""
    count = nodes("Cast", keep, to=onnx.TensorProto.INT64)
    place = nodes("Sub", nodes("CumSum", count, np.int64(1)), np.int64(1))
    last = nodes("Shape", ids, start=1, end=2)
    place = nodes("Where", keep, place, last)
    shape = nodes("Add", nodes("Shape", ids), np.array([0, 1]))
    empty = nodes("Expand", np.int64(behind), shape)
    given = nodes("Where", keep, ids, np.int64(behind))
    return nodes("ScatterElements", empty, place, given, axis=1)
