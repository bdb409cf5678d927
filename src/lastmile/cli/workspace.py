"""`lastmile init`, `demo`, `list`, `doctor`."""

import shlex
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lastmile.cli.output import complain, complain_error, note, path_shown, say, say_json, say_table
from lastmile.cli.progress import cell_progress, step_progress
from lastmile.cli.state import Door, with_door
from lastmile.errors import LastmileError
from lastmile.values import show_duration, show_size

if TYPE_CHECKING:
    from lastmile.exporting.bundle import Bundle
    from lastmile.values import Run


@click.command(epilog="\b\nExample:\n  lastmile init my-reports && cd my-reports && lastmile demo")
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a new workspace in FOLDER.

    It has one small working report and one small working export of its own.
    """
    from lastmile.jobs.init import init_workspace

    for path in init_workspace(folder):
        say(f"  {path_shown(path.resolve())}")
    say(f"next: cd {shlex.quote(str(folder))} && lastmile demo", "bold")


@click.command("list", epilog="\b\nExample:\n  lastmile list --json")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_door
def list_(door: Door, as_json: bool) -> int:
    """List reports, schedules and exports."""
    from lastmile.jobs.listing import list_workspace

    entries = list_workspace(door.workspace)
    if as_json:
        say_json([asdict(entry) for entry in entries])
    else:
        say_table(
            ("kind", "name", "title", "detail"),
            (
                [entry.kind, entry.name, entry.title or "cannot be read, see below", entry.detail]
                for entry in entries
            ),
        )
        for entry in entries:
            if entry.fault:
                complain_error(entry.fault)
    return 2 if any(entry.fault for entry in entries) else 0


@click.command(epilog="\b\nExample:\n  lastmile demo")
@with_door
def demo(door: Door) -> int:
    """Run the example report and the example export."""
    from lastmile.clock import now
    from lastmile.jobs.demo import choose
    from lastmile.jobs.export import produce_bundle
    from lastmile.jobs.report import place_in, produce, report_in
    from lastmile.reporting.plan import plan_run
    from lastmile.store import RunLog

    chosen = choose(door.workspace)
    began = time.monotonic()
    with (
        RunLog(door.workspace.store_url) as log,
        cell_progress(f"report {chosen.report}") as observer,
    ):
        plan = plan_run(report_in(door.workspace, chosen.report), {}, now=now())
        run = produce(plan, place_in(door.workspace, log), observer=observer)
    reported = time.monotonic()
    if not run.state.good:
        complain(f"the report {run.state.value}: {run.cause}")
        return 1
    with step_progress(f"export {chosen.export}") as on_step:
        bundle = produce_bundle(door.workspace, chosen.export, replace=True, on_step=on_step)
    ended = time.monotonic()
    _tell_demo(run, bundle)
    say(
        f"report {show_duration(reported - began)} ({_steps(run)}), "
        f"export {show_duration(ended - reported)}, together {show_duration(ended - began)}",
        "dim",
    )
    return 0


def _tell_demo(run: "Run", bundle: "Bundle") -> None:
    """What a person would open next, with sizes."""
    assert run.folder
    names = {"index.html": "report as HTML", "report.pdf": "report as PDF"}
    pages = [(names[name], run.folder / name) for name in run.files if name in names]
    rows = [[what, path_shown(path), show_size(path.stat().st_size)] for what, path in pages]
    say()
    say("Open next:", "bold")
    say_table(
        ("", "", "size"), [*rows, ["bundle", path_shown(bundle.folder), show_size(bundle.size)]]
    )


def _steps(run: "Run") -> str:
    """How long each step of a run took."""
    from lastmile.reporting.publication import read_record

    assert run.folder
    assert run.seconds is not None
    made = read_record(run.folder)["provenance"]
    steps = {
        "cells": made["cell_seconds"],
        "kernel": made["execution_seconds"] - made["cell_seconds"],
        "pages": run.seconds - made["execution_seconds"],
    }
    return ", ".join(f"{step} {show_duration(seconds)}" for step, seconds in steps.items())


@click.command(epilog="\b\nExample:\n  lastmile doctor --json")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_door
def doctor(door: Door, as_json: bool) -> int:
    """Say what is installed and what is missing.

    For each optional part: what it would give, and how to get it.
    """
    from lastmile.jobs.doctor import examine

    try:
        findings = examine(door.workspace)
    except LastmileError as error:
        note(str(error).splitlines()[0], "dim")
        findings = examine(None)
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        say_table(
            ("", "part", "found", "gives", "how to get it"),
            ([f.mark, f.part, f.found, f.gives, f.fix] for f in findings),
        )
    return 1 if any(finding.mark == "broken" for finding in findings) else 0
