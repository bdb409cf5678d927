"""`lastmile deliver`: what is in the outbox, and getting it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import note, path_shown, say, say_json, say_table, styled
from lastmile.cli.state import Door, with_door
from lastmile.values import Delivery, DeliveryState

if TYPE_CHECKING:
    from lastmile.jobs.deliver import Round

_STYLES = {
    DeliveryState.WAITING: "cyan",
    DeliveryState.SENDING: "cyan",
    DeliveryState.SENT: "green",
    DeliveryState.DEAD: "bold red",
    DeliveryState.SUPERSEDED: "dim",
}
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print it for programs.")


@click.group()
def deliver() -> None:
    """Send what is in the outbox, and look at it.

    A report whose mail could not be sent waits here and is tried again, less and less often, for
    three days (`give_up`). Any number of senders may run.
    """


@deliver.command(
    epilog="""
\b
Examples:
  lastmile deliver run
  lastmile deliver run --watch        until Ctrl-C
"""
)
@click.option("--limit", type=click.IntRange(1), help="Attempts at most.")
@click.option("--watch", is_flag=True, help="Go on: send whatever becomes due.")
@as_json_option
@with_door
def run(door: Door, limit: int | None, watch: bool, as_json: bool) -> int:
    """Send what is due now; the exit code is 1 where something did not go."""
    import time

    from lastmile.jobs.deliver import send_due
    from lastmile.store import RunLog

    with RunLog(door.workspace.store_url) as log:
        while True:
            done = send_due(door.workspace, log, limit=limit, on_made=_told(quiet=as_json))
            if not watch:
                break
            time.sleep(2)
    return _answer(done, as_json=as_json)


@deliver.command(
    epilog="""
\b
Examples:
  lastmile deliver status                       what waits, what is dead, what was sent last
  lastmile deliver status --dead
  lastmile deliver status 20261122-191001-6544 --json
"""
)
@click.argument("run", required=False)
@click.option("--report", metavar="NAME", help="Only deliveries of this report.")
@click.option("--dead", is_flag=True, help="Only those that are not tried any more.")
@click.option("-n", "limit", default=20, show_default=True, type=click.IntRange(1), help="Rows.")
@as_json_option
@with_door
def status(door: Door, /, run: str | None, dead: bool, as_json: bool, **chosen: Any) -> int:
    """Show deliveries, of the run RUN or of all; the exit code is 1 where one is dead."""
    from lastmile.store import RunLog

    if chosen["report"]:
        door.workspace.definition("report", chosen["report"])
    with RunLog(door.workspace.store_url) as log:
        if run:
            log.find(run)
        states = [DeliveryState.DEAD] if dead else []
        found = log.outbox.find(run=run, states=states, **chosen)
        counts = log.outbox.counts()
    if as_json:
        say_json(
            {
                "counts": {state.value: count for state, count in counts.items()},
                "deliveries": [delivery_as_json(delivery) for delivery in found],
            }
        )
    else:
        say_deliveries(found)
        told = [f"{count} {state.value}" for state, count in counts.items() if count]
        say(", ".join(told) or "nothing was to be delivered yet", "dim")
    return 1 if any(delivery.state is DeliveryState.DEAD for delivery in found) else 0


@deliver.command(
    epilog="""
\b
Examples:
  lastmile deliver retry 20261122-191001-6544
  lastmile deliver retry --all
"""
)
@click.argument("run", required=False)
@click.option("--all", "all_", is_flag=True, help="Deliveries of every run.")
@as_json_option
@with_door
def retry(door: Door, run: str | None, all_: bool, as_json: bool) -> int:
    """Try what is dead or waiting again, now: of the run RUN, or all of it."""
    from lastmile.clock import now
    from lastmile.jobs.deliver import send_due
    from lastmile.store import RunLog

    if (run is None) != all_:
        raise click.UsageError("name a run, or say --all")
    with RunLog(door.workspace.store_url) as log:
        if run:
            log.find(run)
        revived = log.outbox.revive(now=now(), run=run)
        if not as_json:
            note(f"{revived} to try again")
        done = send_due(door.workspace, log, on_made=_told(quiet=as_json))
    return _answer(done, as_json=as_json)


@deliver.command(
    epilog="""
\b
Examples:
  lastmile deliver preview 20261122-191001-6544
  lastmile deliver preview latest-run-key --to ann@example.org --output /tmp/mail
"""
)
@click.argument("run")
@click.option(
    "--to", multiple=True, metavar="TARGET", help="Instead of those it was or would be for."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for the .eml files; by default, the present one.",
)
@as_json_option
@with_door
def preview(door: Door, run: str, to: Sequence[str], output: Path, as_json: bool) -> None:
    """Show who would get the run RUN, and write each mail as a file; nothing is sent.

    An .eml file opens in any mail program.
    """
    from lastmile.jobs.recipients import preview as write
    from lastmile.store import RunLog

    with RunLog(door.workspace.store_url) as log:
        found = write(door.workspace, log, run, to, output.resolve())
    if as_json:
        say_json([delivery_as_json(one) | {"file": path and str(path)} for one, path in found])
        return
    say_table(
        ("by", "to", "", ""),
        (
            [one.kind, one.address, path_shown(path) if path else "", one.reason]
            for one, path in found
        ),
    )


def delivery_as_json(delivery: Delivery) -> dict[str, Any]:
    """A delivery for programs, without what only a sender needs."""
    return {
        "key": delivery.key,
        "run": delivery.run,
        "report": delivery.report,
        "kind": delivery.kind,
        "address": delivery.address,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "queued": delivery.queued.isoformat(),
        "due": delivery.due.isoformat(),
        "sent": delivery.sent.isoformat() if delivery.sent else None,
        "reason": delivery.reason,
        "receipt": delivery.receipt,
    }


def say_deliveries(deliveries: Sequence[Delivery]) -> None:
    """Deliveries, one a row."""
    say_table(
        ("run", "to", "state", "tries", "when", "why"),
        (
            [
                one.run,
                one.address,
                styled([(one.state.value, _STYLES[one.state])]),
                str(one.attempts),
                _when(one),
                one.reason,
            ]
            for one in deliveries
        ),
    )


def _when(delivery: Delivery) -> str:
    if delivery.sent:
        return f"{delivery.sent:%Y-%m-%d %H:%M}"
    if delivery.state is DeliveryState.WAITING:
        return f"next {delivery.due:%Y-%m-%d %H:%M}"
    return ""


def _told(*, quiet: bool) -> Any:
    """Say what became of each attempt, as it is made."""

    def tell(delivery: Delivery) -> None:
        if not quiet:
            line = f"  {delivery.state.value}  {delivery.address}  {delivery.report} {delivery.run}"
            note(f"{line}  {delivery.reason}".rstrip(), _STYLES[delivery.state])

    return tell


def _answer(done: "Round", *, as_json: bool) -> int:
    """Show what a round did; 0 where everything was sent."""
    if as_json:
        say_json([delivery_as_json(delivery) for delivery in done.made])
    else:
        _sum_up(done)
    return 0 if done.count(DeliveryState.SENT) == len(done.made) else 1


def _sum_up(done: "Round") -> None:
    counts = {
        "sent": done.count(DeliveryState.SENT),
        "will be tried again": done.count(DeliveryState.WAITING),
        "dead": done.count(DeliveryState.DEAD),
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    say(told or "nothing is due", "bold" if told else "dim")
