"""Recorded values are read from outputs, and outputs are not trusted."""

import pytest
from nbformat.v4 import new_output

from lastmile.recording import MIME, TABLE
from lastmile.reporting.recorded import MOST_VALUES, recorded_values, without_records

GOOD = {"columns": ["a"], "index": ["r"], "index_names": [""], "rows": [[1]]}


def shown(data):
    return new_output("display_data", data=data)


def record(name, value):
    return shown({MIME: {"name": name, "value": value}})


def scrap(name, data, encoder="json"):
    mime = f"application/scrapbook.scrap.{encoder}+json"
    return shown({mime: {"name": name, "data": data, "encoder": encoder, "version": 1}})


def test_values_of_all_three_writers_are_read(executed):
    notebook = executed(
        ("a", [record("ours", 1), scrap("theirs", [1, 2]), scrap("words", "w", "text")]),
        ("b", [shown({"application/papermill.record+json": {"old": 0.5}})]),
        ("c", [record("table", {TABLE: GOOD})]),
    )

    assert recorded_values(notebook) == {
        "ours": 1, "theirs": [1, 2], "words": "w", "old": 0.5, "table": {TABLE: GOOD},
    }  # fmt: skip


def test_the_last_value_of_a_name_counts(executed):
    assert recorded_values(executed(("a", [record("x", 1)]), ("b", [record("x", 2)]))) == {"x": 2}


DAMAGED = {
    "no name": shown({MIME: {"value": 1}}),
    "a hostile name": record("<script>", 1),
    "no object": shown({MIME: [1]}),
    "a large value": record("x", "x" * 300_000),
    "an arrow table of scrapbook": scrap("x", "QVJST1cx", "arrow"),
    "a table without rows": record("x", {TABLE: {"columns": [], "index": [], "index_names": []}}),
    "a table of texts": record("x", {TABLE: "x"}),
    "a table whose rows are short": record("x", {TABLE: {**GOOD, "rows": [[]]}}),
    "a table whose rows are no lists": record("x", {TABLE: {**GOOD, "rows": [3]}}),
    "a table with a hidden table": record("x", {TABLE: {**GOOD, "rows": [[{TABLE: GOOD}]]}}),
}


@pytest.mark.parametrize("output", DAMAGED.values(), ids=DAMAGED)
def test_damaged_records_are_passed_over(executed, output):
    assert recorded_values(executed(("a", [output, record("sound", 1)]))) == {"sound": 1}


def test_a_flood_of_names_is_cut(executed):
    notebook = executed(("a", [record(f"n{i}", i) for i in range(MOST_VALUES + 50)]))

    assert len(recorded_values(notebook)) == MOST_VALUES


def test_readers_see_nothing_of_a_record_and_everything_else(executed):
    plot = new_output("stream", text="seen")
    both = shown({MIME: {"name": "x", "value": 1}, "text/plain": "also seen"})
    notebook = executed("## Title", ("a", [plot, record("x", 1), both]))
    seen = without_records(notebook)

    assert [output.output_type for output in seen.cells[1].outputs] == ["stream", "display_data"]
    assert len(notebook.cells[1].outputs) == 3, "the notebook itself keeps them"
    assert seen.cells[0] is notebook.cells[0]


def test_a_notebook_without_records_is_itself(executed):
    notebook = executed(("a", [new_output("stream", text="seen")]))

    assert without_records(notebook) is notebook
