"""`lastmile report plan`."""

from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import path_shown, say, say_json, say_table
from lastmile.cli.report.asking import with_plan
from lastmile.cli.report.options import ReportCommand
from lastmile.cli.state import Door
from lastmile.reporting.definition import ReportFile
from lastmile.values import plain, show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lastmile.jobs.preview import Preview
    from lastmile.reporting.data import Fingerprint
    from lastmile.reporting.plan import Plan

_ORIGINS = {
    "given": "given",
    "report": "set by the report",
    "default": "the notebook's default",
    "kernel": "computed by the notebook",
}


@click.command(
    cls=ReportCommand,
    epilog="""
\b
Examples:
  lastmile report plan seattle-weather --month previous_month --as-of 2014-08-01
  lastmile report plan seattle-weather --json
""",
)
@with_plan
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
def plan(door: Door, plan: "Plan", as_json: bool) -> None:
    """Show what a run of the report NAME would do, without running anything."""
    from lastmile.jobs.preview import preview
    from lastmile.jobs.report import place_in
    from lastmile.store import RunLog

    with RunLog(door.workspace.store_url) as log:
        found = preview(plan, place_in(door.workspace, log))
    if as_json:
        say_json(preview_as_json(found))
    else:
        tell_preview(found)


def preview_as_json(found: "Preview") -> dict[str, Any]:
    """What a run would do, for programs."""
    plan, file = found.plan, found.plan.report.file
    return {
        "report": plan.report.name,
        "plan_id": plan.id,
        "logical_date": plan.logical_date.isoformat(),
        "notebook": plan.report.source.shown,
        "notebook_sha256": plan.report.source.sha256,
        "data": plan.data,
        "kernel": plan.report.kernel,
        "language": plan.report.language,
        "parameters": parameter_rows(found),
        "secrets": {name: reason or "found" for name, reason in found.secrets.items()},
        "formats": plan.formats,
        "folder": str(found.folder),
        "files": found.files,
        "limits": limits_of(file),
        "earlier": found.earlier.key if found.earlier else None,
        "skipped": found.skipped,
    }


def parameter_rows(found: "Preview") -> list[dict[str, Any]]:
    """Each parameter with its value, who set it, and the expression that it was computed from."""
    rows = []
    for parameter in found.plan.report.parameters:
        resolved = found.plan.resolved.get(parameter.name)
        rows.append(
            {
                "name": parameter.name,
                "type": parameter.type_shown,
                "value_type": resolved.type_shown if resolved else "",
                "value": plain(resolved.value) if resolved else None,
                "origin": resolved.origin if resolved else "kernel",
                "expression": resolved.expression if resolved else parameter.source,
            }
        )
    return rows


def limits_of(file: ReportFile) -> dict[str, str]:
    """The limits of a run in words, by what they bound."""
    limits = {
        "whole run": show_duration(file.timeout),
        "each cell": show_duration(file.cell_timeout) if file.cell_timeout else "",
        "silence": show_duration(file.silence) if file.silence else "",
        "memory": show_size(file.memory) if file.memory else "",
        "threads": str(file.threads or ""),
        "retries": str(file.retries or ""),
    }
    return {name: limit for name, limit in limits.items() if limit}


def data_shown(data: "Mapping[str, Fingerprint]", *, most: int = 10) -> list[str]:
    """The declared data files with size and the beginning of their hash, a line each."""
    lines = [
        f"{name}, {show_size(file['bytes'])}, {file['sha256'][:12]}" for name, file in data.items()
    ]
    more = len(lines) - most
    return [*lines[:most], f"and {more:,} more"] if more > 0 else lines


def tell_preview(found: "Preview") -> None:
    """What a run would do, for people."""
    plan = found.plan
    say(f"{plan.report.file.title}: what a run would do", "bold")
    say_table(
        ("parameter", "value", "from", "type"),
        (
            [
                row["name"],
                "" if row["origin"] == "kernel" else str(row["value"]),
                ": ".join(part for part in (_ORIGINS[row["origin"]], row["expression"]) if part),
                row["value_type"] or row["type"],
            ]
            for row in parameter_rows(found)
        ),
    )
    say()
    secrets = (f"{name} ({reason or 'found'})" for name, reason in found.secrets.items())
    limits = (f"{name} {limit}" for name, limit in limits_of(plan.report.file).items())
    folder = path_shown(found.folder)
    facts = {
        "logical date": f"{plan.logical_date:%Y-%m-%d %H:%M:%S %Z}".strip(),
        "notebook": f"{plan.report.source.shown}, "
        f"kernel {plan.report.kernel} ({plan.report.language})",
        "data": "\n".join(data_shown(plan.data)),
        "secrets": ", ".join(secrets),
        "limits": ", ".join(limits),
        "makes": "\n".join(f"{folder}/RUN/{file}" for file in found.files),
        "made before": found.earlier.key if found.earlier else "no good run of this very plan",
        "skips": "\n".join(found.skipped),
        "plan": plan.id[:16],
    }
    rows = [
        [name if number == 0 else "", line]
        for name, fact in facts.items()
        for number, line in enumerate(fact.splitlines())
    ]
    say_table(("", ""), rows)
