"""Letters: short, safe, and the same in HTML and in plain text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lastmile.delivery.conftest import ended_run

from lastmile.delivery.letter import LARGEST, as_html, as_text, letter_of, link_to, notice
from lastmile.values import Cause, CauseKind, State

TABLE = {"$table": {"columns": ["mm", "days"], "index": ["jan", "feb"], "index_names": [None],
                    "rows": [[1.5, 2], [None, 4]]}}  # fmt: skip


def test_title_state_values_and_link_stand_in_both_forms(tmp_path):
    run = ended_run(folder=tmp_path, files=("index.html", "run.json"), recorded={
        "rain_share": 0.7123456789, "by month": TABLE})  # fmt: skip
    letter = letter_of(run, "Rain", site="https://reports.example.org/")

    for form in (as_html(letter), as_text(letter)):
        assert "Rain" in form
        assert "Succeeded" in form
        assert "rain share" in form
        assert "0.712346" in form
        assert "https://reports.example.org/rain/20260301-060000-ab12/index.html" in form
        assert "feb" in form


def test_a_run_that_failed_tells_its_cause():
    cause = Cause(kind=CauseKind.CELL_ERROR, message="cell 2 raised KeyError: 'x'", cell=1)
    letter = letter_of(ended_run(state=State.FAILED, cause=cause), "Rain")

    assert "cell 2 raised KeyError: 'x'" in as_text(letter)
    assert "cell 2 raised KeyError" in as_html(letter)
    assert "Failed" in as_html(letter)


def test_without_a_site_the_place_is_told(tmp_path):
    run = ended_run(folder=tmp_path, files=("index.html",))

    assert link_to(run, None) == ""
    assert str(tmp_path) in as_text(letter_of(run, "Rain"))


def test_what_did_not_happen_is_a_letter_too():
    letter = notice("Rain", "it should have existed by 07:30", [("schedule", "daily")])

    assert "it should have existed by 07:30" in as_text(letter)
    assert "daily" in as_html(letter)


@pytest.mark.parametrize("count", [3, 400])
def test_the_html_stays_small_whatever_was_recorded(count):
    recorded = {f"value {n}": "<b>&\u4e2d" * 2_000 for n in range(count)}
    tables = {f"table {n}": TABLE for n in range(5)}
    cause = Cause(kind=CauseKind.CELL_ERROR, message="<" * 9_000)
    run = ended_run(recorded=recorded | tables, state=State.FAILED, cause=cause)
    html = as_html(letter_of(run, "&" * 900))

    assert len(html.encode()) <= LARGEST
    assert "more values are kept with the run" in html or count == 3


HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></table><h1>x",
     '" onmouseover="alert(1)', "javascript:alert(1)", "<a href='javascript:alert(1)'>x</a>",
     "<style>*{display:none}</style>", "{{ 7*7 }}", "{% raw %}", "&lt;script&gt;", "<!--"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_nothing_that_a_notebook_says_becomes_markup(title, name, value):
    table = {"$table": {"columns": [value], "index": [name], "index_names": [None],
                        "rows": [[value]]}}  # fmt: skip
    run = ended_run(
        parameters={name or "x": value}, recorded={"v": value, "t": table}, state=State.FAILED,
        cause=Cause(kind=CauseKind.CELL_ERROR, message=value),
    )  # fmt: skip
    html = as_html(letter_of(run, title, site="https://example.org"))
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([A-Za-z0-9]+)", html)}

    assert tags <= {"html", "head", "meta", "title", "body", "div", "table", "tbody", "tr", "td",
                    "th", "p", "h1", "h2", "a", "span"}  # fmt: skip
    assert not re.search(r"<[^>]*\son\w+\s*=", html)
    assert all(
        address.startswith("https://example.org") for address in re.findall(r'href="([^"]*)"', html)
    )


def test_a_letter_fits_a_phone_and_asks_nobody(browser, tmp_path):
    run = ended_run(folder=tmp_path, files=("index.html",), recorded={"a": TABLE, "rows": 3})
    page = browser.new_page(viewport={"width": 390, "height": 800})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    path = tmp_path / "letter.html"
    path.write_text(as_html(letter_of(run, "Rain", site="https://example.org")), encoding="utf-8")
    page.goto(path.as_uri())
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()

    assert width <= 390
    assert asked == [path.as_uri()]
