"""`lastmile export`: run, check; see export_cost and export_candidates for the rest."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.export_candidates import candidates
from lastmile.cli.export_cost import cost
from lastmile.cli.output import complain, note, path_shown, say, say_json, say_table
from lastmile.cli.progress import step_progress
from lastmile.cli.state import Door, with_door
from lastmile.values import show_size

if TYPE_CHECKING:
    from lastmile.exporting.bundle import Bundle, Check

NOT_RIGHT = 3
"""Exit code of an export that does not answer as its estimator does."""


def _a_reason(_context: click.Context, _option: click.Parameter, reason: str | None) -> str | None:
    if reason is not None and not reason.strip():
        raise click.BadParameter("say why such answers will do")
    return reason


@click.group()
def export() -> None:
    """Hand estimators to Android and iOS teams."""


export.add_command(cost)
export.add_command(candidates)


@export.command(
    epilog="""
\b
Examples:
  lastmile export run rain-tomorrow
  lastmile export run churn --trust        the estimator is a pickle, and you know who made it
  lastmile export run churn --accept "2 of 9,000 rows are ties; agreed with the app team"
"""
)
@click.argument("name")
@click.option("--trust", is_flag=True, help="Load files that may run code (pickle, joblib).")
@click.option("--replace", is_flag=True, help="Replace a bundle of this version by another model.")
@click.option(
    "--accept",
    metavar="REASON",
    callback=_a_reason,
    help="Let an export out that answers otherwise; the reason stands in its bundle.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result for programs.")
@with_door
def run(
    door: Door, name: str, trust: bool, replace: bool, accept: str | None, as_json: bool
) -> None:
    """Make the bundle of the export NAME: ONNX, Core ML, evidence, golden rows."""
    from lastmile.jobs.export import produce_bundle

    with step_progress(name, quiet=as_json) as on_step:
        bundle = produce_bundle(
            door.workspace,
            name,
            trust=trust,
            replace=replace,
            accept=accept or "",
            on_step=on_step,
        )
    if accept and bundle.evidence.holds:
        note("there was nothing to accept: every form answers as the estimator does")
    if as_json:
        say_json(bundle_as_json(bundle))
    else:
        tell_bundle(bundle)


def tell_bundle(bundle: "Bundle") -> None:
    """What was compared, what could not be, and where the bundle is."""
    say_table(
        ("against", "form", "rows", "other labels", "largest difference"),
        (
            [
                pair.expected,
                pair.got,
                f"{pair.rows} rows",
                f"{pair.label_mismatches} other labels",
                f"largest difference {pair.largest_absolute:.1e}",
            ]
            for pair in bundle.evidence.comparisons
        ),
    )
    if bundle.evidence.accepted:
        say(f"accepted although it differs: {bundle.evidence.accepted}", "yellow")
    if bundle.weights:
        held = bundle.weights
        say(
            f"weights of {held.tensors} matrix products as {held.stored}: "
            f"{show_size(held.bytes_after)} instead of {show_size(held.bytes_before)}"
        )
    if bundle.minimum_ios:
        say(f"runs on iOS {bundle.minimum_ios} and newer")
    say(f"{len(bundle.evidence.not_proven)} things are not proven: see README.md in the bundle")
    if bundle.evidence.open_questions:
        names = ", ".join(one.name for one in bundle.evidence.open_questions)
        say(f"only a device can tell: {names}; the first golden rows ask it")
    say(f"{path_shown(bundle.folder)}  {show_size(bundle.size)}", "bold")


def bundle_as_json(bundle: "Bundle") -> dict[str, Any]:
    """A bundle for programs."""
    return {
        "name": bundle.name,
        "version": bundle.version,
        "folder": str(bundle.folder),
        "size": bundle.size,
        "minimum_ios": bundle.minimum_ios,
        "weights": bundle.weights.model_dump() if bundle.weights else None,
        "files": bundle.files,
        "evidence": bundle.evidence.to_dict(),
    }


@export.command(epilog="\b\nExample:\n  lastmile export check exports/_built/rain-tomorrow-1.0.0")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result for programs.")
def check(bundle: Path, as_json: bool) -> int:
    """Evaluate BUNDLE again on its golden rows and say whether it still holds."""
    from lastmile.jobs.export import check_bundle

    result = check_bundle(bundle)
    if as_json:
        say_json(check_as_json(result))
    else:
        tell_check(result)
    return 0 if result.holds else NOT_RIGHT


def tell_check(result: "Check") -> None:
    """What each form answered, and the verdict."""
    say_table(
        ("form", "rows", "other labels", "largest difference"),
        (
            [
                asked.engine,
                f"{asked.rows} rows",
                f"{asked.label_mismatches} other labels",
                f"largest difference {asked.largest_absolute:.1e}",
            ]
            for asked in result.asked
        ),
    )
    for fault in result.faults:
        complain(f"  {fault}")
    if result.holds:
        say(f"{result.name} {result.version} holds", "bold green")
    else:
        complain(f"{result.name} {result.version} does not hold: do not ship it")


def check_as_json(result: "Check") -> dict[str, Any]:
    """A check for programs."""
    return {
        "name": result.name,
        "version": result.version,
        "holds": result.holds,
        "faults": list(result.faults),
        "asked": [
            {
                "engine": asked.engine,
                "rows": asked.rows,
                "label_mismatches": asked.label_mismatches,
                "largest_absolute": asked.largest_absolute,
            }
            for asked in result.asked
        ],
    }
