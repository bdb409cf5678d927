"""Convert an ONNX model that anything may have written to Core ML, compared before it is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lastmile.errors import FileTaken, NotExportable

if TYPE_CHECKING:
    from lastmile.exporting.coreml import Package
    from lastmile.exporting.evidence.probe import Probed


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A package that was written, and how it was compared with its ONNX model.

    `exact_size` is the size with all bits of its weights; the package's own where none were taken.
    """

    path: Path
    package: "Package"
    probed: "Probed"
    exact_size: int


def convert_model(
    source: Path,
    target: Path | None = None,
    *,
    inputs: str = "",
    options: Mapping[str, str] = {},
    replace: bool = False,
    on_step: Callable[[str], None] = lambda step: None,
) -> Converted:
    """The Core ML package of the ONNX file `source`, written to `target` or beside the file.

    Without `inputs` a model of one table keeps it as one array. `options` are minimum_ios, prefer
    and weights. With smaller weights the exact package must agree; what they cost is told.

    Raises:
        FileTaken: the target exists, and is not to be replaced.
        RowsRefused: the file is no ONNX model, or ONNX Runtime does not run it.
        NotExportable: it has no exact form for this iOS, or its package answers otherwise.
    """
    from lastmile.exporting.coreml import to_coreml
    from lastmile.exporting.coreml.foreign import read_model
    from lastmile.exporting.evidence.probe import probe
    from lastmile.exporting.signature.identifiers import type_name

    target = _free(target or source.with_suffix(".mlpackage"), replace)
    on_step("read the model")
    graph, is_table = read_model(source)
    on_step("convert to Core ML")
    converted = partial(
        to_coreml, graph, name=type_name(source.stem), minimum_ios=options.get("minimum_ios", ""),
        inputs=inputs or ("vector" if is_table else "columns"),
        prefer=options.get("prefer", "exact"),
    )  # fmt: skip
    package = converted()
    on_step("compare ONNX Runtime and the Core ML reference")
    probed, size = probe(graph, package), package.size
    _demand_alike(probed, source.name)
    if weights := options.get("weights", ""):
        on_step("make the weights smaller, and compare again")
        package = converted(weights=weights)
        probed = probe(graph, package)
    on_step("write the package")
    package.save(target)
    return Converted(path=target, package=package, probed=probed, exact_size=size)


def _free(target: Path, replace: bool) -> Path:
    if target.exists() and not replace:
        raise FileTaken(str(target))
    return target


def _demand_alike(probed: "Probed", model: str) -> None:
    if not probed.holds:
        raise NotExportable(
            model,
            target="Core ML",
            reason=f"the package answers {probed.label_mismatches + probed.beyond_tolerance} of "
            f"{probed.rows} rows otherwise than ONNX Runtime, by up to "
            f"{probed.largest_absolute:.2g}; nothing was written",
            fix="export the estimator itself, whose sample says which rows are real",
        )
