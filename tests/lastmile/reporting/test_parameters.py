"""Parameters are read from the notebook's cell without running it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lastmile.errors import BadDefinition, BadParameter, UnknownParameter
from lastmile.reporting.definition import ParameterRule
from lastmile.reporting.parameters import (
    UNKNOWN_DEFAULT,
    apply_rules,
    check,
    read_parameters,
    resolve,
)
from lastmile.reporting.secrets import SecretRef
from lastmile.values import plain

RUN = {"notebook": "a.ipynb", "logical_date": datetime(2015, 3, 1, tzinfo=UTC)}
CELL = """
from datetime import date
from typing import Literal, Optional

month: str = "2015-11"  # the month
# how many days
# to look back
days = 7
share: float = 0.5
loud = True
day: date = date(2015, 1, 2)
units: Literal["metric", "imperial"] = "metric"
regions: list[str] = ["a", "b"]
weights: "dict[str, float]" = {"a": 1.5}
limit: Optional[int] = None
other: int | None = 3
home: Path = Path("data")
computed = 2 * days
strange: np.ndarray = None
"""


def read() -> dict:
    return {parameter.name: parameter for parameter in read_parameters(CELL)}


@pytest.mark.parametrize(
    ("name", "shown", "default"),
    [
        ("month", "str", "2015-11"),
        ("days", "int", 7),
        ("share", "float", 0.5),
        ("loud", "bool", True),
        ("day", "date", date(2015, 1, 2)),
        ("units", "'metric' | 'imperial'", "metric"),
        ("regions", "list[str]", ["a", "b"]),
        ("weights", "dict[str, float]", {"a": 1.5}),
        ("limit", "int | None", None),
        ("other", "int | None", 3),
        ("home", "Path", Path("data")),
        ("computed", "any value", UNKNOWN_DEFAULT),
        ("strange", "any value", None),
    ],
)
def test_type_and_default_are_read(name, shown, default):
    parameter = read()[name]

    assert (shown, default) == (parameter.type_shown, parameter.default)


def test_help_is_the_comment_on_the_line_or_those_right_above():
    assert read()["month"].help == "the month"
    assert read()["days"].help == "how many days to look back"
    assert read()["share"].help == ""


def test_nothing_of_the_cell_is_run(tmp_path):
    trace = tmp_path / "trace"
    [parameter] = read_parameters(f"x: int = open({str(trace)!r}, 'w').write('ran')")

    assert UNKNOWN_DEFAULT is parameter.default
    assert not trace.exists()


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("days", "12", 12),
        ("share", "1e-3", 0.001),
        ("share", 2, 2.0),
        ("loud", "no", False),
        ("day", "2015-03-04", date(2015, 3, 4)),
        ("regions", "x, y", ["x", "y"]),
        ("regions", '["x, y"]', ["x, y"]),
        ("weights", '{"a": 2}', {"a": 2.0}),
        ("limit", "none", None),
        ("limit", "4", 4),
        ("month", "none", "none"),
        ("month", "'; import os #", "'; import os #"),
    ],
)
def test_a_value_becomes_what_its_type_says(name, raw, value):
    assert (value, "") == check(read()[name], raw)


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("days", "many", "integer"),
        ("days", True, "integer"),
        ("days", 1.5, "integer"),
        ("month", 11, "string"),
        ("day", "4.3.2015", "YYYY-MM-DD"),
        ("units", "metrik", "'metric' or 'imperial'"),
        ("weights", "a=1", "dictionary"),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason(name, raw, words):
    value, reason = check(read()[name], raw)

    assert raw == value
    assert words in reason


@pytest.mark.parametrize(
    ("rule", "good", "bad", "words"),
    [
        (ParameterRule(minimum=3), 3, 2, "below 3"),
        (ParameterRule(maximum=3), 3, 4, "above 3"),
        (ParameterRule(choices=(1, 2)), 2, 3, "one of 1, 2"),
        (ParameterRule(pattern=r"\d"), 3, 33, "match"),
    ],
    ids=["minimum", "maximum", "choices", "pattern"],
)
def test_limits_of_the_report_hold(rule, good, bad, words):
    [parameter], _ = apply_rules(
        read_parameters("x: int = 3"), {"x": rule}, notebook="a.ipynb", where="a.toml"
    )

    assert (good, "") == check(parameter, good)
    assert words in check(parameter, bad)[1]


def test_a_month_has_limits_and_a_form():
    rule = ParameterRule(type="month", minimum="2012-01", maximum="2015-12")
    [parameter], _ = apply_rules(
        read_parameters("m = '2015-11'"), {"m": rule}, notebook="a.ipynb", where="a.toml"
    )

    assert parameter.type_shown == "month"
    assert check(parameter, "2012-01")[1] == ""
    assert "YYYY-MM" in check(parameter, "2012-13")[1]
    assert "above 2015-12" in check(parameter, "2016-01")[1]


def test_rules_for_what_does_not_exist_and_wrong_values_are_faults():
    rules = {"y": ParameterRule(help="?"), "x": ParameterRule(value="many")}
    _, faults = apply_rules(read_parameters("x = 1"), rules, notebook="a.ipynb", where="a.toml")

    assert [UnknownParameter, BadDefinition] == [type(fault) for fault in faults]


def test_all_faults_of_a_request_are_found_and_the_nearest_name_is_offered():
    parameters = read_parameters(CELL)
    _, faults = resolve(parameters, {"mnth": "x", "days": "many"}, **RUN)

    assert [UnknownParameter, BadParameter] == [type(fault) for fault in faults]
    assert "did you mean `month`?" in str(faults[0])


def test_values_of_a_run_hold_all_that_is_known_before_it_starts():
    values, faults = resolve(read_parameters(CELL), {"days": "9"}, **RUN)

    assert faults == []
    assert (values["days"].value, values["month"].value) == (9, "2015-11")
    assert "computed" not in values


def test_a_datetime_keeps_its_time():
    [parameter] = read_parameters("t = datetime(2015, 1, 2, 3, 4)")

    assert datetime(2015, 1, 2, 3, 4) == parameter.default  # noqa: DTZ001 - the notebook's own
    assert parameter.type_shown == "datetime"


ENUMS = """
import enum
from enum import Enum, StrEnum

class Units(str, Enum):
    METRIC = "metric"
    IMPERIAL = "imperial"

class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

class Drawn(Enum):
    A = enum.auto()

class Plain:
    METRIC = "metric"

units: Units = Units.METRIC
level = Level.HIGH
maybe: Units | None = None
many: list[Level] = [1]
drawn: Drawn = Drawn.A
plain: Plain = Plain.METRIC
by_value: Units = Units("imperial")
"""


def enums() -> dict:
    return {parameter.name: parameter for parameter in read_parameters(ENUMS)}


@pytest.mark.parametrize(
    ("name", "shown", "default"),
    [
        ("units", "'metric' | 'imperial'", "'metric'"),
        ("level", "1 | 2", "2"),
        ("maybe", "'metric' | 'imperial' | None", "None"),
        ("many", "list[1 | 2]", "[1]"),
        ("drawn", "any value", "Drawn.A"),
        ("plain", "any value", "Plain.METRIC"),
        ("by_value", "'metric' | 'imperial'", "'imperial'"),
    ],
)
def test_an_enum_of_the_cell_is_a_type(name, shown, default):
    parameter = enums()[name]

    assert (shown, default) == (parameter.type_shown, parameter.default_shown)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("units", "imperial", "imperial"),
        ("units", "IMPERIAL", "imperial"),
        ("level", "2", 2),
        ("level", "LOW", 1),
        ("maybe", "metric", "metric"),
        ("maybe", "none", None),
        ("many", "1,2", [1, 2]),
    ],
)
def test_a_member_is_given_by_value_or_name(name, raw, value):
    found, reason = check(enums()[name], raw)

    assert reason == ""
    assert plain(found) == value


def test_no_member_is_told_what_the_members_are():
    assert "'metric' or 'imperial'" in check(enums()["units"], "metrik")[1]
    assert (
        check(replace(enums()["units"], rule=ParameterRule(choices=("metric",))), "imperial")[1]
        == "it must be one of 'metric'"
    )


MOMENTS = """
day: date = date(2015, 1, 1)
naive: datetime = datetime(2015, 1, 1)
aware: datetime = datetime(2015, 1, 1, tzinfo=UTC)
maybe: date | None = None
text: str = "today"
either: date | str = "today"
month: str = "2015-01"
"""
MONTH = {"month": ParameterRule(type="month", value="previous_month", minimum="2012-01")}


def resolved(**given):
    narrowed, faults = apply_rules(
        read_parameters(MOMENTS), MONTH, notebook="a.ipynb", where="a.toml"
    )
    assert faults == []
    return resolve(narrowed, given, **RUN)


@pytest.mark.parametrize(
    ("name", "raw", "value", "expression"),
    [
        ("day", "yesterday", date(2015, 2, 28), "yesterday"),
        ("day", "2015-02-03", date(2015, 2, 3), ""),
        ("naive", "yesterday", datetime(2015, 2, 28), "yesterday"),  # noqa: DTZ001 - so
        ("aware", "yesterday", datetime(2015, 2, 28, tzinfo=UTC), "yesterday"),
        ("maybe", "month_end", date(2015, 3, 31), "month_end"),
        ("maybe", "none", None, ""),
        ("month", "next_month", "2015-04", "next_month"),
        ("month", "2014-07", "2014-07", ""),
        ("text", "yesterday", "yesterday", ""),
        ("either", "yesterday", "yesterday", ""),
    ],
)
def test_an_expression_becomes_a_value_where_the_type_is_a_moment(name, raw, value, expression):
    values, faults = resolved(**{name: raw})

    assert faults == []
    assert (values[name].value, values[name].expression) == (value, expression)
    assert values[name].origin == "given"


def test_the_reports_file_may_hold_an_expression_whose_limits_are_checked_at_each_run():
    values, faults = resolved()
    assert (values["month"].value, values["month"].origin, faults) == ("2015-02", "report", [])

    _, faults = resolved(month="logical_date - 9y")
    assert "must not be below 2012-01" in str(faults[0])


def test_an_expression_that_can_never_be_right_is_a_fault_of_the_file():
    rules = {"month": ParameterRule(type="month", value="previus_month")}
    _, faults = apply_rules(read_parameters(MOMENTS), rules, notebook="a.ipynb", where="a.toml")

    assert [BadDefinition] == [type(fault) for fault in faults]
    assert "did you mean `previous_month`?" in str(faults[0])


def test_a_notebooks_own_default_is_never_an_expression():
    [parameter] = read_parameters('month: "month" = "previous_month"')
    _, faults = resolve([parameter], {}, **RUN)

    assert "a month is written as YYYY-MM" in str(faults[0])


def test_digits_alone_are_no_date():
    day = read_parameters(MOMENTS)[0]

    assert check(day, "20150301")[1] == "a date is written as YYYY-MM-DD"


def test_a_limit_without_a_zone_is_not_compared_with_a_value_that_has_one():
    aware = read_parameters(MOMENTS)[2]
    limited = replace(aware, rule=ParameterRule(minimum="2012-01-01T00:00"))

    assert "one has a time zone" in check(limited, "2015-01-01T00:00+00:00")[1]


def test_a_secret_keeps_to_parameters_that_take_any_text():
    cell = "a: str = ''\nb: int = 1\nc: str | None = None\nd: Literal['x'] = 'x'\ne = f()"
    given = dict.fromkeys("abcde", "secret:DB")
    values, faults = resolve(read_parameters(cell), given, **RUN)

    assert [fault.what.split("`")[1] for fault in faults] == ["b", "d"]
    assert all(isinstance(values[name].value, SecretRef) for name in "ace")


def test_a_secret_of_the_file_is_no_fault_of_its_pattern():
    rules = {"text": ParameterRule(value="secret:DB", pattern="[a-z]+")}
    narrowed, faults = apply_rules(
        read_parameters(MOMENTS), rules, notebook="a.ipynb", where="a.toml"
    )
    values, more = resolve(narrowed, {}, **RUN)

    assert (faults, more) == ([], [])
    assert values["text"].value == SecretRef("secret:DB")
