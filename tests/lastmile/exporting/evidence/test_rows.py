from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lastmile.exporting.evidence.rows import SMALL
from lastmile.exporting.evidence.rows import row_sets as sets_of
from lastmile.exporting.signature import Column, Kind, Signature, Task

SIGNATURE = Signature(
    task=Task.REGRESS,
    columns=(
        Column(name="wind", identifier="wind", kind=Kind.FLOAT, missing="NaN"),
        Column(name="month", identifier="month", kind=Kind.INT),
        Column(name="sky", identifier="sky", kind=Kind.STRING, known=("sun",), missing=""),
        Column(name="code", identifier="code", kind=Kind.INT, known=(1, 7)),
        Column(name="flag", identifier="flag", kind=Kind.BOOL),
    ),
    outputs=(),
)


MARKS = {"wind": np.nan, "sky": np.nan}


def row_sets(sample, signature):
    return sets_of(sample, signature, MARKS)


@pytest.fixture
def sample() -> pd.DataFrame:
    count = 500
    return pd.DataFrame(
        {
            "wind": np.linspace(-1.0, 4.0, count),
            "month": np.arange(count) % 12 + 1,
            "sky": ["sun"] * count,
            "code": [1, 7] * (count // 2),
            "flag": [True, False] * (count // 2),
        }
    )


def test_every_way_to_hurt_a_row_is_there(sample):
    names = [rows.name for rows in row_sets(sample, SIGNATURE)]
    assert names == [
        "all rows of the sample",
        "`wind` missing",
        "`month` missing",
        "`sky` missing",
        "`code` missing",
        "`flag` missing",
        "everything missing that can be",
        "values drawn column by column",
        "numbers between the sample's own",
        "`wind` at its extremes",
        "`month` at its extremes",
        "`month` where whole numbers end, far outside of the sample",
        "`sky` never seen",
        "`code` never seen",
        "`code` where whole numbers end, far outside of the sample",
    ]


def test_ends_of_whole_numbers_decide_where_the_sample_comes_near(sample):
    large = sample.assign(month=sample["month"] * 1_000_000)
    ends = {
        rows.name: rows
        for rows in row_sets(large, SIGNATURE)
        if rows.name.startswith("`month` where")
    }
    near, far = ends.values()
    assert near.decides
    assert set(near.rows["month"].abs()) == {2**24 + 1}
    assert not far.decides
    assert {2**63 - 1, -(2**63), 2**53 + 1, 2**31 - 1} <= set(far.rows["month"])


def test_generated_numbers_stay_in_the_samples_support(sample):
    found = {rows.name: rows.rows for rows in row_sets(sample.iloc[:7], SIGNATURE)}
    drawn, between = (
        found["values drawn column by column"],
        found["numbers between the sample's own"],
    )
    assert len(drawn) == len(between) == SMALL
    assert set(drawn["month"]) <= set(sample["month"].iloc[:7])
    low, high = sample["wind"].iloc[[0, 6]]
    assert between["wind"].between(low, high).all()
    assert not set(between["wind"]) & set(sample["wind"])
    assert between["month"].dtype == np.int64
    assert set(between["code"]) <= {1, 7}


def test_what_a_phone_cannot_leave_out_is_said(sample):
    reasons = {rows.name: rows.reason for rows in row_sets(sample, SIGNATURE) if rows.reason}
    assert list(reasons) == ["`month` missing", "`code` missing", "`flag` missing"]
    assert "always send it" in reasons["`month` missing"]


def test_the_sample_is_whole_and_made_sets_are_capped(sample):
    sizes = {rows.name: len(rows.rows) for rows in row_sets(sample, SIGNATURE)}
    assert sizes["all rows of the sample"] == len(sample)
    assert (
        max(size for name, size in sizes.items() if "all rows" not in name and " end" not in name)
        <= SMALL
    )
    assert sizes["`wind` missing"] == SMALL


def test_made_rows_change_one_column_only(sample):
    found = {rows.name: rows.rows for rows in row_sets(sample, SIGNATURE)}
    assert found["`wind` missing"]["wind"].isna().all()
    assert set(found["`code` never seen"]["code"]) == {8}
    assert set(found["`wind` at its extremes"]["wind"]) == {-1.0, 4.0, 0.0, -4.0, -10.0, 40.0}
    rest = found["`sky` never seen"].drop(columns="sky")
    assert rest.equals(sample.loc[rest.index].drop(columns="sky"))


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param("", id="the estimator takes the empty text only"),
        pytest.param(np.nan, id="the sample has empty texts beside missing ones"),
    ],
)
def test_the_empty_text_is_asked_where_it_is_a_text_of_its_own(sample, mark):
    rows = sample.assign(sky=["sun", "" if mark != "" else "sun"] * (len(sample) // 2))
    names = {found.name for found in sets_of(rows, SIGNATURE, {"wind": np.nan, "sky": mark})}
    assert "`sky` empty" in names


def test_a_required_column_is_asked_alone_and_not_with_others(sample):
    columns = tuple(
        Column(name=c.name, identifier=c.name, kind=c.kind, missing=None) if c.name == "sky" else c
        for c in SIGNATURE.columns
    )
    found = {rows.name for rows in row_sets(sample, replace(SIGNATURE, columns=columns))}
    assert "`sky` missing" in found
    assert "everything missing that can be" not in found


@pytest.mark.parametrize(
    ("own", "decimals"),
    [
        pytest.param([36.1, 37.3, 40.2], 1, id="one decimal"),
        pytest.param([0.25, 12.99, 3.07], 2, id="prices"),
    ],
)
def test_made_numbers_have_as_many_decimals_as_the_samples(own, decimals):
    rows = pd.DataFrame({"wind": np.resize(own, 300)})
    signature = replace(SIGNATURE, columns=SIGNATURE.columns[:1])
    for found in sets_of(rows, signature, {}, {"wind": np.array([own[0], own[1]])}):
        if "between" in found.name or "extremes" in found.name:
            made = found.rows["wind"].to_numpy()
            assert np.array_equal(np.round(made, decimals), made)


def test_a_number_at_a_threshold_is_written_as_the_sample_writes_it(sample):
    rows = sample.assign(wind=np.resize([36.1, 37.3], len(sample)))
    cut = np.array([float(np.float32(36.1))])
    found = {one.name: one.rows for one in sets_of(rows, SIGNATURE, MARKS, {"wind": cut})}
    asked = set(found["`wind` at each of its thresholds"]["wind"])
    assert 36.1 in asked
    assert float(np.float32(36.1)) not in asked


def test_whole_numbers_at_the_ends_of_64_bits_make_rows_without_an_overflow(sample):
    ends = sample.assign(month=[-(2**63), 2**63 - 1] * (len(sample) // 2))
    found = {rows.name: rows for rows in row_sets(ends, SIGNATURE)}
    extremes = found["`month` at its extremes"].rows["month"]
    assert extremes.dtype == np.int64
    assert {-(2**63), 0, 2**63 - 1} <= set(extremes)
    assert found["`month` where whole numbers end"].decides
