import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import IsolationForest, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lastmile.errors import (
    BadDefinition,
    Faults,
    NotExportable,
    NotFitted,
    RowsRefused,
    SampleLacksColumn,
)
from lastmile.exporting.definition import ColumnText
from lastmile.exporting.signature import Column, Kind, Signature, Task, read_signature
from lastmile.exporting.signature.identifiers import RESERVED, identifiers, type_name
from lastmile.exporting.signature.phone import from_json, to_json
from lastmile.exporting.signature.reading import column_kind


def test_only_the_columns_that_are_read_are_asked_for(fitted, people):
    columns = read_signature(fitted, people).columns
    assert [(c.name, c.identifier, c.kind) for c in columns] == [
        ("my col-é", "my_col_e", Kind.FLOAT),
        ("wiek (lata)", "wiek_lata", Kind.INT),
        ("class", "class_", Kind.STRING),
        ("miss", "miss", Kind.FLOAT),
    ]


def test_categories_and_classes_are_known(fitted, people):
    signature = read_signature(fitted, people)
    assert next(c for c in signature.columns if c.name == "class").known == ("a", "b", "ć")
    assert signature.task is Task.CLASSIFY
    assert signature.output("label").classes == ("nie", "tak")
    assert signature.output("probabilities").width == 2


def test_int_categories_are_known_as_numbers(behind_columns, people, targets):
    estimator = behind_columns(LogisticRegression(), texts=("class", "code"))
    signature = read_signature(estimator.fit(people, targets.two), people)
    assert next(c for c in signature.columns if c.name == "code").known == (10, 20, 35)


def test_a_column_read_by_every_member_is_found_once(people, targets):
    one = make_pipeline(make_column_transformer((StandardScaler(), ["code"])), LogisticRegression())
    two = make_pipeline(
        make_column_transformer((StandardScaler(), ["wiek (lata)"])), LogisticRegression()
    )
    vote = VotingClassifier([("one", one), ("two", two)]).fit(people, targets.two)
    assert [c.name for c in read_signature(vote, people).columns] == ["wiek (lata)", "code"]


def test_a_regressor_has_one_value_per_target(people, targets):
    both = np.column_stack([targets.number, -targets.number])
    signature = read_signature(Ridge().fit(people[["code"]], both), people[["code"]])
    assert signature.task is Task.REGRESS
    assert [(o.name, o.width) for o in signature.outputs] == [("value", 2)]


def test_help_and_unit_come_from_the_definition(fitted, people):
    signature = read_signature(fitted, people, {"miss": ColumnText(help="gap", unit="mm")})
    column = next(c for c in signature.columns if c.name == "miss")
    assert (column.help, column.unit) == ("gap", "mm")


def test_a_described_column_that_is_not_read_is_refused(fitted, people):
    with pytest.raises(BadDefinition) as caught:
        read_signature(fitted, people, {"mis": ColumnText(help="gap")})
    assert "did you mean `miss`" in str(caught.value)


def test_an_estimator_fitted_with_an_array_takes_the_names_of_the_sample(people, targets):
    rows = people[["code", "wiek (lata)"]]
    estimator = LogisticRegression().fit(rows.to_numpy(), targets.two)
    names = [c.name for c in read_signature(estimator, rows).columns]
    assert names == ["code", "wiek (lata)"]


def test_signature_survives_its_file(fitted, people):
    signature = read_signature(fitted, people)
    assert Signature.from_dict(json.loads(json.dumps(signature.to_dict()))) == signature


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"format": 3}, "format 3", id="newer form"),
        pytest.param({"surprise": 1}, "surprise", id="unknown key"),
        pytest.param({"task": "dance"}, "task", id="unknown task"),
        pytest.param({"columns": [{"name": 1}]}, "columns.0", id="broken column"),
    ],
)
def test_a_wrong_signature_file_is_refused(fitted, people, change, message):
    with pytest.raises(BadDefinition, match=message):
        Signature.from_dict(read_signature(fitted, people).to_dict() | change)


def test_not_fitted_is_said_before_anything_else(behind_columns, people):
    with pytest.raises(NotFitted, match="Pipeline"):
        read_signature(behind_columns(LogisticRegression()), people)


def test_a_lacking_column_is_named_with_its_neighbour(fitted, people):
    with pytest.raises(SampleLacksColumn) as caught:
        read_signature(fitted, people.rename(columns={"miss": "mis"}))
    assert "lacks `miss`" in str(caught.value)
    assert "did you mean `mis`" in str(caught.value)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        pytest.param([[1, 2]], "list, not a pandas DataFrame", id="a list"),
        pytest.param(pd.DataFrame({"a": []}), "no rows", id="no rows"),
        pytest.param(
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            "more than one column called `a`",
            id="twice",
        ),
        pytest.param(pd.DataFrame([[1, 2]]), "astype", id="columns called by numbers"),
    ],
)
def test_a_sample_that_is_no_table_of_rows_is_refused(fitted, sample, message):
    with pytest.raises(RowsRefused, match=message):
        read_signature(fitted, sample)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        pytest.param(pd.Series([1.5, None]), Kind.FLOAT, id="floats with gaps"),
        pytest.param(pd.Series([1, 2], dtype="int8"), Kind.INT, id="small ints"),
        pytest.param(pd.Series([1, None], dtype="Int64"), Kind.FLOAT, id="ints with gaps"),
        pytest.param(pd.Series([1, 2], dtype="Int64"), Kind.INT, id="nullable ints without"),
        pytest.param(pd.Series([True, False]), Kind.BOOL, id="truth values"),
        pytest.param(pd.Series(["a", None], dtype=object), Kind.STRING, id="objects with None"),
        pytest.param(pd.Series(["a", None], dtype="str"), Kind.STRING, id="str"),
        pytest.param(pd.Series(["a", "b"], dtype="category"), Kind.STRING, id="categories"),
        pytest.param(pd.Series([3, 4], dtype="category"), Kind.INT, id="whole-number categories"),
        pytest.param(pd.Series([np.nan, np.nan]), Kind.FLOAT, id="numbers, all missing"),
    ],
)
def test_kind_follows_from_the_sample(values, kind):
    assert column_kind(values.rename("x")) is kind


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(pd.Series([datetime(2024, 1, 1)]), id="dates"),  # noqa: DTZ001
        pytest.param(pd.Series([1, "a"], dtype=object), id="numbers and texts mixed"),
        pytest.param(pd.Series([True, None], dtype=object), id="truth values with gaps"),
    ],
)
def test_a_kind_that_phones_do_not_have_is_refused(values):
    with pytest.raises(NotExportable, match="column"):
        column_kind(values.rename("x"))


def test_an_outlier_detector_answers_with_a_label_and_a_score(people):
    rows = people[["code"]]
    signature = read_signature(IsolationForest(n_estimators=2).fit(rows), rows)
    assert signature.task is Task.DETECT
    assert [(one.name, one.classes) for one in signature.outputs] == [
        ("label", (-1, 1)),
        ("score", ()),
    ]


def test_several_labels_are_several_outputs(people, targets):
    rows = people[["code"]]
    labels = np.column_stack([targets.three, targets.three > 0])
    signature = read_signature(MultiOutputClassifier(LogisticRegression()).fit(rows, labels), rows)
    assert [(one.name, one.width, one.target) for one in signature.outputs] == [
        ("label_1", 1, 0),
        ("probabilities_1", 3, 0),
        ("label_2", 1, 1),
        ("probabilities_2", 2, 1),
    ]


def test_classes_that_are_no_texts_and_no_whole_numbers_are_refused(people):
    rows = people[["code"]]
    labels = np.where(rows["code"] > 10, "x", "y").astype(object)
    forest = RandomForestClassifier(2).fit(rows, labels)
    forest.classes_ = np.array([0.5, 1.5])
    with pytest.raises(NotExportable, match="floating"):
        read_signature(forest, rows)


# --- identifiers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("wiek (lata)", "wiek_lata"),
        ("Żółć łódź", "Zolc_lodz"),
        ("2nd", "_2nd"),
        ("class", "class_"),
        ("val", "val_"),
        ("label", "label_"),
        ("湿度", "column"),
        ("", "column"),
        ("straße", "strasse"),
    ],
)
def test_identifier_of(name: str, wanted: str):
    assert identifiers([name]) == (wanted,)


def test_same_identifiers_are_numbered():
    assert identifiers(["a b", "a-b", "a_b_2", "A b"]) == ("a_b", "a_b_2", "a_b_2_2", "A_b_3")


@given(st.lists(st.text(max_size=8), max_size=12))
def test_identifiers_are_always_valid_and_different(names: list[str]):
    found = identifiers(names)
    assert len({name.lower() for name in found}) == len(names)
    assert all(name.isidentifier() and name.isascii() and name not in RESERVED for name in found)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("rain-tomorrow", "RainTomorrow"), ("2 fast", "Model2Fast"), ("class", "Class")],
)
def test_type_name_of(name: str, wanted: str):
    assert type_name(name) == wanted


# --- rows as a phone gives them ------------------------------------------------------------------


def test_feeds_are_what_a_phone_gives(behind_columns, people, targets):
    extra = [("passthrough", ["flag"])]
    estimator = behind_columns(LogisticRegression(), texts=("class", "tags"), extra=extra)
    signature = read_signature(estimator.fit(people, targets.two), people)
    feeds = signature.feeds(people)
    assert {name: array.dtype.name for name, array in feeds.items()} == {
        "my_col_e": "float32",
        "wiek_lata": "int64",
        "class_": "object",
        "flag": "bool",
        "miss": "float32",
        "tags": "object",
    }
    assert all(array.shape == (len(people), 1) for array in feeds.values())
    assert np.isnan(feeds["miss"][:, 0]).tolist() == people["miss"].isna().tolist()
    assert (feeds["tags"][:, 0] == "").tolist() == people["tags"].isna().tolist()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        pytest.param("wiek (lata)", np.nan, "missing in row 0", id="missing whole number"),
        pytest.param("wiek (lata)", 1.5, "1.5 in row 0 is not a whole number", id="a fraction"),
        pytest.param("miss", "much", "float", id="text for a number"),
    ],
)
def test_a_value_without_a_place_is_refused(fitted, people, column, value, message):
    rows = people.head(3).astype({column: object})
    rows.loc[0, column] = value
    with pytest.raises(RowsRefused, match=message):
        read_signature(fitted, people).feeds(rows)


def test_all_that_is_wrong_with_rows_is_told_at_once(fitted, people):
    rows = people.head(3).astype({"miss": object, "wiek (lata)": object, "flag": object})
    rows.loc[0, "miss"] = "much"
    rows.loc[1, "wiek (lata)"] = None
    rows = rows.rename(columns={"class": "klasa"})

    with pytest.raises(Faults) as told:
        read_signature(fitted, people).feeds(rows)

    said = [fault.what for fault in told.value.faults]
    assert len(said) == 3
    assert "lacks `class`" in said[0]
    assert "`wiek (lata)` is missing in row 1" in told.value.what
    assert "`miss` does not hold float values" in told.value.what


def test_all_that_is_wrong_with_a_sample_is_told_at_once(fitted, people):
    sample = people.assign(miss=pd.Timestamp("2014-01-01"), **{"class": 1j})

    with pytest.raises(Faults) as told:
        read_signature(fitted, sample)

    assert ["`class`" in told.value.what, "`miss`" in told.value.what] == [True, True]


def test_rows_survive_json(people):
    kinds = {"miss": "float", "code": "int64", "tags": "string", "flag": "bool"}
    columns = [Column(name=name, identifier=name, kind=Kind(kind)) for name, kind in kinds.items()]
    rows = people.assign(miss=people["miss"].where(people.index != 3, np.inf))
    again = from_json(json.loads(json.dumps(to_json(rows, columns), allow_nan=False)), columns)
    assert np.array_equal(again["miss"], rows["miss"], equal_nan=True)
    assert again["tags"].tolist() == rows["tags"].fillna("").tolist()
    assert again["code"].tolist() == rows["code"].tolist()
    assert again["flag"].tolist() == rows["flag"].tolist()
