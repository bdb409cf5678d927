"""What an export is: the file `exports/NAME.toml`."""

import re
from typing import Literal

from pydantic import Field, field_validator

from lastmile.definitions import Definition
from lastmile.values import Bytes, Seconds

Target = Literal["onnx", "coreml"]

_SEMVER = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class ColumnText(Definition):
    """What a column means, for the people who will fill it on a phone."""

    help: str = ""
    unit: str = ""


class Tolerance(Definition):
    """How far an exported form may be from scikit-learn before the export fails.

    `labels` counts rows. `probability` is an absolute difference. `value` is relative to the
    answer, or to the usual size of answers where that is larger.
    """

    labels: int = Field(default=0, ge=0, description="rows whose label may differ")
    probability: float = Field(default=1e-5, ge=0, lt=1, description="absolute")
    value: float = Field(default=1e-5, ge=0, lt=1, description="relative")


class Budget(Definition):
    """What a bundle may cost.

    Time and memory are measured with ONNX Runtime on the machine that exports. `differing_rows`
    counts rows that a form answers otherwise, also where the tolerance or `--accept` lets them be.
    """

    size: Bytes | None = Field(default=None, gt=0, description="of all files of the bundle")
    latency: Seconds | None = Field(default=None, gt=0, description="of one row, the median")
    memory: Bytes | None = Field(default=None, gt=0, description="at most, for graph and one row")
    differing_rows: int | None = Field(default=None, ge=0, description="of all rows asked")


class Candidates(Definition):
    """Estimators to choose from, and how they are judged.

    What is not fitted is fitted on each part of `rows` and judged on what was left out; what is
    fitted already is only judged, so `rows` must then be rows that it has not seen.
    """

    estimators: tuple[str, ...] = Field(
        min_length=1, description="`module:function` giving one or several by name, or files"
    )
    rows: str = Field(
        pattern=_FUNCTION.pattern + "$", description="`module:function` giving rows and answers"
    )
    metric: str = Field(default="accuracy", min_length=1, description="a scorer of scikit-learn")
    splits: int = Field(default=5, ge=2, le=50, description="parts that are left out in turn")
    ordered: bool = Field(default=False, description="judge by rows after those learned from")


class OnnxForm(Definition):
    """How the ONNX form is written."""

    trees: Literal[3, 5] = Field(
        default=5, description="operator set of `ai.onnx.ml` for trees; 3 for runtimes before 1.23"
    )
    weights: Literal["float32", "float16", "int8"] = Field(
        default="float32", description="how the weights of matrix products are stored"
    )
    zipmap: bool = Field(default=False, description="probabilities as maps from class to number")
    ort: bool = Field(default=False, description="ONNX Runtime's own format as well")


class CoreML(Definition):
    """What the Core ML form should be like."""

    minimum_ios: str = Field(
        default="", pattern=r"^(\d+(\.\d+)?)?$", description="refuse what needs a newer one"
    )
    inputs: Literal["columns", "vector"] = Field(
        default="columns", description="an input for each column, or one array of all numbers"
    )
    prefer: Literal["exact", "size"] = Field(
        default="exact", description="trees as Core ML's own, or in the smaller form"
    )
    weights: Literal["", "linear8", "palettize", "palettize8", "palettize4"] = Field(
        default="", description="fewer bits for each weight, at a cost that the evidence tells"
    )


class ExportFile(Definition):
    """An export: which estimator, which sample of raw rows, which targets, which limits."""

    title: str = Field(min_length=1)
    description: str = ""
    version: str = Field(pattern=_SEMVER, description="semantic version of the bundle")
    estimator: str = Field(
        description="`module:function`, a file below the workspace, or a model of MLflow"
    )
    sample: str = Field(description="`module:function`, or a .csv or .parquet file")
    targets: tuple[Target, ...] = Field(default=("onnx", "coreml"), min_length=1)
    author: str = ""
    license: str = ""
    columns: dict[str, ColumnText] = Field(default_factory=dict)
    onnx: OnnxForm = OnnxForm()
    tolerance: Tolerance = Tolerance()
    budget: Budget = Budget()
    candidates: Candidates | None = None
    coreml: CoreML = CoreML()

    @field_validator("estimator", "sample")
    @classmethod
    def _stays_inside(cls, reference: str) -> str:
        if not _FUNCTION.fullmatch(reference):
            parts = re.split(r"[/\\]", reference)
            if not reference or ".." in parts or reference.startswith(("/", "~", "\\")):
                raise ValueError("write `module:function`, or a path below the workspace")
        return reference

    @field_validator("targets")
    @classmethod
    def _every_target_builds_on_onnx(cls, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        if "onnx" not in targets:
            raise ValueError('add "onnx": the Core ML form is made from it')
        return targets
