"""A run becomes deliveries: to whom, when, how often, and never twice under two keys."""

from datetime import timedelta

import pytest
from tests.lastmile.delivery.conftest import STARTED, ended_run

from lastmile.delivery.definition import Deliver, owners_tables
from lastmile.delivery.outbox import (
    Later,
    Never,
    deliveries_of,
    next_step,
    order_of,
    pause_after,
    table_of,
    tally,
)
from lastmile.values import DeliveryState, State


def queued(run, *tables, hold=0.0):
    order = order_of("Rain", tables)
    return deliveries_of(run, order, STARTED, hold) if order else []


def test_each_address_gets_a_delivery_of_its_own():
    found = queued(ended_run(), Deliver(mail=("a@x.org", "B <b@x.org>")), Deliver(folder="out/"))

    assert [(one.kind, one.address) for one in found] == [
        ("mail", "a@x.org"), ("mail", "B <b@x.org>"), ("folder", "out/"),
    ]  # fmt: skip
    assert len({one.key for one in found}) == 3
    assert all(one.state is DeliveryState.WAITING and one.due == STARTED for one in found)
    assert table_of(found[1]).addresses == ("B <b@x.org>",)


def test_a_recipient_is_served_once_a_run_however_often_he_is_named():
    tables = Deliver(mail="Ann <ann@x.org>", subject="first"), Deliver(mail="ann@X.org")
    (found,) = queued(ended_run(), *tables)

    assert table_of(found).subject == "first"
    assert [found] == queued(ended_run(), *tables)  # the same key each time
    assert found.key != queued(ended_run(key="another"), *tables)[0].key


@pytest.mark.parametrize(
    ("state", "hear"),
    [
        (State.SUCCEEDED, ["reader@x.org"]),
        (State.DEGRADED, ["owner@x.org"]),
        (State.FAILED, ["owner@x.org"]),
        (State.CANCELLED, []),
    ],
)
def test_failures_go_to_owners_and_not_to_readers(state, hear):
    tables = (Deliver(mail="reader@x.org"), *owners_tables(["owner@x.org"]))

    assert [one.address for one in queued(ended_run(state=state), *tables)] == hear


def test_a_run_goes_to_those_whom_its_values_are_for():
    tables = [Deliver(mail=f"{r}@x.org", **{"for": {"region": r}}) for r in ("north", "south")]

    assert [one.address for one in queued(ended_run(), *tables)] == ["north@x.org"]


def test_a_condition_without_an_answer_is_a_dead_delivery_and_no_silence():
    (found,) = queued(ended_run(), Deliver(mail="a@x.org", when="rain_shar > 0.6"))

    assert found.state is DeliveryState.DEAD
    assert "did you mean `rain_share`?" in found.reason


def test_the_tokens_of_addresses_are_not_shown():
    tables = (
        Deliver(chat=("json://user:hunter2@localhost/hunter2", "secret:SLACK")),
        Deliver(webhook="https://example.org/hook?token=hunter2"),
    )
    shown = [one.address for one in queued(ended_run(), *tables)]

    assert shown == ["json://…", "secret:SLACK", "https://example.org/hook"]


def test_deliveries_of_an_attempt_that_is_tried_again_wait():
    (found,) = queued(ended_run(), Deliver(mail="a@x.org"), hold=90)

    assert found.due - found.queued == timedelta(seconds=90)


def test_pauses_double_up_to_an_hour():
    (one,) = queued(ended_run(), Deliver(mail="a@x.org"))
    pauses = [pause_after(_tried(one, attempts)) for attempts in (1, 2, 3, 50)]

    assert pauses[1] == pytest.approx(2 * pauses[0])
    assert 13 < pauses[0] < 17
    assert 3200 < pauses[3] < 4000


def _tried(delivery, attempts):
    from dataclasses import replace

    return replace(delivery, attempts=attempts)


def test_what_cannot_work_is_dead_at_once_and_the_rest_after_its_time():
    (one,) = queued(ended_run(), Deliver(mail="a@x.org"))
    one = _tried(one, 1)

    assert next_step(one, Never("no such user"), STARTED, 100)[0] is DeliveryState.DEAD
    state, due, reason = next_step(one, Later("busy"), STARTED, 100)
    assert (state, reason) == (DeliveryState.WAITING, "busy")
    assert due > STARTED
    late = STARTED + timedelta(seconds=95)
    assert next_step(one, Later("busy"), late, 100)[::2] == (
        DeliveryState.DEAD, "given up after 1 attempt: busy",
    )  # fmt: skip
    assert next_step(one, Later("busy", seconds=50), STARTED, 100)[1] == STARTED + timedelta(
        seconds=50
    )


def test_states_are_counted():
    assert tally(queued(ended_run(), Deliver(mail=("a@x.org", "b@x.org")))) == {"waiting": 2}
