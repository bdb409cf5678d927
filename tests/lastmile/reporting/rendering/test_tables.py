import pytest

from lastmile.reporting.rendering import tables
from lastmile.reporting.rendering.blocks import plain
from lastmile.reporting.rendering.markup import parse
from lastmile.reporting.rendering.tables import html_table


def table(html):
    (node,) = parse(html).all("table")
    return html_table(node)


def words(rows):
    return [[plain(cell.content) for cell in row] for row in rows]


def aligns(rows):
    return [[cell.align for cell in row] for row in rows]


def test_a_frame_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": ["a", "b"], "mm": [1.5, None]}, index=["x", "y"])
    found = table(frame.to_html())
    assert words(found.head) == [["", "name", "mm"]]
    assert words(found.body) == [["x", "a", "1.5"], ["y", "b", "NaN"]]
    assert aligns(found.body) == [["left", "left", "right"]] * 2
    assert (found.width, found.stub) == (3, 1)


def test_a_frame_with_two_indexes_keeps_its_spans_and_names_them_in_one_row():
    pandas = pytest.importorskip("pandas")
    index = pandas.MultiIndex.from_product([[2014, 2015], ["wet", "dry"]], names=["year", "kind"])
    columns = pandas.MultiIndex.from_product([["mean", "max"], ["a", "b"]])
    found = table(pandas.DataFrame(1, index, columns).to_html())
    assert words(found.head) == [["", "", "mean", "max"], ["year", "kind", "a", "b", "a", "b"]]
    assert [cell.columns for cell in found.head[0]] == [1, 1, 2, 2]
    assert words(found.body)[:2] == [["2014", "wet", "1", "1", "1", "1"], ["dry", *"1111"]]
    assert found.body[0][0].rows == 2
    assert found.stub == 2


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param(["1", "-2.5", "3e-4"], "right", id="plain numbers"),
        pytest.param(["1,234.5", "12 %", "\u22127"], "right", id="thousands, shares, true minus"),
        pytest.param(["$ 3.20", "€4"], "right", id="money"),
        pytest.param(["14.2 mm", "3 m/s"], "right", id="units"),
        pytest.param(["NaN", "", "1"], "right", id="gaps between numbers"),
        pytest.param(["NaN", "..."], "left", id="nothing but gaps"),
        pytest.param(["2015-05-01"], "left", id="dates"),
        pytest.param(["1", "one"], "left", id="words among numbers"),
    ],
)
def test_a_column_of_numbers_stands_right(values, want):
    rows = "".join(f"<tr><td>{value}</td></tr>" for value in values)
    found = table(f"<table><tbody>{rows}</tbody></table>")
    assert {cell.align for row in found.body for cell in row} == {want}


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<tr><td colspan=9>a<td>b</tr><tr><td>c</tr>", id="spans beyond other rows"),
        pytest.param("<tr><td rowspan=99>a<td>b</tr><tr><td>c</tr>", id="a span below the end"),
        pytest.param("<tr><td rowspan=2>a<td>b</tr><tr><td colspan=3>c</tr>", id="crossing spans"),
        pytest.param("<tr><td colspan=-1>a<td rowspan=x>b</tr>", id="senseless spans"),
        pytest.param("<thead><tr><th rowspan=5>a</thead><tr><td>b</tr>", id="a head that sinks"),
        pytest.param("<tr><td>a</tr><tr></tr><tr><td>b<td>c</tr>", id="rows of unequal length"),
    ],
)
def test_every_table_is_a_full_grid(html):
    found = table(f"<table>{html}</table>")
    for rows in (found.head, found.body):
        taken = set()
        for y, row in enumerate(rows):
            x = 0
            for cell in row:
                while (y, x) in taken:
                    x += 1
                covered = {
                    (y + below, x + right)
                    for below in range(cell.rows)
                    for right in range(cell.columns)
                }
                assert not covered & taken
                taken |= covered
        assert taken == {(y, x) for y in range(len(rows)) for x in range(found.width)}


def test_an_empty_table_is_none():
    assert table("<table><tr></tr></table>") is None


def test_a_huge_table_is_cut_and_says_so():
    row = "<tr>" + "<td>1</td>" * (tables.MOST_COLUMNS + 5) + "</tr>"
    found = table(f"<table>{row * (tables.MOST_ROWS + 5)}</table>")
    assert found.width == tables.MOST_COLUMNS
    assert len(found.body) == tables.MOST_ROWS
    assert f"of {tables.MOST_ROWS + 5} rows" in found.caption
    assert f"of {tables.MOST_COLUMNS + 5} columns" in found.caption
