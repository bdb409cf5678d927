"""`lastmile schedule emit`."""

from pathlib import Path
from typing import Any, get_args

import click

from lastmile.cli.output import path_shown, say, say_json
from lastmile.cli.state import Door, with_door

TARGETS = ("systemd", "cron", "airflow", "kubernetes", "github")


@click.command(
    epilog="""
\b
Examples:
  lastmile schedule emit systemd --output ~/.config/systemd/user
  lastmile schedule emit airflow seattle-weather --output dags
  lastmile schedule emit kubernetes --image registry.example.org/reports:1 --root /workspace
  lastmile schedule emit github --output .github/workflows
"""
)
@click.argument("target", type=click.Choice(TARGETS))
@click.argument("names", nargs=-1)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; by default, one named as the target.",
)
@click.option("--root", default="", help="The workspace there; by default, as here.")
@click.option("--program", default="", help="The command lastmile there; by default, as here.")
@click.option("--image", default="", help="The container with both, for kubernetes.")
@click.option("--json", "as_json", is_flag=True, help="Print the names of the files for programs.")
@with_door
def emit(door: Door, /, target: Any, names: tuple[str, ...], as_json: bool, **where: Any) -> None:
    """Write what another scheduler needs to keep the same slots.

    It wakes up when a slot of the schedules NAMES, or of all, may be due, and starts `lastmile
    schedule tick`, which computes the slots itself: logical dates, clock changes, holidays and what
    was missed stay the same. Airflow runs the report with its own logical date where it can.
    """
    from lastmile.jobs.schedule.emitting import emit_files
    from lastmile.scheduling.emit import Target

    assert get_args(Target) == TARGETS
    output = (where.pop("output") or Path(target)).resolve()
    root = "." if target == "github" else where.pop("root", "")
    where.pop("root", None)
    paths = emit_files(door.workspace, target, names, output, root=root, **where)
    if as_json:
        say_json([str(path) for path in paths])
        return
    for path in paths:
        say(f"  {path_shown(path)}")
