"""`lastmile coreml`: predict, check."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import complain, note, path_shown, say, say_file, say_json, say_table

if TYPE_CHECKING:
    from lastmile.jobs.coreml import Looked

NOT_RIGHT = 3
"""Exit code of a file that Apple's compiler would refuse."""

_MODEL = click.Path(exists=True, path_type=Path)


@click.command(
    epilog="""
\b
Examples:
  lastmile coreml predict Rain.mlpackage rows.csv
  lastmile coreml predict Rain.mlpackage rows.csv --out answers.csv
  head -5 rows.csv | lastmile coreml predict Rain.mlmodel - --json
"""
)
@click.argument("model", type=_MODEL)
@click.argument("rows", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--out", "out_file", type=click.Path(path_type=Path, dir_okay=False),
              help="Write the answers here (.csv or .parquet).")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the answers for programs.")
def predict(model: Path, rows: Path, out_file: Path | None, as_json: bool) -> None:
    """Answer ROWS by the Core ML file MODEL (.mlmodel or .mlpackage), on any system.

    ROWS is a .csv or .parquet file with a column for each input of the model, `name[0]`, `name[1]`
    … for the elements of an array; `-` reads .csv from the standard input. The answers follow what
    Apple documents; Apple's own runtime is not asked.
    """
    from lastmile.exporting.signature.phone import plain
    from lastmile.jobs.coreml import predict_rows, write_rows

    table = predict_rows(model, rows)
    if out_file is not None:
        write_rows(table, out_file)
        note(f"{len(table):,} rows answered: {path_shown(out_file)}")
    if as_json:
        say_json([plain(row) for row in table.to_dict(orient="records")])
    elif out_file is None:
        say_file(table.to_csv(index=False, na_rep="NaN"))


@click.command(
    epilog="""
\b
Example:
  lastmile coreml check Rain.mlpackage

\b
Exit codes: 0 nothing found, 3 Apple's compiler or runtime would refuse it.
"""
)
@click.argument("model", type=_MODEL)
@click.option("--json", "as_json", is_flag=True, help="Print what was found for programs.")
def check(model: Path, as_json: bool) -> int:
    """Say what Apple's compiler would refuse in the Core ML file MODEL, and what only shows later.

    Apple's published validator looks at less: a position outside of an array, a threshold that is
    infinite, a name that Swift cannot write are found here.
    """
    from lastmile.jobs.coreml import look_at

    looked = look_at(model)
    if as_json:
        say_json(_as_json(looked))
    else:
        _tell(looked)
    return NOT_RIGHT if looked.faults else 0


def _tell(looked: "Looked") -> None:
    say(f"{looked.kind}, iOS {looked.minimum_ios} or newer", "bold")
    rows = [["reads", name, kind] for name, kind in looked.inputs.items()]
    rows += [["gives", name, kind] for name, kind in looked.outputs.items()]
    say_table(("", "name", "type"), rows)
    if looked.unsupported:
        say(f"It cannot be evaluated here: {looked.unsupported}")
    for sentence in looked.unknowns:
        say(f"Only a device can tell: {sentence}")
    for fault in looked.faults:
        complain(f"[{fault.rule}] {fault}")
    if looked.faults:
        complain(f"{len(looked.faults)} faults: Apple's compiler or runtime would refuse it")
    else:
        say("nothing found", "bold green")


def _as_json(looked: "Looked") -> dict[str, Any]:
    return {
        "kind": looked.kind,
        "minimum_ios": looked.minimum_ios,
        "inputs": looked.inputs,
        "outputs": looked.outputs,
        "faults": [
            {"rule": one.rule, "where": one.where, "message": one.message} for one in looked.faults
        ],
        "unknowns": list(looked.unknowns),
        "unsupported": looked.unsupported,
    }
