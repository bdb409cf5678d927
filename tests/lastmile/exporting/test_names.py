"""Columns of any name reach ONNX and Core ML, and the signature tells by which identifier."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.signature import Signature

NAMES = {
    "spaces": (["max temp", " min  temp ", "wind\tspeed", "a\nb"],
               ["max_temp", "min_temp", "wind_speed", "a_b"]),
    "accents": (["température", "Größe", "naïve", "Ångström"],
                ["temperature", "Grosse", "naive", "Angstrom"]),
    "Polish letters": (["zażółć", "gęślą", "Łódź", "NIŻ ĆMY"],
                       ["zazolc", "gesla", "Lodz", "NIZ_CMY"]),
    "duplicates after cleaning": (["a b", "a-b", "A_b", "ą b"],
                                  ["a_b", "a_b_2", "A_b_3", "a_b_4"]),
    "a name that a duplicate would get": (["a b", "a_b_2", "a-b", "a.b"],
                                          ["a_b", "a_b_2", "a_b_3", "a_b_4"]),
    "names that differ by nothing but composition": (["é", "e\u0301", "è", "e"],
                                                     ["e", "e_2", "e_3", "e_4"]),
    "letters of other scripts": (["湿度", "температура", "🌧", "θ"],
                                 ["column", "column_2", "column_3", "column_4"]),
    "names of outputs": (["label", "probabilities", "score", "value"],
                         ["label_", "probabilities_", "score_", "value_"]),
    "keywords": (["class", "import", "val", "func"], ["class_", "import_", "val_", "func_"]),
    "signs and digits": (["2nd", "50%", "a/b*c", "#"],
                         ["_2nd", "_50_percent", "a_b_c", "column"]),
}  # fmt: skip


def rows_of(names):
    """Numbers with gaps, whole numbers, texts with gaps, truth values; each tells something."""
    rng = np.random.default_rng(0)
    size = rng.normal(size=120)
    return pd.DataFrame(
        dict(
            zip(
                names,
                (
                    np.where(size > 1.5, np.nan, size),
                    rng.integers(0, 9, 120),
                    pd.Series(rng.choice(["ą", "b", None], 120), dtype=object),
                    rng.integers(0, 2, 120).astype(bool),
                ),
                strict=True,
            )
        )
    )


def fitted_with(rows):
    number, whole, text, truth = rows.columns
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), [number]),
        (OneHotEncoder(), [text]),
        (StandardScaler(), [whole]),
        ("passthrough", [truth]),
    )
    filled = rows[number].fillna(0) + rows[whole] / 3 + 2 * rows[truth]
    says = filled - 1.5 * (rows[text] == "b") > filled.mean()
    return make_pipeline(columns, LogisticRegression()).fit(rows, says.astype(int))


@pytest.mark.parametrize("case", NAMES)
def test_both_targets_answer_columns_called_by(case):
    names, identifiers = NAMES[case]
    rows = rows_of(names)
    estimator = fitted_with(rows)
    graph = to_onnx(estimator, rows)
    package = to_coreml(graph, name="m")
    again = Signature.from_dict(json.loads(json.dumps(graph.signature.to_dict())))

    assert {c.name: c.identifier for c in again.columns} == dict(
        zip(names, identifiers, strict=True)
    )
    assert [one.name for one in graph.proto.graph.input] == identifiers
    assert [one.name for one in package.spec.description.input] == identifiers
    for form in (graph, package):
        answers = form.run(rows[names[::-1]])
        assert answers["label"].tolist() == estimator.predict(rows).tolist()
        assert np.allclose(answers["probabilities"], estimator.predict_proba(rows), atol=1e-6)


def test_a_column_may_be_called_as_a_value_inside_the_graph():
    plain = rows_of(["a", "b", "c", "d"])
    graph = to_onnx(fitted_with(plain), plain)
    inside = [
        name
        for name in (output for node in graph.proto.graph.node for output in node.output)
        if name.isidentifier() and graph.signature.output(name) is None
    ]
    rows = rows_of([*inside, *(tensor.name for tensor in graph.proto.graph.initializer)][:4])
    estimator = fitted_with(rows)
    again = to_onnx(estimator, rows)
    assert {c.name for c in again.signature.columns if c.name == c.identifier} == set(rows.columns)
    answers = again.run(rows)
    assert np.allclose(answers["probabilities"], estimator.predict_proba(rows), atol=1e-6)
