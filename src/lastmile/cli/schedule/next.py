"""`lastmile schedule next`."""

from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import say, say_json, say_table
from lastmile.cli.state import Door, with_door
from lastmile.values import show_clock

if TYPE_CHECKING:
    from lastmile.jobs.schedule.coming import Coming


@click.command(
    "next",
    epilog="""
\b
Examples:
  lastmile schedule next
  lastmile schedule next seattle-weather -n 24
  lastmile schedule next seattle-weather --from 2026-03-28 --json
""",
)
@click.argument("name", required=False)
@click.option(
    "-n",
    "count",
    default=10,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many slots to show.",
)
@click.option("--from", "after", metavar="INSTANT", help="By default now; without a zone in UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print the slots for programs.")
@with_door
def next_(door: Door, name: str | None, count: int, after: str | None, as_json: bool) -> None:
    """Show the coming slots of the schedule NAME, or of all together.

    Each with its instant in UTC and on the clocks of its zone, its logical date where that is
    another, and what a change of clocks, a holiday or a pause does to it.
    """
    from lastmile.clock import now
    from lastmile.jobs.schedule.coming import coming
    from lastmile.reporting.moments import read_logical_date

    start = read_logical_date(after) if after else now()
    found = coming(door.workspace, name, start, count)
    if as_json:
        say_json([_as_json(slot) for slot in found])
        return
    headings = ("due", "UTC", *(() if name else ("schedule",)), "logical date", "remark")
    say_table(headings, [_row(slot, with_name=name is None) for slot in found])
    if not found:
        say("no slot comes any more", "dim")


def _row(slot: "Coming", *, with_name: bool) -> list[str]:
    local = slot.due.astimezone(slot.zone)
    logical = slot.logical_date.astimezone(slot.zone)
    return [
        f"{local:%a %Y-%m-%d} {show_clock(local)} {local:%Z}",
        f"{slot.due:%Y-%m-%d} {show_clock(slot.due)}",
        *([slot.schedule] if with_name else []),
        "" if slot.logical_date == slot.due else f"{logical:%Y-%m-%d %H:%M}",
        "; ".join(slot.remarks),
    ]


def _as_json(slot: "Coming") -> dict[str, Any]:
    return {
        "schedule": slot.schedule,
        "due": slot.due.isoformat(),
        "due_local": slot.due.astimezone(slot.zone).isoformat(),
        "timezone": slot.zone.key,
        "scheduled_for": slot.logical_date.isoformat(),
        "logical_date": slot.logical_date.astimezone(slot.zone).isoformat(),
        "skipped": slot.skipped,
        "remarks": list(slot.remarks),
    }
