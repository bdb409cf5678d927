"""`lastmile report prune`."""

from typing import TYPE_CHECKING

import click

from lastmile.cli.output import note, path_shown, say, say_json
from lastmile.cli.state import Door, with_door
from lastmile.values import show_size

if TYPE_CHECKING:
    from lastmile.jobs.prune import Pruning


@click.command(
    epilog="""
\b
Examples:
  lastmile report prune --dry-run
  lastmile report prune seattle-weather

\b
How long a report is kept stands in its file: keep = "12 months", "90 days" or "30 runs".
"""
)
@click.argument("name", required=False)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_door
def prune(door: Door, name: str | None, dry_run: bool, as_json: bool) -> None:
    """Remove old publications of the report NAME, or of all; the history keeps every run.

    The newest good publication always stays.
    """
    from lastmile.clock import now
    from lastmile.jobs.prune import plan_pruning, reports_of
    from lastmile.jobs.prune import prune as remove
    from lastmile.jobs.report import place_in, reconcile
    from lastmile.store import RunLog

    with RunLog(door.workspace.store_url) as log:
        reconcile(place_in(door.workspace, log), tell=note)
        act = plan_pruning if dry_run else remove
        done = [
            act(door.workspace, log, report, now=now())
            for report in reports_of(door.workspace, name)
        ]
    if as_json:
        say_json([_as_json(pruning, dry_run=dry_run) for pruning in done])
        return
    for pruning in done:
        _tell(pruning, "would be removed" if dry_run else "removed")


def _as_json(pruning: "Pruning", *, dry_run: bool) -> dict[str, object]:
    return {
        "report": pruning.report,
        "keep": pruning.keep,
        "dry_run": dry_run,
        "removed": [one.key for one in pruning.removed],
        "kept": pruning.kept,
        "freed": pruning.freed,
    }


def _tell(pruning: "Pruning", verb: str) -> None:
    if not pruning.keep:
        say(f"{pruning.report}: everything is kept; no `keep` is set", "dim")
        return
    for one in pruning.removed:
        say(f"  {path_shown(one.folder)}  {show_size(one.size)}")
    freed = f", {show_size(pruning.freed)}" if pruning.removed else ""
    say(f"{pruning.report}: {len(pruning.removed)} {verb}{freed}; {pruning.kept} kept "
        f"({pruning.keep})")  # fmt: skip
