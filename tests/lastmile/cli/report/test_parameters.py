"""What arrives in the kernel has the type of the notebook's default, whatever way it came."""

import json
from datetime import date

import pytest

from lastmile import run_report
from lastmile.errors import BadParameter, Faults

DEFAULTS = """
import datetime as dt
import os
import numpy as np
import pandas as pd
from decimal import Decimal
from pathlib import Path
from typing import Literal, Optional, Union

ids = [1, 2]
rates = [0.5]
flags = [True]
days = [dt.date(2024, 1, 1)]
names = ["a"]
nested = [[1]]
pair = (1, "a")
tags = {"x"}
frozen = frozenset({1})
prices = {"EUR": 1.0}
minutes = 2 * 30
label = "a" + "b"
title = f"run-{minutes}"
user = os.environ.get("LASTMILE_TEST_NOBODY", "nobody")
start = pd.Timestamp("2024-01-01")
grid = np.array([1, 2])
price = Decimal("1.0")
folder = Path("data")
today = dt.date.today()
either: Union[int, str] = 5
maybe: Optional[int] = None
bare: list = [1]
sloppy: int = None
level: Literal["lo", "hi"] = "lo"
anything = None
"""
GIVEN = {
    "ids": "3,4",
    "rates": "1,2",
    "flags": "no,yes",
    "days": "2024-03-01,2024-03-02",
    "names": '"a, b",c',
    "nested": "[[2], [3, 4]]",
    "pair": "2,b",
    "tags": "y,z",
    "frozen": "2,3",
    "prices": '{"EUR": 2}',
    "minutes": "90",
    "label": "c",
    "title": "d",
    "user": "ann",
    "start": "2024-02-01",
    "grid": "3,4",
    "price": "2.50",
    "folder": "out",
    "today": "yesterday",
    "either": "7",
    "maybe": "3",
    "bare": "5",
    "sloppy": "4",
    "level": "hi",
    "anything": "3",
}
ARRIVED = """
import datetime as _dt
expected = {
    "ids": [3, 4],
    "rates": [1.0, 2.0],
    "flags": [False, True],
    "days": [_dt.date(2024, 3, 1), _dt.date(2024, 3, 2)],
    "names": ["a, b", "c"],
    "nested": [[2], [3, 4]],
    "pair": (2, "b"),
    "tags": {"y", "z"},
    "frozen": frozenset({2, 3}),
    "prices": {"EUR": 2.0},
    "minutes": 90,
    "label": "c",
    "title": "d",
    "user": "ann",
    "start": pd.Timestamp("2024-02-01"),
    "grid": np.array([3, 4]),
    "price": Decimal("2.50"),
    "folder": Path("out"),
    "today": _dt.date(2024, 5, 14),
    "either": 7,
    "maybe": 3,
    "bare": [5],
    "sloppy": 4,
    "level": "hi",
    "anything": 3,
}
for name, value in expected.items():
    found = globals()[name]
    assert type(found) is type(value), (name, found)
    assert repr(found) == repr(value) or found == value, (name, found)
    if isinstance(value, (list, tuple)):
        assert list(map(type, found)) == list(map(type, value)), (name, found)
"""


@pytest.fixture(name="root")
def _root(make_workspace):
    return make_workspace([ARRIVED], DEFAULTS, 'formats = ["html"]\n')


def pairs_of(given):
    return [word for name, text in given.items() for word in ("-p", f"{name}={text}")]


def test_every_type_arrives_from_the_command_line_is_recorded_and_comes_back(lastmile, root):
    words = (*pairs_of(GIVEN), "--as-of", "2024-05-15")
    answer = lastmile("report", "run", "plain", *words, "--json", cwd=root)
    run = json.loads(answer.out)
    record = json.loads(next(root.glob("reports/_built/plain/*-*/run.json")).read_text())
    again = lastmile("report", "reproduce", run["key"], "--json", cwd=root)

    assert (answer.code, run["cause"]) == (0, None)
    assert record["parameters"]["ids"] == [3, 4]
    assert record["parameters"]["tags"] == ["y", "z"]
    assert record["parameters"]["start"] == "2024-02-01T00:00:00"
    types = record["provenance"]["types"]
    assert (types["ids"], types["pair"], types["tags"], types["start"], types["anything"]) == (
        "list[int]", "tuple[int, str]", "set[str]", "pd.Timestamp", "int",
    )  # fmt: skip
    assert json.loads(again.out)["same_plan"]


def test_options_of_a_parameter_mean_the_same_as_pairs(lastmile, root):
    words = [word for name, text in GIVEN.items() for word in (f"--{name}", text)]
    by_option = lastmile(
        "report", "plan", "plain", *words, "--as-of", "2024-05-15", "--json", cwd=root
    )
    by_pair = lastmile(
        "report", "plan", "plain", *pairs_of(GIVEN), "--as-of", "2024-05-15", "--json", cwd=root
    )

    assert json.loads(by_option.out)["plan_id"] == json.loads(by_pair.out)["plan_id"]


def test_python_hands_over_values_and_gets_the_same_types(root):
    values = {
        **GIVEN,
        "ids": (3, 4),
        "rates": [1, 2],
        "flags": [False, True],
        "days": [date(2024, 3, 1), "2024-03-02"],
        "names": ["a, b", "c"],
        "nested": [[2], (3, 4)],
        "pair": (2, "b"),
        "tags": {"y", "z"},
        "prices": {"EUR": 2},
        "today": date(2024, 5, 14),
        "either": 7,
        "anything": 3,
    }
    run = run_report(
        "notebooks/plain.ipynb", values, root=root, formats=("html",), output=root / "out"
    )

    assert run.cause is None
    assert run.parameters["anything"] == 3


def test_python_is_told_what_does_not_fit_before_a_kernel_starts(root):
    values = {"ids": ["a"], "rates": [True], "pair": (1,), "anything": object()}
    with pytest.raises(Faults) as raised:
        run_report("notebooks/plain.ipynb", values, root=root, output=root / "out")

    assert [type(fault) for fault in raised.value.faults] == [BadParameter] * 4
    assert not (root / "out").exists()


def test_the_command_line_is_told_all_that_does_not_fit_before_a_kernel_starts(lastmile, root):
    wrong = {"ids": "3,x", "rates": "", "pair": "1", "minutes": "soon", "start": "soon",
             "anything": "a,b", "level": "mid", "grid": "x"}  # fmt: skip
    answer = lastmile("report", "run", "plain", *pairs_of(wrong), "--json", cwd=root)
    errors = json.loads(answer.out)["errors"]

    assert answer.code == 2
    assert [error["code"] for error in errors] == ["bad-parameter"] * len(wrong)
    assert all(error[part] for error in errors for part in ("what", "why", "fix", "where"))
    assert not (root / "reports/_built").exists()


def test_the_reports_file_sets_typed_values(lastmile, make_workspace):
    report = """
formats = ["html"]
[parameters]
ids.value = [3, 4]
names.type = "list"
names.value = ["b"]
pair.value = [2, "b"]
tags.value = ["y"]
start.value = 2024-02-01
anything.value = "3"
maybe.type = "int"
"""
    cells = [
        "assert (ids, names, pair, tags, start, anything, maybe) == "
        "([3, 4], ['b'], (2, 'b'), {'y'}, pd.Timestamp('2024-02-01'), '3', None)"
    ]
    root = make_workspace(cells, DEFAULTS, report)
    good = lastmile("report", "run", "plain", "--json", cwd=root)
    (root / "reports/plain.toml").write_text(
        (root / "reports/plain.toml").read_text().replace("[3, 4]", '["a"]')
    )
    bad = lastmile("report", "run", "plain", cwd=root)

    assert (good.code, json.loads(good.out)["cause"]) == (0, None)
    assert bad.code == 2
    assert "`parameters.ids.value` is ['a']: [0]: input should be a valid integer" in bad.err


def test_a_schedule_hands_over_typed_values_and_is_told_of_others(lastmile, make_workspace):
    cells = ["assert (ids, pair, anything) == ([3, 4], (2, 'b'), '3')"]
    root = make_workspace(cells, DEFAULTS, 'formats = ["html"]\n')
    file = root / "schedule/plain.toml"
    head = 'report = "plain"\ncron = "0 6 * * *"\ntimezone = "UTC"\n[parameters]\n'
    file.write_text(head + 'ids = [3, 4]\npair = [2, "b"]\nanything = "3"\n')
    good = lastmile("schedule", "now", "plain", "--json", cwd=root)
    file.write_text(head + 'ids = ["a"]\n')
    bad = lastmile("schedule", "check", cwd=root)

    assert (good.code, json.loads(good.out)["run"]["cause"]) == (0, None)
    assert bad.code == 2
    assert "`ids` cannot be ['a']: [0]: input should be a valid integer" in bad.err
    assert "schedule/plain.toml" in bad.err


def test_a_backfill_takes_a_list_as_one_value_and_other_values_apart(lastmile, make_workspace):
    cells = [
        "assert (ids, pair) == ([3, 4], (2, 'b'))\n"
        "assert (type(anything), either) in ((int, 'x, y'), (int, 7)), (anything, either)"
    ]
    root = make_workspace(cells, DEFAULTS, 'formats = ["html"]\n')
    words = ("report", "backfill", "plain", "--from", "2024-01", "--to", "2024-01",
             "-p", "ids=3,4", "-p", "pair=2,b", "-p", "anything=1,2",
             "-p", 'either="x, y",7')  # fmt: skip
    answer = lastmile(*words, "--json", cwd=root)
    outcomes = json.loads(answer.out)
    again = lastmile(*words, "--json", cwd=root)
    empty = lastmile(*words, "-p", "level=lo,,hi", cwd=root)

    assert answer.code == 0, [o["run"] and o["run"]["cause"] for o in outcomes]
    assert len(outcomes) == 4
    assert {o["progress"] for o in json.loads(again.out)} == {"kept"}
    assert empty.code == 2
    assert "item 2 is empty" in empty.err


def test_a_plan_is_another_one_where_the_same_json_has_another_type(lastmile, root):
    def plan(text):
        answer = lastmile(
            "report", "plan", "plain", "-p", f"anything={text}", "--as-of", "2024-05-15", "--json",
            cwd=root,
        )  # fmt: skip
        return json.loads(answer.out)

    made = {text: plan(text) for text in ("[3]", "(3,)", "{3}", '"3"', "3")}
    rows = {
        text: next(row for row in found["parameters"] if row["name"] == "anything")
        for text, found in made.items()
    }

    assert len({found["plan_id"] for found in made.values()}) == 5
    assert {text: row["value_type"] for text, row in rows.items()} == {
        "[3]": "list[int]", "(3,)": "tuple[int, ...]", "{3}": "set[int]", '"3"': "str", "3": "int",
    }  # fmt: skip
    assert all(row["type"] == "any value" for row in rows.values())


def test_plan_show_and_help_tell_the_types(lastmile, root):
    plan = lastmile("report", "plan", "plain", "-p", "ids=3,4", "-p", "anything=3", cwd=root).out
    show = lastmile("report", "show", "plain", cwd=root).out
    help_ = " ".join(lastmile("report", "run", "plain", "--help", cwd=root).out.split())

    assert "ids\t[3, 4]\tgiven\tlist[int]\n" in plan
    assert "anything\t3\tgiven\tint\n" in plan
    assert "minutes\t\tcomputed by the notebook: 2 * 30\tint\n" in plan
    assert "start\tpd.Timestamp\tpd.Timestamp('2024-01-01')\n" in show
    assert "tags\tset[str]\t{'x'}\n" in show
    assert "--ids A,B" in help_
    assert "--prices JSON" in help_
    assert "--minutes INTEGER" in help_
