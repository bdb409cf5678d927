"""Read Core ML files that anybody made: ask them rows, and check them, without a Mac."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lastmile.errors import NotWritable, RowsRefused

if TYPE_CHECKING:
    import pandas as pd

    from lastmile.exporting.coreml.check import Fault


def predict_rows(model: Path, rows: Path) -> "pd.DataFrame":
    """The answers of the Core ML file `model` to the rows of a .csv or .parquet file, as a table.

    Raises:
        PackageBroken: the file is damaged, or of a kind that cannot be evaluated here.
        RowsRefused: the rows are not what the model reads.
    """
    from lastmile.exporting.coreml.reference import predict
    from lastmile.exporting.coreml.reference.files import read_parts

    return predict(read_parts(model), read_rows(rows))


def read_rows(path: Path) -> "pd.DataFrame":
    """A table of rows; the cells of a .csv file stay texts, so that `007` is not 7.

    `-` is the standard input.

    Raises:
        RowsRefused: it is no table.
    """
    import pandas as pd

    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        source: Any = io.StringIO(sys.stdin.read()) if str(path) == "-" else path
        return pd.read_csv(source, dtype=str, keep_default_na=False)
    except (OSError, ValueError, ImportError, pd.errors.ParserError) as error:
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RowsRefused(
            f"{path.name} is no table that can be read: {told}",
            fix="give a .csv file with a line of column names, or a .parquet file",
        ) from error


def write_rows(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as .csv or .parquet, whole or not at all.

    Raises:
        NotWritable: the place may not be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".parquet":
            table.to_parquet(part)
        else:
            table.to_csv(part, index=False, na_rep="NaN")
        part.replace(path)
    except (OSError, ImportError) as error:
        part.unlink(missing_ok=True)
        raise NotWritable(str(path), getattr(error, "strerror", None) or str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a Core ML file is, and what is wrong with it.

    inputs, outputs: name and type in words. faults: what Apple's compiler would refuse.
    unknowns: what only a device can tell about it. unsupported: why it cannot be evaluated here,
    empty where it can.
    """

    kind: str
    minimum_ios: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    faults: "tuple[Fault, ...]"
    unknowns: tuple[str, ...]
    unsupported: str


def look_at(model: Path) -> Looked:
    """Check a Core ML file.

    Raises:
        PackageBroken: it cannot be read at all.
    """
    from lastmile.exporting.coreml import check
    from lastmile.exporting.coreml.reference import supported
    from lastmile.exporting.coreml.reference.files import read_parts
    from lastmile.exporting.coreml.reference.tables import type_shown
    from lastmile.exporting.coreml.schema import minimum_ios
    from lastmile.exporting.coreml.unknowns import unknowns_of

    parts = read_parts(model)
    spec = parts.model
    return Looked(
        kind=spec.WhichOneof("Type") or "nothing",
        minimum_ios=minimum_ios(spec.specificationVersion),
        inputs={one.name: type_shown(one) for one in spec.description.input},
        outputs={one.name: type_shown(one) for one in spec.description.output},
        faults=check(spec),
        unknowns=unknowns_of(spec),
        unsupported=supported(spec),
    )
