"""Count what an export, or any ONNX file, costs."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from lastmile.atomic import write_text
from lastmile.definitions import read_definition
from lastmile.errors import BadReference
from lastmile.exporting.definition import ExportFile
from lastmile.workspace import Workspace

if TYPE_CHECKING:
    from lastmile.exporting.cost import Cost


def cost_of_export(workspace: Workspace, name: str, *, trust: bool = False) -> "Cost":
    """What the graph of the export `name` costs, by the steps of its pipeline.

    Raises:
        LastmileError: the definition, the estimator or the sample is not right, or a step cannot
            be converted.
    """
    path = workspace.definition("export", name)
    file = read_definition(path, ExportFile, shown=workspace.shown(path))
    workspace.open_modules()
    from lastmile.exporting.cost import cost_of
    from lastmile.exporting.onnx import to_onnx
    from lastmile.exporting.source import load_estimator, load_sample

    with redirect_stdout(sys.stderr):
        estimator = load_estimator(file.estimator, root=workspace.root, trust=trust)
        sample = load_sample(file.sample, root=workspace.root)
    return cost_of(to_onnx(estimator, sample), sample)


def cost_of_model(path: Path) -> "Cost":
    """What an ONNX file costs, by its operators.

    Raises:
        BadReference: there is no such file.
        RowsRefused: it is no sound model.
    """
    if not path.is_file():
        raise BadReference(
            str(path), "there is no such file", fix="name an ONNX file, or an export"
        )
    from lastmile.exporting.cost import cost_of_file

    return cost_of_file(path)


def write_page(path: Path, title: str, cost: "Cost") -> None:
    """Write the page of a cost.

    Raises:
        NotWritable: the place may not be written.
    """
    from lastmile.exporting.cost.page import cost_page

    write_text(path, cost_page(title, cost))
