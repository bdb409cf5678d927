"""Words and characters of texts, counted and weighed."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.letters import beyond_characters, character_ids
from lastmile.exporting.onnx.converters.spelling import MARK, OTHER, SOME, Changes, demanded
from lastmile.exporting.onnx.converters.words import Words, beyond_words, word_ids
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind

_PATTERN = re.compile(r"(?:\(\?u\))?(?:\\b)?((?:\\w)+\+|\\w\{(\d),\})(?:\\b)?")


@converts("CountVectorizer")
def counts(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """How often each term of the vocabulary stands in the text."""
    return _features(_counted(writer, estimator, parts), len(estimator.vocabulary_))


@converts("TfidfVectorizer")
def weighed_counts(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The same, weighed."""
    found = _counted(writer, estimator, parts)
    made = weighed(writer, estimator._tfidf, found)
    return _features(made, len(estimator.vocabulary_))


@converts("TfidfTransformer")
def weights(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """Counts, weighed."""
    return _features(weighed(writer, estimator, writer.matrix(parts)), width_of(parts))


def _features(name: str, width: int) -> Answer:
    return Answer(features=(Part(name, Kind.FLOAT, width),))


def weighed(writer: Writer, estimator: Any, found: str) -> str:
    """Counts [N, V] by their logarithm, by how rare a term is, and by the length of the row.

    Source: `TfidfTransformer.transform`.
    """
    if estimator.sublinear_tf:
        some = writer("Not", writer("Equal", found, np.float32(0)))
        safe = writer("Where", some, found, np.float32(1))
        logs = writer("Add", writer("Log", safe), np.float32(1))
        found = writer("Where", some, logs, np.float32(0))
    if estimator.use_idf:
        found = writer("Mul", found, np.asarray(estimator.idf_)[None, :])
    if estimator.norm is not None:
        found = writer.ml("Normalizer", found, norm=estimator.norm.upper())
    return found


def _counted(writer: Writer, estimator: Any, parts: Parts) -> str:
    """[N, V] f32."""
    if width_of(parts) != 1 or parts[0].kind is not Kind.STRING:
        raise writer.refusal("it reads one column of texts")
    _demand_known(writer, estimator)
    text = writer("Reshape", parts[0].name, np.array([-1]))
    changes = Changes(lowercase=estimator.lowercase, accents=estimator.strip_accents)
    if estimator.analyzer == "word":
        terms = {term: tuple(term.split(" ")) for term in estimator.vocabulary_}
        stop = frozenset(estimator.get_stop_words() or ())
        known = Words(
            words=tuple(dict.fromkeys(word for words in terms.values() for word in words)),
            stop=stop,
            least=_least(writer, estimator.token_pattern),
        )
        ids = word_ids(writer, text, known, changes, in_a_row=estimator.ngram_range[1] > 1)
        numbers = {word: number for number, word in enumerate(known.words)}
        beyond = beyond_words(known, changes)
    else:
        terms = {term: tuple(term) for term in estimator.vocabulary_}
        characters = tuple(dict.fromkeys(one for term in terms.values() for one in term))
        within = estimator.analyzer == "char_wb"
        ids = character_ids(writer, text, characters, changes, words=within)
        numbers = {one: number for number, one in enumerate(characters)}
        beyond = beyond_characters(characters, changes)
    found = _grams(writer, ids, estimator.vocabulary_, terms, numbers)
    if beyond:
        found = writer("Add", found, demanded(writer, text, beyond))
    if estimator.binary:
        some = writer("Greater", found, np.float32(0))
        found = writer("Cast", some, to=onnx.TensorProto.FLOAT)
    return found


def _grams(
    writer: Writer,
    ids: str,
    vocabulary: Mapping[str, int],
    terms: Mapping[str, tuple[str, ...]],
    numbers: Mapping[str, int],
) -> str:
    """How often each term's numbers stand one after the other in ids [N, K] i64: [N, V] f32."""
    ordered = sorted(terms, key=lambda term: len(terms[term]))
    longest = len(terms[ordered[-1]])
    sizes = np.array([len(terms[term]) for term in ordered])
    pool = [numbers[one] for term in ordered for one in terms[term]]
    starts = [int(sizes[sizes < size].sum()) for size in range(1, longest + 1)]
    return writer(
        "TfIdfVectorizer",
        ids,
        mode="TF",
        min_gram_length=int(sizes[0]),
        max_gram_length=longest,
        max_skip_count=0,
        ngram_counts=starts,
        ngram_indexes=[int(vocabulary[term]) for term in ordered],
        pool_int64s=pool,
    )


def _demand_known(writer: Writer, estimator: Any) -> None:
    own = ("preprocessor", "tokenizer") if estimator.analyzer == "word" else ("preprocessor",)
    for name in own:
        if getattr(estimator, name, None) is not None:
            raise writer.refusal(f"its {name} is a function of your own", f"leave {name} out")
    if callable(estimator.analyzer):
        raise writer.refusal("its analyzer is a function of your own", "use analyzer='word'")
    if callable(estimator.strip_accents):
        raise writer.refusal("it strips accents by a function of your own", "leave it out")
    letters = {one for term in estimator.vocabulary_ for one in term}
    if letters & {MARK, OTHER, SOME}:
        raise writer.refusal(
            "its vocabulary has control characters", "take U+0001 to U+0003 out of the texts before"
        )
    if estimator.lowercase and letters & set("σς"):
        raise writer.refusal(
            "a Greek capital sigma becomes one of two letters, by what stands behind it",
            "lower the texts before, and set lowercase=False",
        )


def _least(writer: Writer, pattern: str) -> int:
    """How many letters a word has at least."""
    found = _PATTERN.fullmatch(pattern)
    if not found:
        raise writer.refusal(
            f"words that look like {pattern} cannot be found", r"use token_pattern=r'\b\w\w+\b'"
        )
    return int(found[2]) if found[2] else found[1].count(r"\w")
