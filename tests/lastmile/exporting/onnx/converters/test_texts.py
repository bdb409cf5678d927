"""Vectorizers find the words and characters that scikit-learn finds, in any of Unicode's texts."""

import random

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lastmile.errors import NotExportable, RowsRefused
from lastmile.exporting.evidence import gather_evidence
from lastmile.exporting.onnx import to_onnx

LEARNED = [
    "Ala ma kota, a kot ma Alę!",
    "The quick brown fox jumps over the lazy dog.",
    "Zażółć gęślą jaźń — ŻÓŁW śpi",
    "rain, rain; go away",
    "hello_world 42 3rd co2 CO2",
    "naïve café résumé don't stop",
    "I love it",
]
ODD = [
    "",
    "   ",
    "a",
    "great👍 😀👍rain👍kot",
    "„Cudzysłów” i myślnik – oraz…wielokropek rain…go",
    "e-mail foo.bar@example.com http://x.y/z?q=1",
    "line\nbreak\ttab\u00a0nbsp\u2003rain",
    "STRASSE Straße ẞ İstanbul K Kelvin ǅ",
    "re\u0301sume\u0301 café",
    "日本語のテキスト rain です",
    "rain" * 50 + " wind " * 30,
    "x" * 1500,
    "rain a go, rain é go, rain éé go, rain 😀é😀 go",
    "ĄĆĘŁŃÓŚŹŻ ąćęłńóśźż ŻÓŁW",
    "\x01rain\x01go\x02rain\x03rain",
]


def drawn(count=120):
    """Texts of letters, capitals, blanks, punctuation, accents and emoji, by chance."""
    chance = random.Random(0)
    one = [*"abcdeRAINrain łŁóÓżŻ.,;-_'’😀é\u0301\n\t İKß日", "rain", "go ", " kot "]
    return ["".join(chance.choices(one, k=chance.randint(0, 40))) for _ in range(count)]


WAYS = {
    "words": CountVectorizer(),
    "weighed words": TfidfVectorizer(),
    "pairs of words": CountVectorizer(ngram_range=(1, 2)),
    "sublinear, by the sum": TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True, norm="l1"),
    "words left out": CountVectorizer(ngram_range=(1, 2), stop_words=["ma", "the", "go"]),
    "English words left out": TfidfVectorizer(stop_words="english"),
    "once or not, as written": CountVectorizer(lowercase=False, binary=True),
    "words of one letter": CountVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(2, 2)),
    "words of three letters": CountVectorizer(token_pattern=r"\w{3,}", ngram_range=(1, 2)),
    "neither common nor rare": TfidfVectorizer(max_df=0.5, min_df=2, norm=None, smooth_idf=False),
    "characters": CountVectorizer(analyzer="char", ngram_range=(1, 3)),
    "characters of words": CountVectorizer(analyzer="char_wb", ngram_range=(1, 3)),
    "long runs of characters": TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 5)),
    "characters as written": CountVectorizer(analyzer="char", ngram_range=(2, 2), lowercase=False),
}


@pytest.mark.parametrize("vectorizer", WAYS.values(), ids=WAYS.keys())
def test_a_graph_counts_as_scikit_learn_does(vectorizer):
    learned = [*LEARNED, *LEARNED[:3]]
    graph = to_onnx(vectorizer.fit(learned), pd.DataFrame({"text": learned}))
    asked = [*LEARNED, *ODD, *drawn()]
    got = graph.run(pd.DataFrame({"text": asked}))["value"]
    assert np.abs(got - vectorizer.transform(asked).toarray()).max() < 1e-5


CALLS = ([""], ["", ""], [" "], ["?"], ["", "rain"], ["rain"])
"""Texts of one call; in most of them none has a word."""


@pytest.mark.parametrize("vectorizer", WAYS.values(), ids=WAYS.keys())
def test_a_call_in_which_no_text_has_a_word_is_answered(vectorizer):
    """A phone asks one row, and the empty text is how it writes a missing one."""
    learned = [*LEARNED, *LEARNED[:3]]
    graph = to_onnx(vectorizer.fit(learned), pd.DataFrame({"text": learned}))
    for texts in CALLS:
        answers = graph.run(pd.DataFrame({"text": texts}))["value"]
        expected = vectorizer.transform(texts).toarray()
        assert np.allclose(answers, expected, atol=1e-6), texts


@pytest.mark.parametrize("way", ["unicode", "ascii"])
def test_accents_are_stripped_as_by_unicode(way):
    learned = ["resume cafe zolw zazolc kot", "rain go"]
    vectorizer = CountVectorizer(strip_accents=way, ngram_range=(1, 2)).fit(learned)
    graph = to_onnx(vectorizer, pd.DataFrame({"text": learned}))
    asked = ["Résumé CAFÉ, żółw; ZAŻÓŁĆ 👍Kót", "re\u0301sume\u0301 ca\u0301fe", "rain 😀\u0301go"]
    got = graph.run(pd.DataFrame({"text": asked}))["value"]
    assert np.abs(got - vectorizer.transform(asked).toarray()).max() == 0
    with pytest.raises(RowsRefused):  # a fullwidth letter becomes one as well; better no answer
        graph.run(pd.DataFrame({"text": ["\uff52ain"]}))


def test_a_pipeline_of_texts_alone_and_beside_numbers_agrees(agrees):
    chance = np.random.default_rng(0)
    words = ["rain", "Słońce", "mgła", "go", "wind!", "no"]
    rows = pd.DataFrame({"note": [" ".join(chance.choice(words, 4)) for _ in range(120)],
                         "size": chance.normal(size=120).astype(np.float32)})  # fmt: skip
    labels = rows["note"].str.contains("rain").to_numpy().astype(int)
    alone = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(rows["note"], labels)
    agrees(alone, rows[["note"]])
    columns = make_column_transformer(
        (TfidfVectorizer(ngram_range=(1, 2)), "note"), (StandardScaler(), ["size"])
    )
    agrees(make_pipeline(columns, LogisticRegression()).fit(rows, labels), rows)


def test_the_evidence_asks_the_empty_text_and_the_column_may_be_missing(agrees):
    chance = np.random.default_rng(0)
    rows = pd.DataFrame({"note": chance.choice(LEARNED, 80), "age": chance.normal(size=80)})
    columns = make_column_transformer((TfidfVectorizer(), "note"), (StandardScaler(), ["age"]))
    model = make_pipeline(columns, LogisticRegression()).fit(rows, (rows["age"] > 0).astype(int))
    graph = agrees(model, rows)
    evidence = gather_evidence(model, graph.signature, graph, None, rows)
    asked = {entry.name: entry.rows for entry in evidence.asked}
    assert asked["`note` empty"] > 0
    assert asked["`note` missing"] > 0
    assert {c.name: c.missing for c in graph.signature.columns} == {"note": "", "age": None}


def test_counts_can_be_weighed_apart(agrees):
    rows = pd.DataFrame(np.random.default_rng(0).integers(0, 4, (60, 5)), columns=list("abcde"))
    agrees(TfidfTransformer(sublinear_tf=True, norm=None).fit(rows), rows.astype(float))


def test_no_locale_and_no_domain_of_a_vendor_is_needed():
    vectorizer = TfidfVectorizer().fit(LEARNED)
    proto = to_onnx(vectorizer, pd.DataFrame({"text": LEARNED})).proto
    shown = onnx.printer.to_text(proto)
    assert "StringNormalizer" not in shown
    assert {one.domain for one in proto.opset_import} <= {"", "ai.onnx.ml"}


REFUSED = {
    "hashes": (HashingVectorizer(n_features=8), "hash"),
    "a tokenizer of one's own": (CountVectorizer(tokenizer=str.split, token_pattern=None), "own"),
    "an analyzer of one's own": (CountVectorizer(analyzer=str.split), "own"),
    "another pattern": (CountVectorizer(token_pattern=r"[a-z]+"), "cannot be found"),
    "Greek": (CountVectorizer(vocabulary=["λογος", "λόγος"]), "sigma"),
}


@pytest.mark.parametrize(("vectorizer", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_exact_is_refused_with_its_reason(vectorizer, reason):
    learned = [*LEARNED, "λόγος"]
    with pytest.raises(NotExportable, match=reason):
        to_onnx(vectorizer.fit(learned), pd.DataFrame({"text": learned}))
