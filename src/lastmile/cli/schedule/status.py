"""`lastmile schedule status`."""

from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import (
    complain,
    complain_error,
    run_as_json,
    say,
    say_json,
    say_table,
    state_text,
    styled,
)
from lastmile.cli.state import Door, with_door
from lastmile.values import Run, show_clock, show_duration

if TYPE_CHECKING:
    from rich.text import Text

    from lastmile.jobs.schedule.status import ScheduleStatus, Status
    from lastmile.store.alerts import Alert
    from lastmile.store.schedulers import Scheduler
    from lastmile.store.slots import Slot


@click.command(
    epilog="""
\b
Examples:
  lastmile schedule status
  lastmile schedule status seattle-weather -n 50
  lastmile schedule status --json
"""
)
@click.argument("name", required=False)
@click.option("-n", "count", default=10, show_default=True, type=click.IntRange(1), help="Slots.")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_door
def status(door: Door, name: str | None, count: int, as_json: bool) -> None:
    """Show what ran, runs, was skipped and why, and what comes next.

    With NAME the newest slots of that schedule, one a line.
    """
    from lastmile.clock import now
    from lastmile.jobs.schedule.status import status as find
    from lastmile.store.schedulers import SchedulerLog

    with SchedulerLog(door.workspace.store_url) as log:
        found = find(door.workspace, log, now(), name=name or "", count=count if name else 1)
    if as_json:
        say_json(_as_json(found))
        return
    if name:
        _tell_slots(found.schedules[0])
    else:
        _tell_all(found)
    for alert in found.alerts:
        complain(f"late: {alert.message}")
    for fault in found.faults:
        complain_error(fault)


def _tell_all(found: "Status") -> None:
    rows: list[list[str | Text]] = []
    for one in found.schedules:
        slot, run = one.last or (None, None)
        rows.append(
            [
                one.name,
                _state(slot, run) if slot else styled([("no slot yet", "dim")]),
                _at(one, slot.scheduled_for) if slot else "",
                _at(one, one.coming.due) if one.coming else "never",
                _remark(one, slot, run),
            ]
        )
    say_table(("schedule", "last", "of", "next", "remark"), rows, whole=4)
    if not rows:
        say("no schedules yet: a schedule is a file schedule/NAME.toml", "dim")
    elif not found.kept:
        say("no scheduler is at work: start one with `lastmile schedule run`", "yellow")
    for scheduler in found.schedulers:
        gone = "not heard of for" if scheduler.gone else "heard of"
        ago = f"{gone} {show_duration(scheduler.age.total_seconds())}"
        ago = ago if scheduler.gone else f"{ago} ago"
        say(f"scheduler {scheduler.id} on {scheduler.host} ({scheduler.pid}): {ago}", "dim")


def _tell_slots(one: "ScheduleStatus") -> None:
    rows: list[list[str | Text]] = [
        [
            _at(one, slot.scheduled_for),
            _state(slot, run),
            slot.run or "",
            show_duration(run.seconds) if run and run.seconds is not None else "",
            _why(slot, run),
        ]
        for slot, run in one.slots
    ]
    say_table(("slot", "state", "run", "took", "why"), rows, whole=4)
    say(f"next: {_at(one, one.coming.due)}" if one.coming else "no slot comes any more", "bold")


def _state(slot: "Slot", run: Run | None) -> "Text":
    if run and slot.state == "ran":
        return state_text(run.state)
    styles = {"running": "cyan", "waiting": "dim", "skipped": "yellow"}
    return styled([(slot.state.value, styles.get(slot.state, ""))])


def _why(slot: "Slot", run: Run | None) -> str:
    if slot.reason:
        return f"{slot.reason}: {slot.message}"
    return str(run.cause) if run and run.cause and slot.state == "ran" else ""


def _remark(one: "ScheduleStatus", slot: "Slot | None", run: Run | None) -> str:
    parts = [
        f"paused: {one.file.paused}" if one.file and one.file.paused else "",
        f"{one.waiting} wait" if one.waiting else "",
        f"{len(one.at_work)} at work" if len(one.at_work) > 1 else "",
        _why(slot, run) if slot else "",
    ]
    return "; ".join(part for part in parts if part)


def _at(one: "ScheduleStatus", moment: Any) -> str:
    local = moment.astimezone(one.file.zone) if one.file else moment
    return f"{local:%Y-%m-%d} {show_clock(local)} {local:%Z}"


def _as_json(found: "Status") -> dict[str, Any]:
    return {
        "at": found.at.isoformat(),
        "schedulers": [_scheduler(one) for one in found.schedulers],
        "schedules": [_schedule(one) for one in found.schedules],
        "alerts": [alert_as_json(alert) for alert in found.alerts],
        "faults": list(found.faults),
    }


def _scheduler(one: "Scheduler") -> dict[str, Any]:
    return {
        "id": one.id,
        "host": one.host,
        "pid": one.pid,
        "jobs": one.jobs,
        "state": "gone" if one.gone else one.state,
        "started": one.started.isoformat(),
        "heartbeat_seconds_ago": one.age.total_seconds(),
    }


def _schedule(one: "ScheduleStatus") -> dict[str, Any]:
    return {
        "name": one.name,
        "report": one.file.report if one.file else None,
        "timezone": one.file.timezone if one.file else None,
        "paused": one.file.paused if one.file else None,
        "waiting": one.waiting,
        "running": [slot.scheduled_for.isoformat() for slot in one.at_work],
        "next": one.coming.due.isoformat() if one.coming else None,
        "slots": [slot_as_json(slot, run) for slot, run in one.slots],
    }


def slot_as_json(slot: "Slot", run: Run | None) -> dict[str, Any]:
    """A slot for programs."""
    return {
        "schedule": slot.schedule,
        "scheduled_for": slot.scheduled_for.isoformat(),
        "due": slot.due.isoformat(),
        "state": slot.state.value,
        "reason": slot.reason,
        "message": slot.message,
        "attempt": slot.attempt,
        "ended": slot.ended.isoformat() if slot.ended else None,
        "run": run_as_json(run) if run else None,
    }


def alert_as_json(alert: "Alert") -> dict[str, Any]:
    """An alert for programs."""
    return {
        "schedule": alert.slot.schedule,
        "scheduled_for": alert.slot.scheduled_for.isoformat(),
        "kind": alert.kind,
        "message": alert.message,
        "raised": alert.raised.isoformat(),
    }
