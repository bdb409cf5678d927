"""A run that ended becomes deliveries; an attempt that did not succeed gets another, later.

All of it is pure: the same run and order always give the same deliveries with the same keys, so
that they can be queued in the transaction that records the run's end, by whichever process does.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from lastmile.addresses import parse_address
from lastmile.delivery.conditions import NotDecided, holds
from lastmile.delivery.definition import Deliver, Kind, owners_tables
from lastmile.values import SECRET, Delivery, DeliveryState, Run

FIRST_PAUSE = 15.0
LONGEST_PAUSE = 3600.0
"""Seconds between attempts: the pause doubles from the first to the longest."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has taken the delivery; `receipt` is its answer."""

    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """It did not work now and may work later, not before `seconds` where the other side said so."""

    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Never:
    """It cannot work, however often it is tried."""

    reason: str


Answer = Sent | Later | Never


def order_of(title: str, tables: Sequence[Deliver]) -> dict[str, Any] | None:
    """What is noted with a run when it begins, so that any process can queue its deliveries."""
    if not tables:
        return None
    dumped = [table.model_dump(mode="json", exclude_defaults=True) for table in tables]
    return {"title": title, "deliver": dumped}


def deliveries_of(
    run: Run, order: Mapping[str, Any], at: datetime, hold: float = 0.0
) -> list[Delivery]:
    """The deliveries of a run that has ended, queued `at`, each due `hold` seconds later.

    A recipient is served once, by the first table that is for the run and whose condition holds.
    A condition that has no answer gives dead deliveries with the reason: nobody is forgotten
    silently.
    """
    found: dict[str, Delivery] = {}
    for table in map(Deliver.model_validate, order["deliver"]):
        if not table.is_for(run.given, run.parameters):
            continue
        reason = ""
        try:
            if not holds(table.when, run):
                continue
        except NotDecided as undecided:
            reason = f"the condition `{table.when}` cannot be decided: {undecided}"
        for delivery in _each(run, table, order["title"], at, reason):
            due = at + timedelta(seconds=hold)
            found.setdefault(delivery.key, replace(delivery, due=due))
    return list(found.values())


def _each(run: Run, table: Deliver, title: str, at: datetime, dead: str) -> Iterator[Delivery]:
    without: set[str] = {table.kind}
    options = table.model_dump(mode="json", exclude_defaults=True, exclude=without)
    for address in table.addresses:
        yield Delivery(
            key=key_of(run, table.kind, address),
            run=run.key,
            report=run.report,
            kind=table.kind,
            address=shown(table.kind, address),
            order={
                "title": title,
                "deliver": {**options, table.kind: _one(table.kind, address)},
                "published": run.folder is not None,
            },
            state=DeliveryState.DEAD if dead else DeliveryState.WAITING,
            queued=at,
            due=at,
            reason=dead,
        )


def _one(kind: Kind, address: str) -> str | list[str]:
    return [address] if kind in ("mail", "chat") else address


def table_of(delivery: Delivery) -> Deliver:
    """The table that a delivery comes from, with its one recipient."""
    return Deliver.model_validate(delivery.order["deliver"])


def key_of(run: Run, kind: Kind, address: str) -> str:
    """The idempotency key of a run and a recipient: 32 hexadecimal digits."""
    same = parse_address(address).addr_spec if kind == "mail" else address
    parts = "\n".join((run.report, run.key, run.plan_id, kind, same))
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def shown(kind: Kind, address: str) -> str:
    """A recipient as it may be shown: the tokens in the address of a chat are not."""
    if kind == "chat" and not SECRET.fullmatch(address):
        return f"{urlsplit(address).scheme}://…"
    if kind in ("webhook", "store"):
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return address


def pause_after(delivery: Delivery) -> float:
    """Seconds from an attempt that did not work to the next; spread by a tenth, always the same."""
    spread = 0.9 + 0.2 * int(delivery.key[:4], 16) / 0xFFFF
    doubled = FIRST_PAUSE * 2.0 ** min(delivery.attempts - 1, 20)
    return float(min(doubled, LONGEST_PAUSE) * spread)


def next_step(
    delivery: Delivery, answer: Later | Never, at: datetime, give_up: float
) -> tuple[DeliveryState, datetime, str]:
    """State, next attempt and reason after an attempt that did not work.

    After `give_up` seconds in the outbox a delivery is dead.
    """
    if isinstance(answer, Never):
        return DeliveryState.DEAD, at, answer.reason
    due = at + timedelta(seconds=max(pause_after(delivery), answer.seconds))
    if due > delivery.queued + timedelta(seconds=give_up):
        tries = f"{delivery.attempts} attempts" if delivery.attempts > 1 else "1 attempt"
        return DeliveryState.DEAD, at, f"given up after {tries}: {answer.reason}"
    return DeliveryState.WAITING, due, answer.reason


def tally(deliveries: Iterable[Delivery]) -> dict[str, int]:
    """How many there are of each state that occurs."""
    counts: dict[str, int] = {}
    for delivery in deliveries:
        counts[delivery.state.value] = counts.get(delivery.state.value, 0) + 1
    return counts


def notices_of(
    owners: Iterable[str], about: str, report: str, told: Mapping[str, Any], at: datetime
) -> list[Delivery]:
    """Deliveries that tell owners of something that did not happen; `about` names it, once.

    `told` has the texts `title` and `message`, and `facts`, a list of pairs of texts.
    """
    found = []
    for table in owners_tables(owners):
        for address in table.addresses:
            key = hashlib.sha256("\n".join((about, table.kind, address)).encode()).hexdigest()[:32]
            order = {
                "title": told["title"],
                "deliver": table.model_dump(mode="json", exclude_defaults=True),
                "notice": dict(told),
            }
            found.append(
                Delivery(
                    key=key,
                    run="",
                    report=report,
                    kind=table.kind,
                    address=shown(table.kind, address),
                    order=order,
                    queued=at,
                    due=at,
                )
            )
    return found
