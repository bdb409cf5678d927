"""What a notebook may store with its run."""

import enum
import math
import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lastmile
from lastmile.recording import MOST_BYTES, TABLE, checked_name, checked_value


class Colour(enum.StrEnum):
    RED = "red"


PLAIN = {
    "nothing": (None, None),
    "truth stays truth": (True, True),
    "whole number": (3, 3),
    "number": (0.25, 0.25),
    "text": ("five", "five"),
    "a member of an enumeration is its text": (Colour.RED, "red"),
    "a number of NumPy": (np.float64(0.5), 0.5),
    "a whole number of NumPy": (np.int32(5), 5),
    "a small array": (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "an index alone": (pd.Index([1]), [1]),
    "a date in ISO form": (date(2015, 11, 1), "2015-11-01"),
    "inner values": ({"a": (1, [2.0])}, {"a": [1, [2.0]]}),
    "no number": (math.nan, "NaN"),
    "more than any number": (-math.inf, "-Infinity"),
    "half a character": ("a\ud800", "a?"),
}


@pytest.mark.parametrize(("value", "stored"), PLAIN.values(), ids=PLAIN)
def test_plain_values_are_stored_as_json_knows_them(value, stored):
    found = checked_value("x", value)

    assert found == stored
    assert type(found) is type(stored)


def test_a_table_is_stored_with_its_names_and_missing_fields():
    frame = pd.DataFrame(
        {"n": [1.5, math.nan], "when": [pd.Timestamp("2015-11-01"), pd.NaT]},
        index=pd.Index(["a", "b"], name="place"),
    )

    assert checked_value("t", frame) == {
        TABLE: {
            "columns": ["n", "when"],
            "index": ["a", "b"],
            "index_names": ["place"],
            "rows": [[1.5, "2015-11-01T00:00:00"], [None, None]],
        }
    }


def test_a_table_may_have_several_levels_of_names_and_a_series_one_column():
    frame = pd.DataFrame({("a", "x"): [1]}, index=pd.MultiIndex.from_tuples([("p", 2)]))
    series = pd.Series([7], index=["p"])

    assert checked_value("t", frame)[TABLE]["columns"] == [["a", "x"]]
    assert checked_value("t", frame)[TABLE]["index"] == [["p", 2]]
    assert checked_value("t", series)[TABLE]["columns"] == ["value"]


REFUSED = {
    "an object": (object(), TypeError, "a object is neither"),
    "bytes": (b"x", TypeError, "bytes"),
    "a key that is no text": ({1: 2}, TypeError, "the key 1"),
    "a key of ours": ({"$table": 1}, ValueError, "begins with"),
    "a long table": (pd.DataFrame({"x": range(1001)}), ValueError, "1,001 rows"),
    "a long text": ("x" * MOST_BYTES, ValueError, "bytes, 256,000"),
    "a wide table": (pd.DataFrame([range(201)]), ValueError, "201 columns"),
    "a table in its looks": (pd.DataFrame({"x": [1]}).style, TypeError, "a Styler is neither"),
}


@pytest.mark.parametrize(("value", "kind", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_stored_is_refused_by_name(value, kind, words):
    with pytest.raises(kind, match=f"(?s)'score'.*({words})"):
        lastmile.record("score", value)


def test_a_list_that_holds_itself_is_refused():
    loop: list = []
    loop.append(loop)
    with pytest.raises(ValueError, match="holds itself"):
        lastmile.record("score", loop)


@pytest.mark.parametrize("name", ["", " x", "1x", "a\nb", "x" * 81, "<b>", "$x"])
def test_names_are_short_words(name):
    with pytest.raises(ValueError, match="cannot be a name"):
        checked_name(name)


def test_a_name_is_a_text():
    with pytest.raises(TypeError, match="not int"):
        lastmile.record(3, 3)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="abcé ", min_size=1), inner),
    max_leaves=10,
)


@given(json_values)
def test_what_is_stored_is_stored_the_same_again(value):
    once = checked_value("x", value)

    assert checked_value("x", once) == once


def test_outside_of_a_notebook_nothing_happens_and_nothing_heavy_is_imported():
    code = (
        "import lastmile, sys; lastmile.record('x', 1); "
        "print([n for n in ('pandas', 'IPython', 'pydantic', 'numpy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
