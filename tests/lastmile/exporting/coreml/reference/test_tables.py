"""Rows of a table become a model's inputs, and answers become a table."""

import numpy as np
import pandas as pd
import pytest

from lastmile.errors import Faults, PackageBroken, RowsRefused
from lastmile.exporting.coreml.reference import Dictionary
from lastmile.exporting.coreml.reference.tables import columns_of, table_of, type_shown
from lastmile.exporting.coreml.schema import new_model

TYPES = {
    "number": lambda kind: kind.doubleType,
    "whole": lambda kind: kind.int64Type,
    "text": lambda kind: kind.stringType,
    "texts": lambda kind: kind.dictionaryType.stringKeyType,
    "codes": lambda kind: kind.dictionaryType.int64KeyType,
    "picture": lambda kind: kind.imageType,
}


def model_of(**inputs):
    model = new_model()
    for name, kind in inputs.items():
        declared = model.description.input.add(name=name)
        if isinstance(kind, tuple):
            declared.type.multiArrayType.shape.extend(kind)
        else:
            TYPES[kind](declared.type).SetInParent()
    return model


def texts(**columns):
    return pd.DataFrame(columns, dtype=object)


def test_texts_of_a_file_are_read_as_what_the_model_declares():
    rows = texts(a=["1.5", "", " NaN "], b=["7", "-2", "9007199254740993"], c=["007", "", "é"])
    columns = columns_of(model_of(a="number", b="whole", c="text"), rows)
    assert columns["a"].tolist()[0] == 1.5
    assert np.isnan(columns["a"][1:]).all()
    assert columns["b"].tolist() == [7, -2, 9007199254740993]
    assert columns["c"].tolist() == ["007", "", "é"]


def test_numbers_and_missing_texts_of_a_frame_are_read_too():
    rows = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0], "c": ["x", None]})
    columns = columns_of(model_of(a="number", b="whole", c="text"), rows)
    assert columns["a"].dtype == np.float64
    assert columns["b"].tolist() == [3, 4]
    assert columns["c"].tolist() == ["x", ""]


def test_an_array_has_a_column_for_each_element_in_row_major_order():
    rows = pd.DataFrame({f"x[{at}]": [at, 10 * at] for at in reversed(range(6))})
    columns = columns_of(model_of(x=(2, 3)), rows)
    assert columns["x"].tolist() == [[[0, 1, 2], [3, 4, 5]], [[0, 10, 20], [30, 40, 50]]]


def test_an_array_that_is_the_only_input_takes_any_table_as_wide():
    rows = pd.DataFrame({"a": [1.0], "b": [2.0]})
    assert columns_of(model_of(x=(2,)), rows)["x"].tolist() == [[1.0, 2.0]]


def test_an_array_of_one_element_is_called_by_its_name():
    rows = pd.DataFrame({"x": [1.0], "y": [2.0]})
    columns = columns_of(model_of(x=(1,), y="number"), rows)
    assert columns["x"].tolist() == [[1.0]]


def test_a_dictionary_has_a_column_for_each_key():
    rows = pd.DataFrame({"t[a]": [1.0], "t[b c]": [2.0], "n[3]": [4.0]})
    columns = columns_of(model_of(t="texts", n="codes"), rows)
    assert columns["t"].keys == ("a", "b c")
    assert columns["n"].keys == (3,)
    assert columns["t"].values.tolist() == [[1.0, 2.0]]


def test_an_optional_number_may_have_no_column():
    model = model_of(a="number", b="number")
    model.description.input[1].type.isOptional = True
    assert np.isnan(columns_of(model, pd.DataFrame({"a": [1.0]}))["b"]).all()


def test_all_faults_are_told_at_once():
    model = model_of(size="number", price="number", count="whole")
    with pytest.raises(Faults) as told:
        columns_of(model, texts(sise=["1"], price=["1,5"], count=["1.5"]))
    text = str(told.value)
    assert "no column `size`" in text
    assert "did you mean `sise`?" in text
    assert "`price` is '1,5' in row 0" in text
    assert "`count` is '1.5' in row 0" in text


@pytest.mark.parametrize("value", ["", "x", None, 2**70, 1.5, np.nan, np.inf])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(RowsRefused):
        columns_of(model_of(a="whole"), texts(a=[value]))


def test_a_column_that_stands_there_twice_is_refused():
    rows = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])
    with pytest.raises(RowsRefused, match="2 columns `a`"):
        columns_of(model_of(a="number"), rows)


@pytest.mark.parametrize("kind", ["picture", (0,), (-3,), (10**9,)])
def test_what_has_no_columns_is_refused(kind):
    with pytest.raises(PackageBroken):
        columns_of(model_of(a=kind), pd.DataFrame({"a": [1.0]}))


def test_a_key_that_is_no_number_is_refused():
    with pytest.raises(RowsRefused):
        columns_of(model_of(a="codes"), pd.DataFrame({"a[x]": [1.0]}))


def test_answers_become_columns():
    answers = {
        "label": np.array(["a", "b"], dtype=object),
        "shares": Dictionary(("a", "b"), np.array([[0.75, 0.25], [0.5, 0.5]])),
        "x": np.arange(4.0).reshape(2, 1, 2),
    }
    table = table_of(answers)
    assert table.columns.tolist() == ["label", "shares[a]", "shares[b]", "x[0]", "x[1]"]
    assert table.iloc[1].tolist() == ["b", 0.5, 0.5, 2.0, 3.0]


def test_types_are_shown_in_words():
    model = model_of(a=(2, 3), b="texts", c="whole")
    array = model.description.input[0].type.multiArrayType
    array.dataType = array.FLOAT32
    model.description.input[2].type.isOptional = True
    shown = [type_shown(one) for one in model.description.input]
    assert shown == [
        "array of 2 x 3 float32", "a number for each text", "whole number, optional",
    ]  # fmt: skip
