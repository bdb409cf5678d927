"""Each open question is raised by some model, and put by some row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from tests.witness.zoo import ZOO

from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.coreml.schema import new_model
from lastmile.exporting.coreml.unknowns import QUESTIONS, questions_of, unknowns_of
from lastmile.exporting.coreml.unknowns.rows import every
from lastmile.exporting.onnx import to_onnx

RAISED = {
    "missing-number": "imputer",
    "missing-number-in-trees": "tree regressor of columns",
    "missing-category": "imputer that puts in NaN",
    "several-sums": "tree regressor of columns",
    "empty-text": "one-hot",
    "equal-classes": "tree classifier",
    "sum-of-trees": "tree regressor",
    "zero-norm": "normalizer",
    "large-whole-number": "vectorizer",
    "last-digit": "linear classifier",
    "support-vector-label": "support vector classifier with probabilities",
    "equal-neighbours": "nearest neighbours",
}
OF_PROGRAMS = {
    "missing-number-in-program", "float32-array", "processor", "small-weights", "equal-in-program",
    "order-of-sums",
}  # fmt: skip

FRAME = pd.DataFrame(
    {
        "a": [1.0, np.nan, 0.0, 2.0, 3e7, 1.0],
        "n": [1, 1, 0, 1, 2, 1],
        "k": ["x", "y", "x", "", "x", None],
    }
)
SHARES = np.array([[0.9, 0.1], [0.5, 0.5], [0.50001, 0.49999], [0.2, 0.8], [0.7, 0.3], [1.0, 0.0]])
PUT = {
    "missing-number": [1],
    "missing-number-in-trees": [1],
    "missing-number-in-program": [1],
    "missing-category": [3, 5],
    "empty-text": [3, 5],
    "equal-classes": [1],
    "sum-of-trees": [1, 2],
    "zero-norm": [2],
    "large-whole-number": [4],
    "last-digit": [1, 2],
    "equal-in-program": [1],
    "order-of-sums": [1, 2],
    "support-vector-label": [1, 2],
}


def names(model):
    return {one.name for one in questions_of(model)}


@pytest.mark.parametrize("name", RAISED)
def test_a_model_that_depends_on_a_question_raises_it(name):
    assert name in names(ZOO[RAISED[name]]()[0])
    assert name not in names(ZOO["scaler"]()[0])


def test_programs_raise_their_own(graph_of):
    model = to_coreml(graph_of("value = Sin(raw)"), name="m").spec
    assert names(model) == {"missing-number-in-program", "float32-array", "processor"}
    assert "last-digit" in names(to_coreml(graph_of("value = Exp(raw)"), name="m").spec)


@pytest.mark.parametrize(
    ("estimator", "question"),
    [(KMeans(3, random_state=0, n_init=1), "equal-in-program"), (PCA(2), "order-of-sums")],
)
def test_clusters_and_products_ask_what_ties_and_sums_depend_on(people, estimator, question):
    numbers = people[["miss", "code"]].fillna(0.0)
    graph = to_onnx(estimator.fit(numbers), numbers)
    (one,) = (one for one in questions_of(to_coreml(graph, name="m").spec) if one.name == question)

    labelled = {"label": np.zeros(len(FRAME))}
    assert one.puts(FRAME, labelled).all() == (question == "equal-in-program")


def test_numbers_of_16_bits_are_asked_about():
    model = new_model(7)
    block = model.mlProgram.functions["main"].block_specializations["CoreML6"]
    block.operations.add(type="cast").outputs.add(name="y").type.tensorType.dataType = 10
    assert "small-weights" in names(model)


def test_every_question_is_raised_once():
    assert RAISED.keys() | OF_PROGRAMS == {one.name for one in QUESTIONS}
    assert len({one.question for one in QUESTIONS}) == len(QUESTIONS)
    assert unknowns_of(ZOO["imputer"]()[0]) == (QUESTIONS[0].question,)


@pytest.mark.parametrize("one", QUESTIONS, ids=lambda one: one.name)
def test_rows_put_a_question_or_every_row_does(one):
    put = np.flatnonzero(one.puts(FRAME, {"probabilities": SHARES})).tolist()
    assert put == PUT.get(one.name, list(range(len(FRAME))))
    assert (one.puts is every) == (one.name not in PUT)
    assert one.puts(FRAME[["k"]], {"value": np.zeros((6, 1))}).shape == (6,)
