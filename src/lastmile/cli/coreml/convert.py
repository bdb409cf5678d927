"""`lastmile coreml convert`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lastmile.cli.output import path_shown, say, say_json
from lastmile.cli.progress import step_progress
from lastmile.values import show_size

if TYPE_CHECKING:
    from lastmile.jobs.convert import Converted


@click.command(
    epilog="""
\b
Examples:
  lastmile coreml convert churn.onnx
  lastmile coreml convert churn.onnx -o ios/Churn.mlpackage --replace
  lastmile coreml convert churn.onnx --minimum-ios 14     refuse what needs a newer one
  lastmile coreml convert churn.onnx --inputs columns     one input for each column
  lastmile coreml convert churn.onnx --prefer size        trees in the smaller of two forms
  lastmile coreml convert churn.onnx --weights linear8    8 bits a weight, and what that costs
"""
)
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A .mlpackage, or a .mlmodel where that suffices. Beside MODEL otherwise.",
)
@click.option("--minimum-ios", default="", metavar="VERSION", help="Refuse what needs a newer iOS.")
@click.option(
    "--inputs",
    type=click.Choice(["columns", "vector"]),
    help="One input for each column, or one array. MODEL's own way otherwise.",
)
@click.option(
    "--prefer",
    type=click.Choice(["exact", "size"]),
    default="exact",
    help="Trees as Core ML's own, or as packed tensors where those are smaller.",
)
@click.option(
    "--weights",
    type=click.Choice(["linear8", "palettize", "palettize8", "palettize4"]),
    help="Fewer bits for each weight of a network (iOS 16); tells what it costs.",
)
@click.option("--replace", is_flag=True, help="Replace what stands there.")
@click.option("--json", "as_json", is_flag=True, help="Print the result for programs.")
def convert(
    model: Path,
    output: Path | None,
    inputs: str | None,
    replace: bool,
    as_json: bool,
    **options: str | None,
) -> None:
    """Make a Core ML model of MODEL, an ONNX file that any tool may have written.

    Both are asked the same rows, by ONNX Runtime and by lastmile's reading of Core ML; nothing is
    written where they differ.
    """
    from lastmile.jobs.convert import convert_model

    with step_progress(model.name, quiet=as_json) as on_step:
        made = convert_model(
            model,
            output,
            inputs=inputs or "",
            options={name: value or "" for name, value in options.items()},
            replace=replace,
            on_step=on_step,
        )
    if as_json:
        say_json(converted_as_json(made))
    else:
        tell_converted(made)


def tell_converted(made: "Converted") -> None:
    """The interface, what was compared, and where the model is."""
    description = made.package.spec.description
    for side, features in (("in ", description.input), ("out", description.output)):
        names = [f"{one.name} ({kind_shown(one.type)})" for one in features]
        shown = ", ".join(names[:_MANY])
        say(f"{side} {shown}{f' and {len(names) - _MANY} more' if len(names) > _MANY else ''}")
    probed = made.probed
    if probed.holds:
        agree = f"{probed.rows} rows answered as by ONNX Runtime: no other label, "
        say(f"{agree}largest difference {probed.largest_absolute:.1e}")
    else:
        say(
            f"smaller weights cost: {probed.label_mismatches} of {probed.rows} rows another label, "
            f"{probed.beyond_tolerance} beyond the tolerance, "
            f"largest difference {probed.largest_absolute:.1e}",
            "yellow",
        )
    if made.exact_size != made.package.size:
        say(f"{show_size(made.exact_size)} with all bits of its weights")
    say(f"runs on iOS {made.package.minimum_ios} and newer")
    for sentence in made.package.unknowns:
        say(f"not proven here: {sentence}", "dim")
    say(f"{path_shown(made.path)}  {show_size(made.package.size)}", "bold")


_MANY = 12


def kind_shown(kind: Any) -> str:
    """The type of a feature in a word or two."""
    name = kind.WhichOneof("Type")
    if name == "multiArrayType":
        return f"array of {'x'.join(map(str, kind.multiArrayType.shape))}"
    if name == "dictionaryType":
        return "dictionary"
    return str(name).removesuffix("Type")


def converted_as_json(made: "Converted") -> dict[str, Any]:
    """A conversion for programs."""
    description = made.package.spec.description
    return {
        "path": str(made.path),
        "size": made.package.size,
        "minimum_ios": made.package.minimum_ios,
        "inputs": {one.name: kind_shown(one.type) for one in description.input},
        "outputs": {one.name: kind_shown(one.type) for one in description.output},
        "compared": {
            "rows": made.probed.rows,
            "label_mismatches": made.probed.label_mismatches,
            "beyond_tolerance": made.probed.beyond_tolerance,
            "largest_absolute": made.probed.largest_absolute,
        },
        "exact_size": made.exact_size,
        "not_proven": list(made.package.unknowns),
    }
