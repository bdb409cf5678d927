"""Texts taken apart into their letters, with standard operators only and without any locale.

ONNX has no operator that cuts a text into characters, and its lower-casing depends on a locale that
a phone may not have. But a text can be split at any one character, and joined again with that
character, or what becomes of it, between two marks. Done for each character that the vocabulary
needs, the marks then cut the text into these characters and the runs of all others, whichever of
Unicode's they are.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import onnx

from lastmile.exporting.onnx.branches import either, joined_texts
from lastmile.exporting.onnx.nodes import Nodes

MARK, OTHER, SOME = "\x01", "\x02", "\x03"
"""Between characters; what the first becomes where a text has it; a letter that no word has."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a vectorizer does to each character before it looks for words."""

    lowercase: bool
    accents: str | None

    def of(self, character: str) -> str:
        """What becomes of one character."""
        made = character.lower() if self.lowercase else character
        if self.accents is None or made.isascii():
            return made
        parts = made if _is_one_part(made) else unicodedata.normalize("NFKD", made)
        if self.accents == "ascii":
            return parts.encode("ascii", "ignore").decode()
        return "".join(part for part in parts if not unicodedata.combining(part))


def every() -> Iterator[str]:
    """All characters of Unicode."""
    return (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)


@lru_cache(maxsize=8)
def vanishing(changes: Changes) -> frozenset[str]:
    """The characters of which nothing is left: accents on their own."""
    return frozenset(one for one, made in changed(changes).items() if not made)


def _is_one_part(made: str) -> bool:
    """Whether nothing of it has parts; syllables of Korean have some, by arithmetic."""
    return not any(unicodedata.decomposition(one) or "\uac00" <= one <= "\ud7a3" for one in made)


@lru_cache(maxsize=8)
def changed(changes: Changes) -> dict[str, str]:
    """Every character of Unicode that becomes something else."""
    pairs = ((character, changes.of(character)) for character in every())
    return {character: made for character, made in pairs if made != character}


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters that are found in texts, with what each becomes; those that change first.

    beyond: characters that would matter as well and are not looked for; a text with one of them is
    refused when the graph runs.
    """

    found: dict[str, str]
    beyond: frozenset[str]


def alphabet(letters: Iterable[str], changes: Changes) -> Alphabet:
    """The characters that have to be found for a vocabulary of `letters`.

    Where accents are stripped thousands of characters become letters: fractions, letters in
    circles, those of mathematics. Only Latin ones are looked for.
    """
    wanted = set(letters)
    others = {one: made for one, made in changed(changes).items() if wanted & set(made)}
    near = {one: made for one, made in others.items() if not changes.accents or _is_latin(one)}
    same = {letter: letter for letter in sorted(wanted) if letter not in others}
    return Alphabet(near | same, frozenset(others) - frozenset(near))


def _is_latin(character: str) -> bool:
    return ord(character) < 0x250 or 0x1E00 <= ord(character) < 0x1F00


def spelled(nodes: Nodes, text: str, letters: Alphabet) -> str:
    """The characters of texts [N] and the runs of all others between them: [N, K], some empty."""
    text = replaced(nodes, text, MARK, OTHER)
    rare = {one: made for one, made in letters.found.items() if one != made and not one.isascii()}
    if len(rare) > _FEW:
        text = _if_any(nodes, text, rare)
    for letter, made in letters.found.items():
        if len(rare) <= _FEW or letter not in rare:
            text = replaced(nodes, text, letter, _marked(made))
    # A text of no characters would be split into no cells at all, and so lose its row.
    ended = nodes("StringConcat", text, np.array(MARK, dtype=object))
    cells, _ = nodes.several("StringSplit", ended, outputs=2, delimiter=MARK)
    return cells


_FEW = 60
"""More characters with accents than these are looked for only where a text has one."""


def _marked(made: str) -> str:
    return "".join(f"{MARK}{one}{MARK}" for one in made)


def _if_any(nodes: Nodes, text: str, rare: dict[str, str]) -> str:
    def then(inner: Nodes) -> str:
        made = text
        for letter, becomes in rare.items():
            made = replaced(inner, made, letter, _marked(becomes))
        return made

    some = holds(nodes, text, f".*[{ranges(rare)}].*")
    count = nodes("ReduceSum", nodes("Cast", some, to=onnx.TensorProto.INT64), keepdims=0)
    return either(nodes, nodes("Greater", count, np.int64(0)), then, lambda _: text)


def holds(nodes: Nodes, texts: str, pattern: str) -> str:
    """Whether each whole text is as the regular expression of RE2 says; `.` is any character."""
    return nodes("RegexFullMatch", texts, pattern=f"(?s){pattern}")


def demanded(nodes: Nodes, text: str, beyond: frozenset[str]) -> str:
    """Zeros [N, 1] f32; the runtime refuses a text that has one of the characters `beyond`."""
    bad = holds(nodes, text, f".*[{ranges(beyond)}].*")
    words = (np.array(value, dtype=object) for value in (_REFUSED, "0"))
    said = nodes("Where", bad, *(nodes.constant(value) for value in words))
    zeros = nodes("Cast", said, to=onnx.TensorProto.FLOAT)
    return nodes("Reshape", zeros, np.array([-1, 1]))


_REFUSED = "a text holds a character whose accents cannot be stripped here"


def replaced(nodes: Nodes, text: str, old: str, new: str) -> str:
    """Texts [N] with `new` in place of the character `old`."""
    pieces, count = nodes.several("StringSplit", text, outputs=2, delimiter=old)
    several = nodes("Greater", nodes("Shape", pieces, start=1, end=2), [1])

    def then(inner: Nodes) -> str:
        width = inner("Squeeze", inner("Shape", pieces, start=1, end=2))
        place = inner("Range", np.int64(0), width, np.int64(1))
        within = inner("Less", place, inner("Unsqueeze", count, [1]))
        between = inner("And", within, inner("Greater", place, np.int64(0)))
        words = (np.array(value, dtype=object) for value in (new, ""))
        before = inner("Where", between, *(inner.constant(value) for value in words))
        return joined_texts(inner, inner("StringConcat", before, pieces))

    return either(nodes, nodes("Squeeze", several, [0]), then, lambda _: text)


def ranges(characters: Iterable[str]) -> str:
    """The inside of a class of RE2 that holds exactly these characters."""
    codes = np.array(sorted(map(ord, characters)))
    if not len(codes):
        return ""
    breaks = np.flatnonzero(np.diff(codes) > 1)
    firsts = codes[np.concatenate([[0], breaks + 1])]
    lasts = codes[np.concatenate([breaks, [len(codes) - 1]])]
    return "".join(
        f"\\x{{{first:X}}}-\\x{{{last:X}}}" for first, last in zip(firsts, lasts, strict=True)
    )
