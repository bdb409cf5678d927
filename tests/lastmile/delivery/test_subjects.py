"""Subjects: one line, whatever stands in a notebook."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastmile.delivery.subjects import check_subject, one_line, subject_of
from lastmile.values import State


def test_names_in_braces_are_filled_in_once(ended_run):
    run = ended_run(recorded={"region": "{title}", "rows": 3})

    assert subject_of("{title}: {region}, {rows} rows, {date}", run, "Rain") == (
        "Rain: {title}, 3 rows, 2026-03-01"
    )


def test_a_run_that_is_not_good_says_so_first(ended_run):
    assert subject_of("{title}", ended_run(state=State.FAILED), "Rain") == "[failed] Rain"


@pytest.mark.parametrize("text", ["", "a\nb", "{title", "}{", "{a.b}", "{}", "x" * 201, "{0}"])
def test_what_cannot_be_filled_in_is_refused_when_a_file_is_read(text):
    with pytest.raises(ValueError, match=r"subject|brace|names nothing"):
        check_subject(text)


@given(st.text())
def test_a_subject_is_always_one_bounded_line(text):
    line = one_line(text)

    assert line == "" or line.isprintable()
    assert len(line) <= 200
