"""Tables are compared by the names of their rows and columns."""

import pandas as pd
import pytest

from lastmile.recording import checked_value
from lastmile.reporting.comparison.grids import difference, grid_of, recorded_grid, table_change
from lastmile.reporting.rendering.blocks import Table
from lastmile.reporting.rendering.hypertext import html_blocks


def grid(frame: pd.DataFrame):
    [table] = [block for block in html_blocks(frame.to_html()) if isinstance(block, Table)]
    return grid_of(table)


BEFORE = pd.DataFrame({"n": [1.0, 2.0], "w": ["x", "y"]}, index=["a", "b"])


@pytest.mark.parametrize("read", [grid, lambda frame: recorded_grid(checked_value("t", frame))],
                         ids=["shown", "recorded"])  # fmt: skip
class TestEachKindOfTable:
    def test_one_field_changed(self, read):
        after = BEFORE.copy()
        after.loc["b", "n"] = 5.5
        change = table_change("t", read(BEFORE), read(after))
        [field] = change.fields

        assert (change.status, change.compared) == ("changed", 4)
        assert (field.row, field.column, field.before, field.after) == ("b", "n", "2.0", "5.5")
        assert field.difference == "+3.5"

    def test_the_same_rows_in_another_order_are_the_same(self, read):
        assert table_change("t", read(BEFORE), read(BEFORE.iloc[::-1])).status == "equal"

    def test_a_row_in_between_changes_no_other_row(self, read):
        after = pd.concat([BEFORE.iloc[:1], BEFORE.iloc[:1].set_axis(["new"]), BEFORE.iloc[1:]])
        change = table_change("t", read(BEFORE), read(after))

        assert (change.rows_added, change.rows_removed, change.fields) == (("new",), (), ())
        assert change.status == "changed"

    def test_columns_come_and_go(self, read):
        change = table_change("t", read(BEFORE), read(BEFORE.rename(columns={"w": "v"})))

        assert (change.columns_added, change.columns_removed) == (("v",), ("w",))
        assert change.compared == 2

    def test_rows_of_one_name_are_told_apart(self, read):
        twice = BEFORE.set_axis(["a", "a"])
        change = table_change("t", read(twice), read(twice.assign(n=[1.0, 9.0])))

        assert [field.row for field in change.fields] == ["a (2)"]


def test_several_levels_of_names():
    frame = pd.DataFrame(
        [[1, 2], [3, 4]],
        index=pd.MultiIndex.from_tuples([("p", 1), ("p", 2)]),
        columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]),
    )

    assert grid(frame).rows == ("p / 1", "p / 2")
    assert grid(frame).columns == ("a / x", "a / y")
    assert grid(frame).fields["p / 2", "a / x"] == "3"


@pytest.mark.parametrize(("before", "after", "status"), [
    (None, grid(BEFORE), "added"), (grid(BEFORE), None, "removed"),
])  # fmt: skip
def test_a_table_that_only_one_side_has(before, after, status):
    assert table_change("t", before, after).status == status


DIFFERENCES = {
    "numbers": ("1.5", "2", "+0.5"),
    "no noise of binary fractions": ("0.1", "0.3", "+0.2"),
    "thousands": ("1,234", "2,234.5", "+1000.5"),
    "a printed minus": ("\u22124.6", "+69.3", "+73.9"),
    "of one unit": ("12 %", "10 %", "-2"),
    "of two units": ("12 mm", "10 in", ""),
    "a comma that is no thousands": ("1,5", "2,5", ""),
    "words": ("a", "b", ""),
    "a number became a word": ("1", "NaN", ""),
}


@pytest.mark.parametrize(("before", "after", "told"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_the_difference_of_two_fields(before, after, told):
    assert difference(before, after) == told
