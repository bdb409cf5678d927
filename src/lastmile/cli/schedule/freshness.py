"""`lastmile schedule freshness`."""

import click

from lastmile.cli.output import complain_error, say, say_json
from lastmile.cli.schedule.status import alert_as_json
from lastmile.cli.state import Door, with_door


@click.command(
    epilog="""
\b
Examples:
  lastmile schedule freshness
  */10 * * * * lastmile -w /srv/reports schedule freshness || page-somebody     in a crontab
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print the alerts for programs.")
@with_door
def freshness(door: Door, as_json: bool) -> int:
    """Say which reports should exist by now and do not; exit with 1 if there is one.

    A schedule says with `must_exist_by` until when the report of a slot must exist. Every scheduler
    looks after that; this command does too, so that somebody does also while no scheduler is at
    work. A failed run is no report.
    """
    from lastmile.clock import now
    from lastmile.jobs.schedule.contracts import check_contracts
    from lastmile.jobs.schedule.files import ScheduleFiles
    from lastmile.store.alerts import AlertLog

    files = ScheduleFiles(door.workspace, complain_error)
    files.reload()
    with AlertLog(door.workspace.store_url) as log:
        check_contracts(door.workspace, log, files.files, now())
        alerts = log.open_alerts()
    bound = sum(file.contract is not None for file in files.files.values())
    if as_json:
        say_json({"contracts": bound, "alerts": [alert_as_json(alert) for alert in alerts]})
    elif not alerts:
        say(f"{bound} contracts, none broken" if bound else "no schedule has `must_exist_by`")
    for alert in [] if as_json else alerts:
        say(alert.message, "bold red")
    return 1 if alerts or files.unread else 0
