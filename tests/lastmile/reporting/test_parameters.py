"""Parameters are read from the notebook's cell without running it."""

from datetime import date, datetime
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
    _, faults = resolve(parameters, {"mnth": "x", "days": "many"}, notebook="a.ipynb")

    assert [UnknownParameter, BadParameter] == [type(fault) for fault in faults]
    assert "did you mean `month`?" in str(faults[0])


def test_values_of_a_run_hold_all_that_is_known_before_it_starts():
    values, faults = resolve(read_parameters(CELL), {"days": "9"}, notebook="a.ipynb")

    assert faults == []
    assert (values["days"], values["month"]) == (9, "2015-11")
    assert "computed" not in values


def test_a_datetime_keeps_its_time():
    [parameter] = read_parameters("t = datetime(2015, 1, 2, 3, 4)")

    assert datetime(2015, 1, 2, 3, 4) == parameter.default  # noqa: DTZ001 - the notebook's own
    assert parameter.type_shown == "datetime"
