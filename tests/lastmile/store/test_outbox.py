"""The outbox: queued with a run's end, claimed once, settled by the holder of the claim only."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lastmile.errors import StoreUnusable
from lastmile.store import RunLog
from lastmile.values import Delivery, DeliveryState, Run, State

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(name="log")
def _log(url):
    with RunLog(url) as log:
        yield log


def run(key="k1", **keys) -> Run:
    given = {"report": "sales", "state": State.RUNNING, "parameters": {}, "started": START}
    return Run(key=key, **(given | keys))


def delivery(key="d1", **keys) -> Delivery:
    given = {
        "run": "k1",
        "report": "sales",
        "kind": "mail",
        "address": "a@x.org",
        "order": {"n": 1},
    }
    return Delivery(key=key, **(given | {"queued": START, "due": START} | keys))


def test_deliveries_are_queued_with_the_end_of_their_run(log):
    log.begin(run(), deliver={"title": "Sales"})
    assert log.outbox.find() == []

    log.end(run(state=State.SUCCEEDED), lambda run, order: [delivery(order=dict(order))])

    assert log.outbox.find(run="k1") == [delivery(order={"title": "Sales"})]
    assert log.find("k1").state is State.SUCCEEDED


def test_neither_the_end_nor_a_delivery_is_recorded_when_the_other_fails(log):
    def broken(_run, _order):
        yield delivery()
        raise RuntimeError

    log.begin(run(), deliver={"title": "Sales"})
    with pytest.raises(RuntimeError):
        log.end(run(state=State.SUCCEEDED), broken)

    assert log.find("k1").state is State.RUNNING
    assert log.outbox.find() == []


def test_an_end_that_is_recorded_twice_queues_once(log):
    log.begin(run(), deliver={"title": "Sales"})
    for _ in range(2):
        log.end(run(state=State.SUCCEEDED), lambda _run, _order: [delivery(), delivery("d2")])

    assert len(log.outbox.find()) == 2


def test_a_run_without_recipients_queues_nothing(log):
    log.begin(run())
    log.end(run(state=State.SUCCEEDED), lambda _run, _order: [delivery()])

    assert log.outbox.find() == []


def test_the_next_attempt_takes_the_place_of_what_waits(log):
    log.begin(run())
    log.outbox.add([delivery(), delivery("d2", state=DeliveryState.SENT)])
    log.begin(run("k2"), replaces="k1")

    states = {one.key: one.state.value for one in log.outbox.find()}
    assert states == {"d1": "superseded", "d2": "sent"}


def test_a_delivery_is_claimed_once_and_only_when_it_is_due(log):
    log.outbox.add([delivery("late", due=START + MINUTE), delivery("d1")])

    first = log.outbox.claim("one", now=START, lease=60)
    assert first == delivery("d1", state=DeliveryState.SENDING, attempts=1)
    assert log.outbox.claim("two", now=START, lease=60) is None
    assert log.outbox.claim("two", now=START + MINUTE, lease=60).key == "late"


def test_the_claim_of_a_sender_that_is_gone_passes_to_another(log):
    log.outbox.add([delivery()])
    held = log.outbox.claim("gone", now=START, lease=60)

    taken = log.outbox.claim("two", now=START + 2 * MINUTE, lease=60)

    assert taken.attempts == 2
    assert log.outbox.settle(replace(held, state=DeliveryState.DEAD), "gone") is False
    assert log.outbox.extend("d1", "gone", until=START + 9 * MINUTE) is False
    assert log.outbox.settle(replace(taken, state=DeliveryState.SENT, sent=START), "two") is True
    assert log.outbox.find()[0].state is DeliveryState.SENT


def test_a_claim_that_is_extended_is_kept(log):
    log.outbox.add([delivery()])
    log.outbox.claim("one", now=START, lease=60)

    assert log.outbox.extend("d1", "one", until=START + 5 * MINUTE)
    assert log.outbox.claim("two", now=START + 2 * MINUTE, lease=60) is None
    assert log.outbox.next_due() == START + 5 * MINUTE


def test_dead_deliveries_can_be_tried_again(log):
    log.outbox.add([delivery(state=DeliveryState.DEAD, attempts=9), delivery("d2", run="k2")])

    assert log.outbox.revive(now=START + MINUTE, run="k1") == 1
    assert log.outbox.find(run="k1")[0].attempts == 0
    assert log.outbox.find(run="k1")[0].state is DeliveryState.WAITING
    assert log.outbox.counts()[DeliveryState.WAITING] == 2
    assert log.outbox.next_due() == START


def test_senders_at_the_same_time_never_claim_the_same(url):
    with RunLog(url) as log:
        log.outbox.add(delivery(f"d{number}") for number in range(60))
    code = f"""
from datetime import datetime, UTC
from lastmile.store import RunLog
import sys
with RunLog({url!r}) as log:
    while found := log.outbox.claim(sys.argv[1], now=datetime.now(UTC), lease=60):
        print(found.key)
"""
    senders = [
        subprocess.Popen([sys.executable, "-c", code, name], stdout=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    claimed = [line for sender in senders for line in sender.communicate()[0].split()]

    assert [sender.returncode for sender in senders] == [0, 0, 0]
    assert sorted(claimed) == sorted(f"d{number}" for number in range(60))


def test_a_run_log_out_of_reach_is_told(tmp_path):
    log = RunLog(f"sqlite:///{tmp_path}/store.db")
    log.close()
    (tmp_path / "store.db").write_text("not a database, but long enough to be read as one" * 50)
    for name in ("store.db-wal", "store.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)

    with pytest.raises(StoreUnusable):
        log.outbox.claim("one", now=START, lease=60)
