"""A value becomes its parameter's type without a loss, or is refused with the reason."""

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastmile.errors import BadParameter
from lastmile.reporting.kinds import show_type, type_of_value
from lastmile.reporting.parameter_types import convert, restored, same_from_json
from lastmile.reporting.parameters import read_parameters, resolve
from lastmile.reporting.written import Written
from lastmile.values import Built, plain

AT = datetime(2024, 5, 15, tzinfo=UTC)


def given_to(cell, raw):
    """What the last parameter of a cell becomes, and why it is refused."""
    parameters = read_parameters(cell)
    name = parameters[-1].name
    values, faults = resolve(parameters, {name: raw}, notebook="a.ipynb", logical_date=AT)
    return (values[name].value if name in values else None), " ".join(map(str, faults))


def same(value, expected):
    """Equal, and of the same types all the way down."""
    return value == expected and show_type(type_of_value(value)) == show_type(
        type_of_value(expected)
    )


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        ("x = [1, 2]", "3,4", [3, 4]),
        ("x = [1, 2]", " -3 , 4 ", [-3, 4]),
        ("x = [1, 2]", "[3, 4]", [3, 4]),
        ("x = [1, 2]", "(3, 4)", [3, 4]),
        ("x = [1, 2]", "3", [3]),
        ("x = [1, 2]", "[]", []),
        ("x = [0.5]", "1,2", [1.0, 2.0]),
        ("x = [True]", "yes,False,0", [True, False, False]),
        ("x = [date(2024, 1, 1)]", "2024-03-01,2024-03-02", [date(2024, 3, 1), date(2024, 3, 2)]),
        ("x = ['a']", "3,4", ["3", "4"]),
        ("x = ['a']", "\"Smith, John\",O'Brien,'a b', c d ",
         ["Smith, John", "O'Brien", "a b", "c d"]),
        ("x = ['a']", 'a,""', ["a", ""]),
        ("x = [[1]]", "[[1, 2], [3]]", [[1, 2], [3]]),
        ("x = [[1]]", "[1, 2], [3]", [[1, 2], [3]]),
        ("x = (1, 2)", "3,4,5", (3, 4, 5)),
        ("x = (1, 'a')", "2,3", (2, "3")),
        ("x = {'a'}", "b,c", {"b", "c"}),
        ("x = {'a'}", "{}", set()),
        ("x = frozenset({1})", "2", frozenset({2})),
        ("x = {'EUR': 1.0}", '{"EUR": 2}', {"EUR": 2.0}),
        ("x = {'EUR': 1.0}", "{'EUR': 2}", {"EUR": 2.0}),
        ("x: dict[int, list[float]] = {}", '{"1": [2]}', {1: [2.0]}),
        ("x = []", "3,a,true", [3, "a", True]),
        ("x = 2 * 30", "90", 90),
        ("x = -1", "-5", -5),
        ("x = Decimal('1.0')", "2.50", Decimal("2.50")),
        ("x = timedelta(days=2)", "P3D", timedelta(days=3)),
        ("x = dt.time(6, 30)", "07:15", time(7, 15)),
        ("x: UUID = None", f"{7:032x}", UUID(int=7)),
        ("x: list[int] | None = None", "3,4", [3, 4]),
        ("x: list[int] | None = None", "none", None),
        ("x: int | list[int] = 1", "3", 3),
        ("x: int | list[int] = 1", "3,4", [3, 4]),
        ("x: bool | int = True", "1", 1),
        ("x: Literal[1, 2] = 1", "2", 2),
        ("x: list[Literal['lo', 'hi']] = []", "lo,hi", ["lo", "hi"]),
    ],
)  # fmt: skip
def test_elements_keep_the_type_of_the_default(cell, text, value):
    found, faults = given_to(cell, Written(text))

    assert faults == ""
    assert same(found, value)


@pytest.mark.parametrize(
    ("cell", "text", "words"),
    [
        ("x = [1, 2]", "3,x", "[1]: input should be a valid integer"),
        ("x = [1, 2]", "1.5", "valid integer"),
        ("x = [1, 2]", "[3, true]", "[1]: input should be a valid integer"),
        ("x = [1, 2]", "", "[] is the empty list"),
        ("x = [1, 2]", "3,,4", "item 2 is empty"),
        ("x = [1, 2]", "3,", "item 2 is empty"),
        ("x = [1, 2]", "[3, 4", "begins with a bracket"),
        ("x = ['a']", "[north, south]", 'texts in it need quotes: ["a", "b"]'),
        ("x = ['a']", "", "[] is the empty list"),
        ("x = ['a']", '"a,b', "item 1 begins with a quote that does not end"),
        ("x = ['a']", "[1]", "valid string"),
        ("x = (1, 'a')", "1", "it must have 2 elements and has 1"),
        ("x = {'a': 1}", "a=1", "dictionary"),
        ("x = {'a': [1]}", '{"a": ["x"]}', "['a'][0]: input should be a valid integer"),
        ("x = {'a'}", '[["b"]]', "valid string"),
        ("x = set()", "[[1]]", "a set cannot hold lists"),
        ("x = f'run'.split()", "a,b", "its type is not known"),
        ("x = 2 * 30", "soon", "valid integer"),
        ("x = []", "2024-01-01", "its type is not known"),
        ("x = [1]", "[" * 300 + "]" * 300, "[0]: input should be a valid integer"),
        ("x = []", "[" * 60 + "]" * 60, "more than 50 levels"),
    ],
)
def test_what_is_not_of_the_type_is_refused_and_never_a_text(cell, text, words):
    _, faults = given_to(cell, Written(text))

    assert words in faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1e3", 1000.0),
        ('"3"', "3"),
        ("'3'", "3"),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ("[3, 4]", [3, 4]),
        ("(3, 4)", (3, 4)),
        ("{3}", {3}),
        ('{"a": [1]}', {"a": [1]}),
        ("date(2024, 1, 1)", date(2024, 1, 1)),
        ("north", "north"),
        ("two words", "two words"),
        ("/srv/data", "/srv/data"),
        ("./a.csv", "./a.csv"),
    ],
)
def test_where_no_type_is_known_a_literal_is_its_value_and_a_word_a_text(text, value):
    found, faults = given_to("x = None", Written(text))

    assert faults == ""
    assert same(found, value)


@pytest.mark.parametrize(
    "text",
    ["", "007", "2024-01-01", "3,4", "a,b", "10%", "yes", "none", "TRUE", "nan", "yesterday",
     "monday - 7d", "f(x)", "b'x'", "1j", "[/srv/data]", "[bold]", "2 * 3", "-"],
)  # fmt: skip
def test_where_no_type_is_known_what_could_be_something_else_needs_quotes(text):
    _, faults = given_to("x = None", Written(text))
    [told] = faults.splitlines()[:1]

    assert "its type is not known" in told
    assert "with the quotes, for a text" in told
    quoted, none = given_to("x = None", Written(f'"{text}"'))
    assert (quoted, none) == (text, "")


def test_where_the_default_is_computed_a_word_is_no_text_either():
    for cell in ("x = Level.LOW", "x = load()", "x: Unheard = None"):
        assert "its type is not known" in given_to(cell, Written("HIGH"))[1]
        assert given_to(cell, Written('"HIGH"')) == ("HIGH", "")
        assert given_to(cell, Written("3")) == (3, "")


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        ("x: int | str = 5", "7", 7),
        ("x: int | str = 5", '"7"', "7"),
        ("x: int | str = 5", "seven", "seven"),
        ("x: str | None = None", "None", None),
        ("x: str | None = None", "3", "3"),
        ("x: str | None = None", "", ""),
        ("x: float | str = 0.5", "2", 2.0),
        ("x: date | str = ''", "2024-01-01", date(2024, 1, 1)),
        ("x: list[int] | str = 'all'", "all", "all"),
        ("x: list[int] | str = 'all'", "3", [3]),
        ("x: list[int] | str = 'all'", "3,4", [3, 4]),
        ("x: list[str] | str = 'all'", "a", "a"),
        ("x: list[str] | str = 'all'", "a,b", ["a", "b"]),
        ("x = 'text'", "None", "None"),
        ("x = 'text'", '"a"', '"a"'),
    ],
)
def test_where_texts_and_others_are_allowed_a_text_that_is_one_of_the_others_is_that(
    cell, text, value
):
    found, faults = given_to(cell, Written(text))

    assert faults == ""
    assert same(found, value)


@pytest.mark.parametrize(
    ("cell", "raw"),
    [("x: int | str = 5", "7"), ("x = None", "3"), ("x = None", "a,b"), ("x = []", ["3", "a,b"])],
)
def test_a_text_of_python_or_toml_is_a_text_for_certain(cell, raw):
    found, faults = given_to(cell, raw)

    assert faults == ""
    assert same(found, raw)


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("cell", "raw", "value"),
    [
        ("x = [1]", ("3", 4), [3, 4]),
        ("x = [1]", np.array([3, 4]), [3, 4]),
        ("x = (1, 2)", [3, 4], (3, 4)),
        ("x = {1}", [3, 3], {3}),
        ("x = 1", np.int64(3), 3),
        ("x = 1", Colour.RED, 3),
        ("x = 0.5", 2, 2.0),
        ("x = 0.5", np.float64(0.5), 0.5),
        ("x = None", np.float64(0.5), 0.5),
        ("x = None", [np.int64(3), (1, {2})], [3, (1, {2})]),
        ("x = None", pd.Timestamp("2024-01-01"), datetime(2024, 1, 1)),  # noqa: DTZ001 - so
        ("x = datetime(2024, 1, 1)", date(2024, 2, 1), datetime(2024, 2, 1)),  # noqa: DTZ001 - so
    ],
)
def test_values_of_python_are_changed_only_where_nothing_is_lost(cell, raw, value):
    found, faults = given_to(cell, raw)

    assert faults == ""
    assert same(found, value)


@pytest.mark.parametrize(
    ("cell", "raw", "words"),
    [
        ("x = [1]", ["a"], "[0]: input should be a valid integer"),
        ("x = [1]", [True], "[0]: input should be a valid integer"),
        ("x = [1]", [1.5], "[0]: input should be a valid integer"),
        ("x = [1]", {1}, "it must be a list"),
        ("x = [1]", 1, "it must be a list"),
        ("x = ['a']", [1], "[0]: input should be a valid string"),
        ("x = {'a': 1}", [1], "it must be a dictionary"),
        ("x = Decimal('1')", 1.5, "Decimal"),
        ("x = None", object(), "of the type object"),
        ("x = None", [{"a": object()}], "[0]['a']: a notebook cannot be handed"),
        ("x = None", b"x", "of the type bytes"),
        ("x = None", pd.Timestamp(1, unit="ns"), "nanoseconds"),
        ("x = 'a'", "\udcff", "no text in UTF-8"),
        ("x = [Path('a')]", ["\udcff"], "no text in UTF-8"),
    ],
)
def test_values_of_python_that_do_not_fit_are_refused(cell, raw, words):
    _, faults = given_to(cell, raw)

    assert words in faults


@pytest.mark.parametrize(
    ("source", "text", "code", "argument"),
    [
        ("pd.Timestamp('2024-01-01')", "2024-02-01", "pd.Timestamp({})", datetime(2024, 2, 1)),  # noqa: DTZ001 - so
        ("pd.Timestamp('2024-01-01')", "yesterday", "pd.Timestamp({})", datetime(2024, 5, 14)),  # noqa: DTZ001 - so
        ("pd.Timestamp('2024-01-01', tz='UTC')", "2024-02-01", "pd.Timestamp({}, tz='UTC')",
         datetime(2024, 2, 1)),  # noqa: DTZ001 - so
        ("np.datetime64('2024-01')", "2024-02", "np.datetime64({})", "2024-02"),
        ("np.array([1, 2])", "3,4", "np.array({})", [3, 4]),
        ("Level('low')", "high", "Level({})", "high"),
        ("Money(5, currency='EUR')", "7", "Money({}, currency='EUR')", 7),
    ],
)  # fmt: skip
def test_what_the_notebook_makes_itself_is_made_of_the_new_value(source, text, code, argument):
    found, faults = given_to(f"x = {source}", Written(text))

    assert (found, faults) == (Built(code, argument), "")
    assert plain(found) == plain(argument)


@pytest.mark.parametrize(
    ("source", "text"),
    [("pd.Timestamp('2024-01-01')", "soon"), ("np.array([1])", "a"), ("Money(5)", "a")],
)
def test_what_the_notebook_makes_itself_is_made_of_the_same_kind_of_value(source, text):
    assert given_to(f"x = {source}", Written(text))[1] != ""


def test_a_fault_says_what_why_how_and_where_and_all_are_told_at_once():
    parameters = read_parameters("ids = [1]\nday = date(2024, 1, 1)\nk = None")
    raw = {"ids": "a", "day": "soon", "k": Written("a,b")}
    _, faults = resolve(parameters, raw, notebook="a.ipynb", logical_date=AT)

    assert [type(fault) for fault in faults] == [BadParameter] * 3
    for fault in faults:
        assert all(fault.to_dict().values())
        assert "a.ipynb" in fault.where


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates() | st.times() | st.timedeltas() | st.uuids()
    | st.decimals(allow_nan=False) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.tuples(inner, inner)
    | st.sets(st.integers()) | st.dictionaries(st.text("abc"), inner),
    max_leaves=6,
)  # fmt: skip


@given(VALUES)
def test_what_a_run_was_given_comes_back_from_its_record_where_json_or_its_type_says_enough(value):
    parameters = read_parameters("x = None")
    values, faults = resolve(parameters, {"x": value}, notebook="a.ipynb", logical_date=AT)
    found = values["x"]
    kind = type_of_value(value)
    exact = found.from_json or same_from_json(kind, value)
    again = restored({"x": plain(found.asked)}, {"x": found.type_shown})["x"]

    assert faults == []
    assert not exact or same(plain(again), plain(value))


@pytest.mark.parametrize(
    ("cell", "raw"),
    [
        ("x = None", date(2024, 1, 1)),
        ("x = None", {3, 4}),
        ("x = None", (3, 4)),
        ("x = None", "3"),
        ("x = None", Written("3")),
        ("x = None", Written("[3]")),
        ("x = None", float("inf")),
        ("x: int | str = 1", "3"),
        ("x: int | str = 1", Written("3")),
        ("x: date | str = ''", Written("2024-01-01")),
        ("x = [1]", Written("3,4")),
        ("x = (1, 2)", [3, 4]),
        ("x = pd.Timestamp('2024-01-01')", Written("2024-02-01")),
        ("x = Path('a')", Path("b")),
    ],
)
def test_what_is_recorded_means_the_same_when_it_is_read_again(cell, raw):
    parameters = read_parameters(cell)
    first, _ = resolve(parameters, {"x": raw}, notebook="a.ipynb", logical_date=AT)
    found = first["x"]
    back = restored({"x": plain(found.asked)}, {"x": found.type_shown})
    again, faults = resolve(parameters, back, notebook="a.ipynb", logical_date=AT)

    assert faults == []
    assert same(again["x"].value, found.value)


def test_one_reason_is_given_for_one_value():
    assert convert(list[int], ["a", "b"])[1].startswith("[0]: ")
