"""Conditions: what they may say, what they mean, and what they can never do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.delivery.conditions import NotDecided, check_condition, holds
from lastmile.values import State


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("succeeded", True),
        ("failed", False),
        ("not succeeded", False),
        ('state == "succeeded"', True),
        ('state in ["failed", "degraded"]', False),
        ("rain_share > 0.6", True),
        ("0.5 < rain_share <= 0.7", True),
        ("rows - 1 == 30 and rows / 2 > 15", True),
        ("-rows < 0", True),
        ('region == "north"', True),
        ('parameters.region != "north"', False),
        ('recorded["by month"] == [1, 2]', True),
        ('2 in recorded["by month"]', True),
        ("failed or rain_share > 0.6", True),
        ("failed and nothing_of_the_kind > 1", False),
    ],
)
def test_a_condition_holds_or_not(ended_run, text, answer):
    assert holds(check_condition(text), ended_run()) is answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a condition"),
        ("rain >", "not a condition"),
        ("a = 1", "not a condition"),
        ("faild", "did you mean `failed`"),
        ("suceeded and rows > 1", "did you mean `succeeded`"),
        ("__import__('os')", "cannot stand in a condition"),
        ("rows.real", "write recorded.NAME"),
        ("recorded.x.y", "write recorded.NAME"),
        ("recorded[rows]", "write recorded.NAME"),
        ("(lambda: 1)()", "cannot stand in a condition"),
        ("[x for x in rows]", "cannot stand in a condition"),
        ("f'{rows}'", "cannot stand in a condition"),
        ("rows ** 9", "only `and or not`"),
        ("rows is 3", "only `and or not`"),
        ("b'x' == 1", "cannot stand in a condition"),
        ("1 or " * 200 + "1", "at most 500 characters"),
        ("(" * 250, "not a condition"),
    ],
)
def test_what_is_no_condition_is_refused_when_a_file_is_read(text, reason):
    with pytest.raises(ValueError, match=reason):
        check_condition(text)


def test_an_unknown_value_of_a_good_run_is_told_with_the_nearest(ended_run):
    with pytest.raises(NotDecided, match=r"`rain_shar` is no value .* did you mean `rain_share`"):
        holds("rain_shar > 0.6", ended_run())
    with pytest.raises(NotDecided, match=r"`regoin` is no parameter"):
        holds("parameters.regoin == 1", ended_run())


def test_a_run_that_failed_need_not_have_recorded_anything(ended_run):
    failed = ended_run(state=State.FAILED, recorded={})

    assert holds("rain_share > 0.6", failed) is False
    assert holds("failed or rain_share > 0.6", failed) is True


@pytest.mark.parametrize("text", ["region > 3", "rows / 0 > 1", "region * 3 == 1", "-region < 1"])
def test_values_that_cannot_be_compared_give_no_answer(ended_run, text):
    with pytest.raises(NotDecided, match="has no answer"):
        holds(text, ended_run())


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="rows.()[]{}'\"=<>+-*/_ andortif0123456789,:@lambda", max_size=60))
def test_no_text_does_anything_but_give_an_answer(text):
    from tests.lastmile.delivery.conftest import ended_run

    try:
        answer = holds(check_condition(text), ended_run())
    except (ValueError, NotDecided):
        return
    assert answer in (True, False)
