"""`lastmile report show`."""

import click

from lastmile.cli.output import run_as_json, say, say_json, say_runs, say_table
from lastmile.cli.state import Door, with_door


@click.command(epilog="\b\nExample:\n  lastmile report show seattle-weather")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_door
def show(door: Door, name: str, as_json: bool) -> None:
    """Show the parameters of the report NAME with types, defaults and help, and its last runs."""
    from lastmile.jobs.report import report_in
    from lastmile.store import RunLog

    chosen = report_in(door.workspace, name)
    with RunLog(door.workspace.store_url) as log:
        runs = log.history(name, limit=5)
    if as_json:
        say_json(
            {
                "name": name,
                "title": chosen.file.title,
                "notebook": chosen.file.notebook,
                "formats": chosen.file.formats,
                "parameters": [
                    {
                        "name": parameter.name,
                        "type": parameter.type_shown,
                        "default": parameter.default_shown,
                        "help": parameter.help,
                        "limits": " ".join(parameter.limits),
                    }
                    for parameter in chosen.parameters
                ],
                "runs": [run_as_json(run) for run in runs],
            }
        )
        return
    say(chosen.file.title, "bold")
    if chosen.file.description:
        say(chosen.file.description)
    say(f"{chosen.file.notebook} -> {', '.join(chosen.file.formats)}", "dim")
    say()
    say_table(
        ("parameter", "type", "default", "help", "limits"),
        (
            [p.name, p.type_shown, p.default_shown, p.help, " ".join(p.limits)]
            for p in chosen.parameters
        ),
    )
    say()
    say_runs(runs, of_one_report=True)
    if not runs:
        say(f"no runs yet: lastmile report run {name}", "dim")
