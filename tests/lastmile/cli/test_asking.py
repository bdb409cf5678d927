"""A report's parameters are options, and `plan` says what would be done with them."""

import json

import pytest

PARAMETERS = """
from enum import Enum
class Units(str, Enum):
    METRIC = "metric"
    IMPERIAL = "imperial"

month: str = "2015-11"  # the month
wet_day: float = 1.0  # from this much rain
loud: bool = True
units: Units = Units.METRIC
regions: list[str] = ["north"]
format: str = "wide"  # how wide
computed = 2 * 3
"""
REPORT = """
[parameters.month]
type = "month"
minimum = "2012-01"
maximum = "2015-12"
[parameters.wet_day]
value = 2.5
"""


@pytest.fixture(name="root")
def _root(make_workspace):
    cells = ["print(month, wet_day, loud, units.value, regions, format, computed)"]
    return make_workspace(cells, PARAMETERS, REPORT)


def plan_of(lastmile, root, *words):
    answer = lastmile("report", "plan", "plain", *words, "--json", cwd=root)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def values_of(plan):
    return {row["name"]: row["value"] for row in plan["parameters"]}


def test_help_lists_a_real_option_for_each_parameter(lastmile, root):
    answer = lastmile("report", "run", "plain", "--help", cwd=root)
    words = " ".join(answer.out.split())

    assert "Parameters of plain: --month YYYY-MM the month" in words
    assert "[default: 2015-11; from 2012-01; to 2015-12]" in words
    assert "--wet-day NUMBER from this much rain [default: 2.5]" in words
    assert "--loud / --no-loud [default: True]" in words
    assert "--units [metric|imperial] [default: metric]" in words
    assert "--regions A,B" in words
    assert "--computed INTEGER [default: 2 * 3]" in words


def test_a_name_that_the_command_has_taken_is_set_with_p_and_help_says_so(lastmile, root):
    answer = lastmile("report", "run", "plain", "--help", cwd=root)
    words = " ".join(answer.out.split())

    assert "Set with -p only, because the command has such an option: -p format=TEXT how" in words
    assert values_of(plan_of(lastmile, root, "-p", "format=slim"))["format"] == "slim"


def test_without_a_name_there_is_the_ordinary_help(lastmile, root, tmp_path):
    inside = lastmile("report", "run", "--help", cwd=root)
    elsewhere = tmp_path.parent
    outside = lastmile("report", "run", "--help", cwd=elsewhere)

    assert "Parameters of" not in inside.out
    assert inside.out == outside.out


def test_options_and_pairs_say_the_same(lastmile, root):
    by_option = plan_of(
        lastmile, root, "--month", "2014-07", "--no-loud", "--wet-day=3", "--regions", "a,b",
        "--units", "IMPERIAL", "--as-of", "2015-01-01",
    )  # fmt: skip
    by_pair = plan_of(
        lastmile, root, "-p", "month=2014-07", "-p", "loud=no", "-p", "wet_day=3",
        "-p", "regions=a,b", "-p", "units=imperial", "--as-of", "2015-01-01",
    )  # fmt: skip

    assert values_of(by_option) == {
        "month": "2014-07", "wet_day": 3.0, "loud": False, "units": "imperial",
        "regions": ["a", "b"], "format": "wide", "computed": None,
    }  # fmt: skip
    assert by_option["plan_id"] == by_pair["plan_id"]


def test_options_may_stand_before_the_name(lastmile, root):
    answer = lastmile("report", "plan", "--month", "2014-07", "plain", "--json", cwd=root)

    assert values_of(json.loads(answer.out))["month"] == "2014-07"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--mnth", "2014-07"), "--month"),
        (("--wet_day", "3"), "--wet-day"),
        (("--month",), "requires an argument"),
        (("--month", "2014-07", "-p", "month=2014-08"), "-p sets it to '2014-08' as well"),
        (("--month", "2011-01"), "must not be below 2012-01"),
        (("--month", "previous"), "did you mean `previous_year`?"),
        (("--units", "metrik"), "'metric' or 'imperial'"),
        (("--as-of", "soon"), "`soon` is not a moment"),
        (("--wet-day", "today"), "valid number"),
    ],
)
def test_what_is_wrong_is_told_with_the_nearest(lastmile, root, words, told):
    answer = lastmile("report", "plan", "plain", *words, cwd=root)

    assert answer.code == 2
    assert told in answer.err


def test_a_run_takes_options_and_expressions(lastmile, root):
    answer = lastmile(
        "report", "run", "plain", "--month", "previous_month", "--as-of", "2015-03-01",
        "--units", "imperial", "--format", "html", "--json", cwd=root,
    )  # fmt: skip
    run = json.loads(answer.out)
    [page] = root.glob("reports/_built/plain/*-*/index.html")

    assert run["parameters"]["month"] == "2015-02"
    assert run["given"]["month"] == "previous_month"
    assert run["logical_date"] == "2015-03-01T00:00:00+00:00"
    assert "2015-02 2.5 True imperial" in page.read_text()
    assert (
        run["plan_id"]
        == plan_of(
            lastmile, root, "--month", "2015-02", "--as-of", "2015-03-01", "--units", "imperial"
        )["plan_id"]
    )


def test_a_plan_says_where_each_value_came_from_and_runs_nothing(lastmile, root):
    plan = plan_of(lastmile, root, "--month", "month_start - 1m", "--as-of", "2015-03-15")
    origins = {row["name"]: (row["origin"], row["expression"]) for row in plan["parameters"]}

    assert origins["month"] == ("given", "month_start - 1m")
    assert origins["wet_day"] == ("report", "")
    assert origins["units"] == ("default", "")
    assert origins["computed"] == ("kernel", "2 * 3")
    assert (plan["kernel"], plan["language"]) == ("python3", "python")
    assert plan["files"] == ["index.html", "report.pdf", "notebook.ipynb", "run.json"]
    assert plan["limits"]["whole run"] == "60 min 00 s"
    assert (plan["earlier"], plan["skipped"]) == (None, [])
    assert not (root / "reports/_built").exists()


def test_a_plan_finds_the_good_run_that_was_made_of_it(lastmile, root):
    words = ("--month", "2015-02", "--as-of", "2015-03-15")
    run = json.loads(lastmile("report", "run", "plain", *words, "--json", cwd=root).out)
    again = plan_of(lastmile, root, *words, "--format", "html")
    other = plan_of(lastmile, root, "--month", "2015-03", "--as-of", "2015-03-15")

    assert again["earlier"] == run["key"]
    assert again["skipped"] == [
        "pdf: the report has it, but it was not asked for",
        f"all of it in a backfill: {run['key']} is good",
    ]
    assert other["earlier"] is None


def test_a_plan_knows_its_data_and_changes_with_it(lastmile, make_workspace):
    root = make_workspace(report='data = ["data/*.csv"]\n')
    (root / "data").mkdir()
    missing = lastmile("report", "plan", "plain", cwd=root)
    (root / "data/a.csv").write_text("one")
    before = plan_of(lastmile, root, "--as-of", "2015-03-15")
    shown = lastmile("report", "plan", "plain", cwd=root).out
    (root / "data/a.csv").write_text("two")
    after = plan_of(lastmile, root, "--as-of", "2015-03-15")

    assert missing.code == 2
    assert "no file matches `data/*.csv`" in missing.err
    assert f"data\tdata/a.csv, 3 B, {before['data']['data/a.csv']['sha256'][:12]}" in shown
    assert before["plan_id"] != after["plan_id"]


def test_a_plan_in_words_holds_the_same(lastmile, root):
    answer = lastmile(
        "report", "plan", "plain", "--month", "previous_month", "--as-of", "2015-03-15", cwd=root
    )

    assert "month\t2015-02\tgiven: previous_month" in answer.out
    assert "wet_day\t2.5\tset by the report" in answer.out
    assert "computed\t\tcomputed by the notebook: 2 * 3" in answer.out
    assert "logical date\t2015-03-15 00:00:00 UTC" in answer.out
    assert "makes\treports/_built/plain/RUN/index.html" in answer.out
    assert "made before\tno good run of this very plan" in answer.out


def test_a_plan_says_whether_its_secrets_are_found_and_never_what_they_are(
    lastmile, root, monkeypatch
):
    monkeypatch.setenv("KNOWN", "correct-horse")
    known = plan_of(lastmile, root, "-p", "format=secret:KNOWN")
    unknown = plan_of(lastmile, root, "-p", "format=secret:UNKNOWN")

    assert known["secrets"] == {"KNOWN": "found"}
    assert "UNKNOWN is not set" in unknown["secrets"]["UNKNOWN"]
    assert "correct-horse" not in json.dumps(known)
