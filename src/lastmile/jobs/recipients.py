"""Who gets a run: the words of a command line become tables, and tables can be previewed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from lastmile.clock import now
from lastmile.delivery.definition import Deliver, burst, owners_tables, target
from lastmile.delivery.outbox import deliveries_of, order_of
from lastmile.errors import (
    BadRecipient,
    LastmileError,
    NothingToDeliver,
    NotWritable,
    raise_faults,
)
from lastmile.jobs.dispatch import Dispatch, address_of, mail_server
from lastmile.jobs.report import report_in
from lastmile.reporting.plan import Plan, Report, plan_run
from lastmile.store import RunLog
from lastmile.values import Delivery, Run, run_key
from lastmile.workspace import Workspace

READERS = "readers"


def recipients(workspace: Workspace, report: Report, words: Sequence[str]) -> tuple[Deliver, ...]:
    """The tables that the words behind `--deliver` stand for, and those of the report's owners.

    Raises:
        BadRecipient, NoMailServer, NothingToDeliver, Faults.
    """
    tables: list[Deliver] = []
    faults: list[LastmileError] = []
    for word in words:
        try:
            tables += report.file.deliver if word == READERS else [target(word)]
        except ValueError as error:
            faults.append(BadRecipient(word, _reason(error)))
    raise_faults(faults)
    if words and not tables and not report.file.owners:
        raise NothingToDeliver(f"reports/{report.name}.toml names no readers")
    found = (*tables, *(owners_tables(report.file.owners) if words else ()))
    check_ways(workspace, found)
    return found


def plans_for(workspace: Workspace, plan: Plan, words: Sequence[str]) -> list[Plan]:
    """The plans of one request: with recipients, and one for each value that a `for` names.

    Raises:
        BadRecipient, NoMailServer, NothingToDeliver, UnknownParameter, BadParameter, Faults.
    """
    tables = recipients(workspace, plan.report, words)
    if not tables:
        return [plan]
    plans = []
    for given in burst(tables, plan.given):
        one = plan_run(
            plan.report, given, formats=plan.formats, as_of=plan.logical_date, now=plan.started
        )
        plans.append(replace(one, deliver=tables))
    return plans


def begun_now(plan: Plan) -> Plan:
    """The same plan for a run that begins now: plans of several runs are made before the first."""
    started = now()
    return replace(plan, key=run_key(started), started=started)


def check_ways(workspace: Workspace, tables: Sequence[Deliver]) -> None:
    """Refuse what could not be sent from here.

    Raises:
        NoMailServer: something is to be mailed, and no server is known.
    """
    if any(table.kind == "mail" for table in tables):
        mail_server(workspace)


def _reason(error: ValueError) -> str:
    """What a model says of one value, without its own words."""
    if isinstance(error, ValidationError):
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return str(error)


def preview(
    workspace: Workspace, log: RunLog, key: str, words: Sequence[str], folder: Path
) -> list[tuple[Delivery, Path | None]]:
    """What a run's recipients would get; mails are written to `folder` as `.eml` files.

    Without `words` they are those whom it was queued for, by a schedule too, else the readers that
    its report names.

    Raises:
        RunUnknown, PublicationGone, BadRecipient, NoMailServer, NothingToDeliver, NotWritable.
    """
    run = log.find(key)
    report = report_in(workspace, run.report)
    before = log.outbox.find(run=key, limit=10_000)
    found = before if before and not words else _planned(workspace, run, report, words)
    if not found:
        raise NothingToDeliver(f"nobody gets the run `{key}`, which {run.state.value}")
    queued = {one.key: one.queued for one in before}
    dated = [replace(one, queued=queued.get(one.key, one.queued)) for one in found]
    with Dispatch(workspace, log, now) as dispatch:
        return [(one, _written(dispatch, workspace, one, folder)) for one in dated]


def _planned(
    workspace: Workspace, run: Run, report: Report, words: Sequence[str]
) -> list[Delivery]:
    tables = recipients(workspace, report, words or [READERS])
    order = order_of(report.file.title, tables)
    return deliveries_of(run, order, run.ended or run.started) if order else []


def _written(
    dispatch: Dispatch, workspace: Workspace, delivery: Delivery, folder: Path
) -> Path | None:
    if delivery.kind != "mail":
        return None
    path = folder / f"{delivery.run}-{address_of(delivery)}.eml"
    content = dispatch.message(delivery, mail_server(workspace)).as_bytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise NotWritable(str(path), error.strerror or str(error)) from error
    return path
