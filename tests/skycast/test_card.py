import pandas as pd
import pytest

from skycast import card, tables
from skycast.data import KINDS, daily_weather
from skycast.features import COLUMNS
from skycast.months import compare
from skycast.units import NBSP, SYSTEMS


def judged(ours, usual):
    rows = {
        "estimator": {"log_loss": 0.5, "accuracy": ours},
        "persistence": {"log_loss": 0.6, "accuracy": usual},
        "base rate": {"log_loss": 0.8, "accuracy": 0.6},
    }
    return pd.DataFrame.from_dict(rows, orient="index")


CANDIDATES = pd.DataFrame({"log_loss": {"a tree": 0.4, "a line": 0.5, "base rate": 0.7}})


@pytest.mark.parametrize(
    ("ours", "usual", "said"),
    [
        pytest.param(0.715, 0.704, "only 1.1 points better than", id="hardly better"),
        pytest.param(0.75, 0.70, "is 5.0 points better than", id="better"),
        pytest.param(0.70, 0.70, "is no better than", id="just as good"),
        pytest.param(0.69, 0.70, "only 1.0 points worse than", id="worse"),
    ],
)
def test_the_summary_is_honest_about_the_rule_of_thumb(ours, usual, said):
    text = card.summary(CANDIDATES, judged(ours, usual)).replace(NBSP, " ")
    assert said in text
    assert "**a tree**" in text
    assert "always saying `dry` is right on 60.0 %" in text
    assert "(38 % lower)" in text


def test_every_column_of_a_raw_row_is_explained():
    assert tuple(card.inputs().index) == COLUMNS
    assert all(kind in card.inputs().loc["weather", "Meaning"] for kind in KINDS)


def test_the_cost_is_told_in_kilobytes_and_milliseconds():
    taken = pd.DataFrame({"median": {"scikit-learn": 6.0, "ONNX Runtime": 0.5}})
    text = card.cost(taken, 13_100)
    assert "**13.1 kB**" in text
    assert "0.50 ms with ONNX Runtime and 6.00 ms with scikit-learn, 12 times" in text


def test_the_limits_count_the_rain_that_was_missed():
    found = pd.DataFrame({"happened": [True, True, False], "estimator": [0.1, 0.9, 0.1]})
    text = card.limits(found, daily_weather())
    assert "On 1 of the 2 wet days" in text
    assert "191 days were called *rain* in 2012 and 5 in 2015" in text


@pytest.mark.parametrize("system", ["metric", "imperial"])
def test_tables_of_a_month_hold_its_numbers(system):
    seen = compare(daily_weather(), "2015-11")
    html = tables.measures(seen, SYSTEMS[system]).to_html()
    assert {"metric": ">212.6<", "imperial": ">8.37<"}[system] in html
    assert {"metric": "Rain, total (mm)", "imperial": "Rain, total (in)"}[system] in html
    assert tables.days(seen, SYSTEMS[system]).to_html().count("<tr>") == 31


def test_a_table_is_the_same_again():
    seen = compare(daily_weather(), "2012-02", compare_years=2)
    shown = tables.years(seen, SYSTEMS["metric"]).to_html()
    assert shown == tables.years(seen, SYSTEMS["metric"]).to_html()
    assert shown.count('class="col_heading') == 3
