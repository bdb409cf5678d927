"""Deliver what is in the outbox: rounds of a sender, of which any number may be at work.

A claim is a lease that is renewed while an attempt goes on. A sender that is killed lets it run
out, and another makes the attempt again, with the same Message-ID and the same key: who keeps those
sees the report once, anybody else at most twice.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event, Thread

from lastmile.clock import Clock, now
from lastmile.delivery.outbox import Answer, Sent, next_step
from lastmile.errors import LastmileError
from lastmile.jobs.dispatch import Dispatch
from lastmile.store import RunLog
from lastmile.values import Delivery, DeliveryState
from lastmile.workspace import Workspace

LEASE = 60.0
"""Seconds after which the delivery of a sender that is gone is taken up by another."""

_MARKS = 8
"""How often the run log is asked again to take what became of a delivery."""


@dataclass(slots=True)
class Round:
    """What a round did: deliveries as they were left, in the order of the attempts."""

    made: list[Delivery] = field(default_factory=list)

    def count(self, state: DeliveryState) -> int:
        """How many were left in this state."""
        return sum(delivery.state is state for delivery in self.made)


def send_due(
    workspace: Workspace,
    log: RunLog | None = None,
    *,
    limit: int | None = None,
    clock: Clock = now,
    on_made: Callable[[Delivery], None] = lambda _delivery: None,
) -> Round:
    """Make an attempt at every delivery that is due, at most `limit`.

    Raises:
        StoreUnusable: the run log cannot be reached. What was sent and could not be marked is
            sent once more, with the same Message-ID.
    """
    if log is None:
        with RunLog(workspace.store_url) as opened:
            return send_due(workspace, opened, limit=limit, clock=clock, on_made=on_made)
    sender = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    done = Round()
    with Dispatch(workspace, log, clock) as dispatch:
        while limit is None or len(done.made) < limit:
            delivery = log.outbox.claim(sender, now=clock(), lease=LEASE)
            if delivery is None:
                break
            with _kept(log, delivery, sender, clock):
                answer = dispatch.carry_out(delivery)
            left = _left(delivery, answer, clock, workspace.settings.give_up)
            _mark(log, left, sender)
            done.made.append(left)
            on_made(left)
    return done


def _left(delivery: Delivery, answer: Answer, clock: Clock, give_up: float) -> Delivery:
    """The delivery as an attempt leaves it."""
    at = clock()
    if isinstance(answer, Sent):
        return replace(
            delivery, state=DeliveryState.SENT, sent=at, receipt=answer.receipt, reason=""
        )
    state, due, reason = next_step(delivery, answer, at, give_up)
    return replace(delivery, state=state, due=due, reason=reason)


def _mark(log: RunLog, delivery: Delivery, sender: str) -> None:
    """Record what became of an attempt; a database that is away for a moment is waited for."""
    for attempt in range(_MARKS):
        try:
            log.outbox.settle(delivery, sender)
        except LastmileError:
            if attempt == _MARKS - 1:
                raise
            time.sleep(0.1 * 2**attempt)
        else:
            return


@contextmanager
def _kept(log: RunLog, delivery: Delivery, sender: str, clock: Clock) -> Iterator[None]:
    """Renew a claim for as long as the block takes."""
    done = Event()

    def renew() -> None:
        while not done.wait(LEASE / 3):
            with suppress(LastmileError):
                log.outbox.extend(delivery.key, sender, until=clock() + timedelta(seconds=LEASE))

    thread = Thread(target=renew, name="lastmile-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
