"""One question of the matrix: an estimator, rows, an arrangement, and what came of it."""

import copy
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from tests.matrix.cases import Case
from tests.matrix.rows import KINDS, Data

from lastmile.errors import LastmileError, NotExportable
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.evidence import Evidence, Tolerances, gather_evidence
from lastmile.exporting.onnx import Graph, to_onnx
from lastmile.exporting.signature.outputs import given_to

Verdict = Literal["agrees", "refused", "differs", "broken", "unfit"]
ALONE, SHIFTED, COLUMNS = "alone", "far from zero", "behind columns"

TOLERANCE = Tolerances(labels=0, probability=1e-5, value=1e-5)
"""That of a definition that says nothing: the tolerances of the product itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one question to one target."""

    verdict: Verdict
    why: str = ""
    absolute: float = 0.0
    relative: float = 0.0
    rows: int = 0


def arrangements(case: Case) -> tuple[str, ...]:
    """How a case is asked: on its own rows, on rows far from zero, behind a ColumnTransformer."""
    free = case.rows == "plain" and not hasattr(case.estimator, "patch_size")
    kind = type(case.estimator).__name__
    if kind in ("KernelCenterer", "SparseCoder") or kind.endswith("Ranker"):
        return (ALONE,)
    return (ALONE, SHIFTED, COLUMNS) if free else (ALONE,)


def fitted(case: Case, arrangement: str) -> tuple[Any, pd.DataFrame]:
    """The fitted estimator of a question, and its sample of raw rows."""
    kind = {ALONE: case.rows, SHIFTED: "shifted", COLUMNS: "mixed"}[arrangement]
    data = KINDS[kind]()
    estimator = clone(case.estimator, safe=False)
    if arrangement == COLUMNS:
        estimator = make_pipeline(_columns(), estimator)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _fit(estimator, data, case.target), data.rows


def _columns() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (numbers, ["temperature °C", "visits"]),
        (MinMaxScaler(), ["member"]),
        (texts, ["city", "device"]),
    )


def _fit(estimator: Any, data: Data, target: str) -> Any:
    kind = type(estimator).__name__
    if kind == "KernelCenterer":
        return estimator.fit(data.rows.iloc[:4])
    if kind == "FrozenEstimator":
        estimator.estimator.fit(data.rows, getattr(data, target))
        return estimator
    if kind in (
        "LabelEncoder",
        "LabelBinarizer",
        "MultiLabelBinarizer",
        "CountVectorizer",
        "TfidfVectorizer",
        "HashingVectorizer",
        "DictVectorizer",
        "FeatureHasher",
    ):
        return estimator.fit(given_to(estimator, data.rows))
    wanted = getattr(data, target)
    if kind == "CatBoostRanker":
        return estimator.fit(data.rows, wanted, group_id=np.arange(len(wanted)) // 60)
    if kind.endswith("Ranker"):
        return estimator.fit(data.rows, wanted, group=[60] * (len(wanted) // 60))
    return estimator.fit(data.rows, wanted)


def ask_onnx(estimator: Any, rows: pd.DataFrame) -> tuple[Outcome, Graph | None]:
    """Whether the graph answers as the estimator does."""
    before = copy.deepcopy(estimator)
    try:
        graph = to_onnx(estimator, rows)
    except LastmileError as error:
        return Outcome(verdict="refused", why=error.what), None
    return _judged(gather_evidence(before, graph.signature, graph, None, rows, TOLERANCE)), graph


def ask_coreml(estimator: Any, rows: pd.DataFrame, graph: Graph) -> Outcome:
    """Whether the Core ML package answers as the estimator does."""
    try:
        package = to_coreml(graph, name="Asked")
    except NotExportable as error:
        return Outcome(verdict="refused", why=error.what)
    found = _judged(gather_evidence(estimator, graph.signature, package, None, rows, TOLERANCE))
    if found.verdict == "differs" and _is_wide(graph):
        why = "its evidence refuses it: Core ML has no numbers of 64 bits, which it needs"
        return Outcome(verdict="refused", why=why)  # how many rows is the machine's affair
    return found


def _is_wide(graph: Graph) -> bool:
    """Whether a part of the graph is computed in 64 bits."""
    double = onnx.TensorProto.DOUBLE
    return any(tensor.data_type == double for tensor in graph.proto.graph.initializer)


def _judged(evidence: Evidence) -> Outcome:
    (apart,) = evidence.comparisons
    return Outcome(
        verdict="agrees" if evidence.holds else "differs",
        why="" if evidence.holds else evidence.reasons[0],
        absolute=apart.largest_absolute,
        relative=apart.largest_relative,
        rows=apart.rows,
    )
