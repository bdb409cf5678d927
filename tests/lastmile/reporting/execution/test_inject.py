"""Values become code only as literals."""

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import read, v4

from lastmile.reporting.execution.inject import TAG, code_of, inject, keep_types
from lastmile.reporting.parameter_types import convert
from lastmile.reporting.secrets import SecretRef
from lastmile.values import Built

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.dates()
    | st.times(timezones=st.none() | st.just(UTC))
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.datetimes()
    | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))]))
    | st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])).map(Path),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.lists(inner).map(tuple)
        | st.sets(st.integers() | st.dates())
        | st.frozensets(st.text())
    ),
    max_leaves=8,
)


@given(VALUES)
def test_code_gives_back_the_very_value(value):
    names: dict = {}
    exec(code_of({"x": value}), names)

    assert value == names["x"]
    assert type(value) is type(names["x"])


def test_a_hostile_text_stays_a_text(tmp_path):
    trace = tmp_path / "trace"
    names: dict = {}
    exec(code_of({"x": f"'\nopen({str(trace)!r}, 'w')\n#"}), names)

    assert not trace.exists()


def test_the_notebooks_own_names_are_left_alone():
    names: dict = {}
    exec("from datetime import datetime\nimport pathlib as os", names)
    before = dict(names)
    values = {"day": date(2015, 1, 2), "home": Path("x"), "at": datetime(2015, 1, 2, tzinfo=UTC)}
    exec(code_of(values), names)

    assert before == {name: names[name] for name in before}


def test_a_zone_of_pydantic_is_written_as_one_of_python():
    value, reason = convert(datetime, "2015-01-02T03:04+05:30")
    names: dict = {}
    exec(code_of({"x": value}), names)

    assert (names["x"], reason) == (value, "")


def test_a_secret_is_written_as_where_it_is_found():
    assert code_of({"pw": SecretRef("secret:DB")}) == (
        "# Parameters\nimport os as _os\npw = _os.environ['LASTMILE_SECRET_DB']\n"
    )


def test_a_member_of_an_enum_is_written_with_the_cells_own_class():
    class Units(enum.Enum):
        METRIC = "me'tric"

    assert 'x = [Units("me\'tric")]' in code_of({"x": [Units.METRIC]})


def test_what_the_notebook_makes_itself_is_written_with_its_own_words():
    value = Built("pd.Timestamp({}, tz='UTC')", datetime(2024, 2, 1))  # noqa: DTZ001 - so

    assert code_of({"x": value}) == (
        "# Parameters\nimport datetime as _datetime\n"
        "x = pd.Timestamp(_datetime.datetime(2024, 2, 1, 0, 0), tz='UTC')\n"
    )


def test_sets_are_written_in_one_order():
    assert "x = {'a', 'b', 'c'}\n" in code_of({"x": {"c", "a", "b"}})


def test_other_objects_are_not_written_as_code():
    with pytest.raises(TypeError):
        code_of({"x": object()})


def test_the_cell_stands_behind_the_parameters_cell_once():
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# T"),
            v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}),
            v4.new_code_cell("x"),
        ]
    )
    for value in (2, 3):
        inject(notebook, {"x": value, "day": date(2015, 1, 2), "at": datetime(2015, 1, 2)})  # noqa: DTZ001

    assert [c.metadata.get("tags", []) for c in notebook.cells] == [[], ["parameters"], [TAG], []]
    assert "x = 3" in notebook.cells[2].source
    assert notebook.metadata["papermill"]["parameters"]["day"] == "2015-01-02"


def test_no_values_need_no_cell():
    notebook = v4.new_notebook(cells=[v4.new_code_cell("x")])
    inject(notebook, {})

    assert len(notebook.cells) == 1


def test_papermills_own_injection_keeps_the_types_with_our_engine(make_notebook, tmp_path):
    import papermill

    values = {"pair": (1, "a"), "tags": {"x"}, "day": date(2015, 1, 2), "deep": [(1,)], "n": 3}
    checks = [f"assert {name} == {code_of({name: value}).split(' = ')[-1].strip()}, {name}"
              for name, value in values.items()]  # fmt: skip
    notebook = make_notebook(
        tmp_path / "a.ipynb",
        ["import datetime as _datetime", *checks],
        "pair = (2, 'b')\ntags = set()\nday = None\ndeep = None\nn = None",
    )
    made = papermill.execute_notebook(
        str(notebook), str(tmp_path / "b.ipynb"), parameters=values, engine_name="lastmile",
        progress_bar=False,
    )  # fmt: skip
    saved = read(tmp_path / "b.ipynb", 4)

    assert made.metadata.papermill.parameters.tags == ["x"]
    assert saved.metadata.papermill.parameters.day == "2015-01-02"


def test_what_papermill_writes_right_is_left_as_it_is():
    cell = v4.new_code_cell("# Parameters\nx = [1,   2]", metadata={"tags": [TAG]})
    notebook = v4.new_notebook(cells=[cell])
    notebook.metadata["papermill"] = {"parameters": {"x": [1, 2]}}
    keep_types(notebook)

    assert notebook.cells[0].source == "# Parameters\nx = [1,   2]"
