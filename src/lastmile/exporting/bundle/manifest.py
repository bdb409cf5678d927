"""The manifest of a bundle: `bundle.json`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from lastmile.definitions import Definition
from lastmile.exporting.definition import ExportFile
from lastmile.exporting.evidence import Tolerances
from lastmile.exporting.signature.identifiers import type_name

FORMAT = 1
"""Number of the manifest's form.

To change the form: raise the number, let `lastmile.exporting.bundle.check` go on reading the older
ones, keep a bundle of each older form beside its tests, and tell the change in the changelog. A
reader refuses a newer number rather than guess.
"""

MANIFEST = "bundle.json"
SIGNATURE = "signature.json"
EVIDENCE = "evidence.json"
GOLDEN = "golden/rows.json"
README = "README.md"
OPERATORS = "android/required_operators.config"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a bundle says of itself; `size_limit` in bytes."""

    name: str
    version: str
    title: str = ""
    description: str = ""
    author: str = ""
    license: str = ""
    size_limit: float | None = None

    @classmethod
    def of(cls, name: str, definition: ExportFile) -> Self:
        """What the definition `exports/NAME.toml` says."""
        return cls(
            name=name,
            version=definition.version,
            title=definition.title,
            description=definition.description,
            author=definition.author,
            license=definition.license,
            size_limit=definition.budget.size,
        )

    @property
    def type_name(self) -> str:
        """The name of the model's files, and of the class that Xcode makes from them."""
        return type_name(self.name)


class FileEntry(Definition):
    """One file of the bundle."""

    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class RuntimeRange(Definition):
    """Releases of ONNX Runtime that may run the graph."""

    minimum: str
    excluded: dict[str, str] = Field(description="release -> what is wrong with it")


class ToleranceEntry(Definition):
    """What may differ when the golden rows are asked again; `scale` as in the evidence."""

    labels: int = Field(ge=0)
    probability: float = Field(ge=0)
    value: float = Field(ge=0)
    scale: tuple[float, ...] = ()

    def values(self) -> Tolerances:
        """The same numbers for a comparison."""
        return Tolerances(**self.model_dump())


class WeightsEntry(Definition):
    """How weights of matrix products are stored, and their bytes before and after."""

    stored: str
    tensors: int = Field(ge=0)
    bytes_before: int = Field(ge=0)
    bytes_after: int = Field(ge=0)


class Manifest(Definition):
    """What the bundle is, how it was made, and the SHA-256 of every other file in it.

    `size` is the sum of the sizes in `files`, in bytes. `android` and `ios` are paths in the
    bundle; `made_with` maps packages to versions. `accepted` is the reason for which somebody let
    the bundle out although its forms answer some rows otherwise. `ort` is a path as well, of the
    same graph in ONNX Runtime's own format; `zipmap` says whether probabilities are maps.
    `ios_inputs` says how rows enter the package: an input for each column, or one array of all.
    """

    format: int
    name: str
    version: str
    title: str
    description: str
    author: str
    license: str
    made: datetime
    made_with: dict[str, str]
    android: str
    ios: str | None
    minimum_ios: str | None
    ios_inputs: Literal["columns", "vector"] = "columns"
    onnxruntime: RuntimeRange
    tolerance: ToleranceEntry
    accepted: str = ""
    ort: str | None = None
    zipmap: bool = False
    weights: WeightsEntry | None = None
    size: int = Field(ge=0)
    files: dict[str, FileEntry]


class GoldenEntry(Definition):
    """One golden row: raw values by column name, scikit-learn's answers by output name.

    `asks` names the open questions of evidence.json that it puts, if it stands there for them.
    """

    rows: str
    inputs: dict[str, str | int | float | bool | None]
    expected: dict[str, str | int | list[float | str | None]]
    asks: tuple[str, ...] = ()


class GoldenFile(Definition):
    """`golden/rows.json`: numbers as they are, a missing number is null."""

    format: int
    rows: tuple[GoldenEntry, ...] = Field(min_length=1)
