import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

from matplotlib import pyplot as plt

from skycast import charts, evaluation, features, model_charts, month_charts, months, training
from skycast.data import daily_weather
from skycast.units import SYSTEMS

MONTH_CHARTS = [
    month_charts.running_rain,
    month_charts.calendar,
    month_charts.temperatures,
    month_charts.year_around,
]
MODEL_CHARTS = [model_charts.roc, model_charts.calibration, model_charts.months]


@pytest.fixture(autouse=True)
def close_all():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def found():
    rows = features.training_rows()
    simple = training.pipeline(training.candidates()["logistic regression, C = 0.1"])
    return evaluation.forecasts(simple.fit(rows[list(features.COLUMNS)], rows["rain"]))


def texts_inside(figure):
    """Whether every text of the figure lies inside its edges."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    texts = [*figure.texts, *axes.texts, axes.xaxis.label, axes.yaxis.label]
    boxes = [text.get_window_extent() for text in texts if text.get_text().strip()]
    whole = figure.get_tightbbox()
    inside = all(box.x0 >= -1 and box.x1 <= figure.bbox.x1 + 1 for box in boxes)
    return inside and whole.x0 >= -0.01 and whole.x1 <= figure.get_figwidth() + 0.01


@pytest.mark.parametrize("draw", MONTH_CHARTS, ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("month", ["2012-01", "2012-02", "2013-07", "2015-11", "2015-12"])
def test_a_month_is_drawn(draw, month):
    seen = months.compare(daily_weather(), month)
    figure, alt = draw(seen, SYSTEMS["imperial"])
    assert texts_inside(figure)
    assert len(alt) > 40
    assert "nan" not in alt


def test_the_calendar_has_a_square_for_every_day():
    figure, _ = month_charts.calendar(months.compare(daily_weather(), "2012-02"), SYSTEMS["metric"])
    corners = {(patch.get_x(), patch.get_y()) for patch in figure.axes[0].patches}
    assert len(corners) == 29
    first = figure.axes[0].patches[0]
    assert round(first.get_x() + 0.45) == 2  # 1 February 2012 was a Wednesday


def test_titles_say_what_the_numbers_say():
    seen = months.compare(daily_weather(), "2015-11")
    figure, alt = month_charts.year_around(seen, SYSTEMS["metric"])
    assert figure.get_suptitle().strip() == "Four of twelve months in 2015 were wetter than normal"
    assert "Nov 212.6, Dec 284.5" in alt


@pytest.mark.parametrize("draw", MODEL_CHARTS, ids=lambda draw: draw.__name__)
def test_the_quality_is_drawn(draw, found):
    figure, alt = draw(found)
    assert texts_inside(figure)
    assert "nan" not in alt


def test_the_candidates_are_drawn_with_the_best_named():
    import pandas as pd

    scores = pd.DataFrame(
        {"log_loss": [0.5, 0.51, 0.7], "spread": [0.02, 0.03, 0.01]},
        index=["tree, deep", "line", "base rate"],
    )
    figure, alt = model_charts.candidates(scores)
    assert figure.get_suptitle().startswith("Tree forecasts best, within the spread")
    assert alt.startswith("Log loss of each candidate, best first: tree, deep 0.500; line 0.510")


def test_a_chart_is_svg_without_prologue_address_or_date_and_the_same_again():
    def draw():
        figure, axes = charts.new()
        axes.plot([1, 2])
        charts.title(axes, "Up", "A line")
        return charts.svg(figure)

    text = draw()
    assert ET.fromstring(text).tag.endswith("svg")
    assert text.startswith("<svg")
    assert "date" not in text
    assert not re.findall(r'(?:href|src)="(?!#)', text)
    assert draw() == text


def test_a_chart_is_shown_once_with_its_words(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *data, **how: shown.append((data, how)))
    figure, _ = charts.new()
    charts.show(figure, alt="what it shows", caption="what it is")
    ((data,), how) = shown[0]
    assert data["text/plain"] == "what it shows"
    assert how["metadata"]["image/svg+xml"] == {"alt": "what it shows", "caption": "what it is"}
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize(
    ("places", "gap"),
    [([1.0, 1.0, 1.0], 0.5), ([3.0, 1.0, 1.1], 0.5), ([0.0, 9.0], 0.5), ([2.0], 1.0)],
)
def test_labels_are_moved_apart_and_keep_their_order(places, gap):
    moved = charts.spread(places, gap)
    assert np.argsort(moved, kind="stable").tolist() == np.argsort(places, kind="stable").tolist()
    assert (np.diff(sorted(moved)) >= gap * 0.999).all()
    assert sum(moved) == pytest.approx(sum(places))


def test_labels_that_do_not_touch_stay_where_they_are():
    assert charts.spread([0.0, 1.0, 5.0], 0.5) == [0.0, 1.0, 5.0]
