"""Imputers of texts look for what scikit-learn looks for, in every way to write a missing text."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx

HOT = OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def drawn(*texts, dtype=object, seed=0):
    """200 rows of one of the texts, and a number that has little to do with it."""
    rng = np.random.default_rng(seed)
    chosen = pd.Series(list(texts), dtype=object).iloc[rng.integers(0, len(texts), 200)]
    frame = pd.DataFrame({"city": chosen.reset_index(drop=True).astype(dtype)})
    return frame.assign(size=rng.normal(size=200).astype(np.float32).astype(float))


def told(rows):
    """What a row is: something that depends on its text, the missing one too."""
    codes = rows["city"].astype(object).map(lambda text: len(str(text)) * ord(str(text)[:1] or "_"))
    return (codes % 3 + rows["size"] > 1).astype(int)


def imputing(imputer, *steps):
    """The text filled in and encoded beside the number, before a linear classifier."""
    text = make_pipeline(imputer, *(steps or (HOT,)))
    columns = make_column_transformer((text, ["city"]), ("passthrough", ["size"]))
    return make_pipeline(columns, LogisticRegression(C=50))


def frequent(missing=np.nan, **more):
    return SimpleImputer(missing_values=missing, strategy="most_frequent", **more)


def constant(missing=np.nan, fill="gone", **more):
    return SimpleImputer(missing_values=missing, strategy="constant", fill_value=fill, **more)


WRITTEN = {
    "pandas' own texts": (("a", "b", np.nan), "str", np.nan),
    "objects, NaN": (("a", "b", np.nan), object, np.nan),
    "objects, None": (("a", "b", None), object, None),
    "objects, None that is not looked for": (("a", "b", None), object, np.nan),
    "objects, either": (("a", "b", None), object, pd.NA),
    "categories": (("a", "b", np.nan), "category", np.nan),
    "nullable texts": (("a", "b", pd.NA), "string", pd.NA),
    "a question mark": (("a", "b", "?"), object, "?"),
    "a question mark beside empty texts": (("a", "", "?"), object, "?"),
    "the empty text": (("a", "b", ""), object, ""),
    "nothing, in this sample": (("a", "b"), object, np.nan),
    "nothing where None is looked for": (("a", "b"), object, None),
    "nothing where the empty text is looked for": (("a", "b"), object, ""),
}


@pytest.mark.parametrize("make", [frequent, constant])
@pytest.mark.parametrize("case", WRITTEN)
def test_what_counts_as_missing_is_filled_in(agrees, case, make):
    texts, dtype, missing = WRITTEN[case]
    rows = drawn(*texts, dtype=dtype)
    model = imputing(make(missing)).fit(rows, told(rows))

    graph = agrees(model, rows)

    asked = pd.concat([rows, rows.assign(city=pd.Series(["new"] * 200, dtype=object))])
    answer = graph.run(asked)
    assert answer["label"].tolist() == model.predict(asked).tolist()
    np.testing.assert_allclose(answer["probabilities"], model.predict_proba(asked), atol=1e-6)


def test_an_empty_text_of_its_own_is_not_filled_in(agrees):
    """It was learned beside missing ones; the sample has no missing ones."""
    rows = drawn("a", "", np.nan)
    model = imputing(constant()).fit(rows, told(rows))
    sample = rows[rows.city.notna()]

    graph = agrees(model, sample)

    assert "" in model[0].named_transformers_["pipeline"][-1].categories_[0]
    assert graph.run(sample)["label"].tolist() == model.predict(sample).tolist()


def test_two_imputers_in_a_row_each_do_their_own(agrees):
    rows = drawn("a", "?", np.nan)
    text = make_pipeline(constant(fill="?"), constant(missing="?", fill="b"), HOT)
    columns = make_column_transformer((text, ["city"]), ("passthrough", ["size"]))
    model = make_pipeline(columns, LogisticRegression(C=50)).fit(rows, told(rows))

    agrees(model, rows)


@pytest.mark.parametrize("missing", [np.nan, "?"])
def test_what_was_missing_is_told(agrees, missing):
    rows = drawn("a", "b", missing)
    beside = make_union(make_pipeline(constant(missing), HOT), MissingIndicator(
        missing_values=missing))  # fmt: skip
    for model in (
        imputing(constant(missing, add_indicator=True)),
        imputing(beside, StandardScaler()),
    ):
        agrees(model.fit(rows, told(rows)), rows)


ENCODERS = {
    "codes": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "codes of some": OrdinalEncoder(
        categories=[["b", "gone"]], handle_unknown="use_encoded_value", unknown_value=7),
    "codes of groups": OrdinalEncoder(
        min_frequency=70, handle_unknown="use_encoded_value", unknown_value=-1),
    "means": TargetEncoder(cv=KFold(3)),
    "all but the first": OneHotEncoder(drop="first", sparse_output=False, handle_unknown="ignore"),
    "known ones only": OneHotEncoder(sparse_output=False),
    "rare ones together": OneHotEncoder(
        min_frequency=70, handle_unknown="infrequent_if_exist", sparse_output=False),
    "given categories": OneHotEncoder(
        categories=[["b", "a"]], handle_unknown="ignore", sparse_output=False),
    "two at once": make_union(HOT, TargetEncoder(cv=KFold(3))),
    "a step that does nothing": make_pipeline(FunctionTransformer(), HOT),
}  # fmt: skip


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_read_what_was_filled_in(agrees, name):
    rows = drawn("a", "b", "a", "c", np.nan)
    agrees(imputing(constant(), ENCODERS[name]).fit(rows, told(rows)), rows)


def test_several_columns_of_texts_have_one_imputer(agrees):
    rows = drawn("a", "b", np.nan).assign(land=drawn("x", None, "y", seed=1).city)
    texts = make_pipeline(frequent(missing=pd.NA, add_indicator=True), HOT)
    columns = make_column_transformer((texts, ["city", "land"]), ("passthrough", ["size"]))
    agrees(make_pipeline(columns, LogisticRegression()).fit(rows, told(rows)), rows)


def test_a_column_without_any_text_is_left_out(agrees):
    rows = drawn("a", "b", np.nan).assign(land=np.array([np.nan] * 200, dtype=object))
    columns = make_column_transformer(
        (make_pipeline(frequent(), HOT), ["land", "city"]), ("passthrough", ["size"])
    )
    with pytest.warns(UserWarning, match="without any observed values"):
        model = make_pipeline(columns, LogisticRegression()).fit(rows, told(rows))
    agrees(model, rows)


# --- texts and numbers in one imputer ------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed():
    rows = drawn("a", "b", np.nan).assign(rooms=np.arange(200) % 3, owned=np.arange(200) % 2 == 0)
    rows.loc[::9, "size"] = np.nan
    return rows[["rooms", "city", "size", "owned"]]


def behind(imputer):
    """Columns by their places, as an imputer of all of them gives no names."""
    columns = ColumnTransformer([("hot", HOT, [1, 0]), ("as they are", StandardScaler(), [2, 3])])
    return make_pipeline(imputer, columns, LogisticRegression())


def test_texts_and_numbers_are_filled_in_by_one_imputer(agrees, mixed):
    agrees(behind(frequent()).fit(mixed, told(mixed.fillna({"size": 0}))), mixed)


def test_a_text_is_put_in_beside_numbers_that_are_never_missing(agrees, mixed):
    rows = mixed.fillna({"size": 0.5})
    graph = agrees(behind(constant()).fit(rows, told(rows)), rows)
    assert [one.missing for one in graph.signature.columns] == [None, "", None, None]


def test_a_number_is_put_in_the_place_of_a_missing_text(agrees):
    rows = drawn("a", "b")
    model = imputing(constant(fill=0)).fit(rows, told(rows))
    graph = agrees(model, rows)
    asked = rows.assign(city=np.nan)
    assert graph.run(asked)["label"].tolist() == model.predict(asked).tolist()


def test_a_column_without_any_text_is_kept_where_that_is_wanted(agrees):
    rows = drawn("a", "b", np.nan).assign(land=np.array([np.nan] * 200, dtype=object))
    texts = make_pipeline(frequent(keep_empty_features=True), HOT)
    columns = make_column_transformer((texts, ["land", "city"]), ("passthrough", ["size"]))
    agrees(make_pipeline(columns, LogisticRegression()).fit(rows, told(rows)), rows)


# --- words ---------------------------------------------------------------------------------------


def flat(column):
    return column.ravel()


@pytest.mark.parametrize(
    "flattens",
    [np.ravel, flat, lambda x: x[:, 0], lambda x: x.reshape(-1), np.squeeze, lambda x: x.flatten()],
)
def test_words_are_counted_in_what_was_filled_in(agrees, flattens):
    rows = drawn("a good day", "bad", "good", None)
    words = make_pipeline(
        constant(missing=None, fill="no words"), FunctionTransformer(flattens), CountVectorizer()
    )
    columns = make_column_transformer((words, ["city"]), ("passthrough", ["size"]))
    agrees(make_pipeline(columns, LogisticRegression()).fit(rows, told(rows)), rows)


def test_words_are_read_by_position_behind_an_imputer(agrees):
    rows = drawn("a good day", "bad", "good", np.nan)
    words = ColumnTransformer([("words", TfidfVectorizer(), 0)])
    columns = make_column_transformer(
        (make_pipeline(constant(fill=""), words), ["city"]), ("passthrough", ["size"])
    )
    agrees(make_pipeline(columns, LogisticRegression()).fit(rows, told(rows)), rows)


def test_a_function_that_changes_texts_is_refused_by_what_it_uses():
    rows = drawn("a", "b", np.nan)
    upper = FunctionTransformer(lambda x: x + "!")
    model = imputing(constant(), upper, HOT).fit(rows, told(rows))
    with pytest.raises(NotExportable, match=r"its function reads texts: np.add on texts"):
        to_onnx(model, rows)
