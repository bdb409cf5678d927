"""Two notebooks and their records become one comparison."""

import json

import pytest
from nbformat.v4 import new_output

from lastmile.recording import MIME, TABLE
from lastmile.reporting.comparison import Side, compare, comparison_as_json
from lastmile.reporting.comparison.changes import differing


def side(notebook, **record):
    return Side({"key": "k", "state": "succeeded", **record}, notebook)


def words(text):
    return [new_output("stream", text=text)]


def shown(**data):
    forms = {"html": "text/html", "svg": "image/svg+xml", "md": "text/markdown"}
    return new_output("display_data", data={forms[key]: value for key, value in data.items()})


def table(*rows):
    body = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return shown(
        html=f"<table><thead><tr><th></th><th>n</th></tr></thead><tbody>{body}</tbody></table>"
    )


def svg(colour):
    return shown(svg=f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
                     f'<rect width="9" height="9" fill="{colour}"/></svg>')  # fmt: skip


def test_a_run_is_equal_to_itself(executed):
    notebook = executed("## Rain", ("a", [table(("x", 1)), svg("red")]), ("b", words("hello")))
    one = side(notebook, parameters={"x": 3}, recorded={"auc": 0.5})
    comparison = compare(one, one)

    assert comparison.equal
    assert [comparison.parameters[0].status, comparison.recorded[0].status] == ["equal", "equal"]
    assert [len(getattr(comparison, g)) for g in ("tables", "figures", "texts")] == [1, 1, 1]
    assert len(comparison.outputs) == 5


def test_each_kind_of_output_is_found_where_it_stands(executed):
    before = executed("## Rain", ("a", [table(("x", 1)), svg("red"), svg("red")]),
                      "## Words", ("b", words("one\ntwo")))  # fmt: skip
    after = executed("## Rain", ("a", [table(("x", 2)), svg("red"), svg("blue")]),
                     "## Words", ("b", words("one\n2")))  # fmt: skip
    comparison = compare(side(before), side(after))

    assert [change.place for change in differing(comparison.outputs)] == [
        "Rain",
        "Words",
        "Rain (2)",
    ]
    assert not comparison.equal
    [text] = differing(comparison.texts)
    assert text.lines == (" one", "-two", "+2")
    assert differing(comparison.sources) == ()


def test_a_new_cell_shifts_no_other(executed):
    before = executed(("a", words("1")), ("b", words("2")))
    after = executed(("a", words("1")), ("new", words("1.5")), ("b", words("2")))
    comparison = compare(side(before), side(after))

    assert [change.status for change in comparison.texts] == ["equal", "added", "equal"]
    assert [change.status for change in differing(comparison.sources)] == ["added"]


def test_a_changed_cell_is_compared_with_the_one_in_its_place(executed):
    before, after = executed(("x = 1", words("1"))), executed(("x = 2", words("2")))
    comparison = compare(side(before), side(after))

    assert [change.lines for change in comparison.sources] == [("-x = 1", "+x = 2")]
    assert [change.lines for change in comparison.texts] == [("-1", "+2")]


def test_lines_that_look_like_a_diffs_own_are_kept(executed):
    comparison = compare(
        side(executed(("a", words("-- x\n++ y")))), side(executed(("a", words("@@"))))
    )

    assert comparison.texts[0].lines == ("--- x", "-++ y", "+@@")


def test_the_injected_cell_is_no_change_of_the_sources(executed):
    before, after = executed(("x = 1", [])), executed(("x = 1", []), ("x = 2", []))
    after.cells[1].metadata["tags"] = ["injected-parameters"]

    assert differing(compare(side(before), side(after)).sources) == ()


def test_addresses_in_memory_and_process_numbers_are_no_change(executed):
    texts = ("<X at 0x7f12ab34cd56>\n/tmp/ipykernel_12/3456.py:1: W", "<X at 0x7f9988776655>\n"
             "/tmp/ipykernel_99/1111.py:1: W")  # fmt: skip
    one, two = (side(executed(("a", words(text)))) for text in texts)

    assert compare(one, two).equal


def test_markdown_and_faults_are_words(executed):
    fault = new_output("error", ename="ValueError", evalue="no", traceback=["<ipython-input-1>"])
    md = "- *a*\n- b\n\n> quoted\n\n$$x^2$$\n"
    comparison = compare(side(executed(("a", []))), side(executed(("a", [shown(md=md), fault]))))

    assert comparison.texts[0].lines == ("+a", "+b", "+quoted", "+x^2", "+ValueError: no")


def test_recorded_tables_are_compared_field_by_field_and_shown_nowhere_else(executed):
    def recorded(value):
        inner = {"columns": ["n"], "index": ["r"], "index_names": [""], "rows": [[value]]}
        output = new_output("display_data", data={MIME: {"name": "t", "value": {TABLE: inner}}})
        return side(executed(("a", [output])), recorded={"t": {TABLE: inner}})

    comparison = compare(recorded(1), recorded(3))

    assert [(c.place, c.fields[0].difference) for c in comparison.tables] == [
        ("t (recorded)", "+2")
    ]
    assert comparison.texts == comparison.recorded == ()


def test_a_failed_run_is_a_change_of_its_own(executed):
    comparison = compare(side(executed()), side(executed(), state="failed"))

    assert comparison.state.after == "failed"
    assert not comparison.equal


def test_other_parameters_alone_leave_the_outputs_equal(executed):
    comparison = compare(
        side(executed(), parameters={"x": 1}), side(executed(), parameters={"x": 2})
    )

    assert comparison.equal
    assert [change.difference for change in comparison.parameters] == [1]


def test_programs_get_everything_but_pictures(executed):
    before = executed("## Rain", ("a", [table(("x", 1), ("y", 1)), svg("red")]))
    after = executed("## Rain", ("a", [table(("x", 2), ("y", 1)), svg("blue")]))
    plain = json.loads(json.dumps(comparison_as_json(compare(side(before), side(after)))))

    assert plain["equal"] is False
    assert plain["tables"][0]["fields"] == [
        {"row": "x", "column": "n", "before": "1", "after": "2", "difference": "+1"}
    ]
    assert plain["figures"] == [{"place": "Rain", "status": "changed", "share": 1.0, "remark": ""}]


@pytest.mark.parametrize("record", [{"parameters": None}, {"recorded": None}, {"provenance": None}])
def test_a_record_with_gaps_is_compared_as_far_as_it_goes(executed, record):
    assert compare(side(executed(), **record), side(executed())).equal
