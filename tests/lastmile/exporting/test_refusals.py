"""What the estimator itself refuses: required columns, and columns closed to known values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from lastmile.exporting.signature import Kind, Signature, read_signature


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Texts, decimals, ids with gaps, whole numbers, none of them missing but the ids."""
    rng = np.random.default_rng(0)
    ids = pd.array(500_000_001 + rng.integers(0, 5, 200), dtype="Int64")
    ids[::9] = pd.NA
    return pd.DataFrame(
        {
            "city": rng.choice(["a", "b", "c"], 200),
            "size": rng.choice([36.1, 37.3], 200),
            "store": ids,
            "age": rng.normal(size=200),
            "rooms": rng.integers(1, 5, 200),
        }
    )


def columns_of(rows, *transformers, model=None):
    wanted = (rows["age"] > 0).astype(int)
    made = make_pipeline(
        make_column_transformer(*transformers), LogisticRegression() if model is None else model
    )
    return {c.name: c for c in read_signature(made.fit(rows, wanted), rows).columns}


@pytest.mark.parametrize(
    ("transformer", "model", "missing"),
    [
        pytest.param(StandardScaler(), LogisticRegression(), None, id="scaled line"),
        pytest.param(StandardScaler(), KNeighborsClassifier(), None, id="neighbours"),
        pytest.param(SimpleImputer(), LogisticRegression(), "NaN", id="imputed"),
        pytest.param("passthrough", RandomForestClassifier(3), "NaN", id="forest"),
        pytest.param("passthrough", HistGradientBoostingClassifier(max_iter=2), "NaN", id="hist"),
    ],
)
def test_a_number_is_required_where_scikit_learn_refuses_it_missing(
    rows, transformer, model, missing
):
    assert columns_of(rows, (transformer, ["age"]), model=model)["age"].missing == missing


@pytest.mark.parametrize(
    ("encoder", "missing", "closed"),
    [
        pytest.param(OneHotEncoder(), None, True, id="one-hot"),
        pytest.param(OneHotEncoder(handle_unknown="ignore"), "", False, id="ignored"),
        pytest.param(OrdinalEncoder(), None, True, id="ordinal"),
        pytest.param(TargetEncoder(), "", False, id="target"),
        pytest.param(
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
            "",
            True,
            id="imputed, then one-hot",
        ),
    ],
)
def test_a_text_is_closed_where_scikit_learn_refuses_others(rows, encoder, missing, closed):
    column = columns_of(rows, (encoder, ["city"]), ("passthrough", ["age"]))["city"]
    assert (column.missing, column.closed) == (missing, closed)
    assert column.known == ("a", "b", "c")


def test_decimals_are_known_categories_and_can_be_closed(rows):
    column = columns_of(rows, (OneHotEncoder(), ["size"]), ("passthrough", ["age"]))["size"]
    assert (column.kind, column.known, column.closed) == (Kind.FLOAT, (36.1, 37.3), True)


def test_words_take_the_empty_text_for_a_missing_one(rows):
    column = columns_of(rows, (CountVectorizer(token_pattern=r"\w+"), "city"))["city"]
    assert (column.missing, column.closed) == ("", False)


def test_only_the_columns_that_are_refused_are_required(rows):
    columns = columns_of(
        rows.assign(height=rows["age"] * 2, depth=rows["age"] * 3),
        (StandardScaler(), ["age"]),
        (SimpleImputer(), ["height", "depth"]),
    )
    assert {name: c.missing for name, c in columns.items()} == {
        "age": None, "height": "NaN", "depth": "NaN",
    }  # fmt: skip


def test_ids_with_gaps_are_whole_numbers_with_a_marker_for_a_missing_one(rows):
    column = columns_of(rows, (OneHotEncoder(handle_unknown="ignore"), ["store"]))["store"]
    assert (column.kind, column.missing) == (Kind.INT, -1)


def test_the_marker_is_no_id_of_the_column(rows):
    signed = rows.assign(store=rows["store"] - 500_000_002 + 2**25 * (rows["store"] % 2))
    column = columns_of(signed, (OneHotEncoder(handle_unknown="ignore"), ["store"]))["store"]
    if column.kind is Kind.INT:
        assert column.missing not in set(signed["store"].dropna())


def test_ids_that_are_also_measured_stay_numbers(rows):
    ids = rows[["store", "age"]]
    columns = columns_of(
        ids,
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["store"]),
        (SimpleImputer(), ["store", "age"]),
    )
    assert columns["store"].kind is Kind.FLOAT


def test_small_codes_with_gaps_stay_numbers(rows):
    codes = rows.assign(store=rows["store"] - 500_000_000)
    column = columns_of(codes, (OneHotEncoder(handle_unknown="ignore"), ["store"]))["store"]
    assert (column.kind, column.missing) == (Kind.FLOAT, "NaN")


def test_a_signature_of_the_first_form_says_what_it_said(rows):
    """Form 1 called every number and every text one that may be missing."""
    old = {
        "format": 1,
        "task": "regress",
        "columns": [
            {"name": "age", "identifier": "age", "kind": "float", "help": "", "unit": "",
             "known": []},
            {"name": "city", "identifier": "city", "kind": "string", "help": "", "unit": "",
             "known": ["a", "b"]},
            {"name": "rooms", "identifier": "rooms", "kind": "int64", "help": "", "unit": "",
             "known": []},
        ],
        "outputs": [{"name": "value", "kind": "float", "width": 1, "classes": [], "columns": []}],
        "notes": {},
    }  # fmt: skip
    columns = Signature.from_dict(old).columns
    assert [(c.missing, c.closed) for c in columns] == [("NaN", False), ("", False), (None, False)]
