"""Each candidate is judged on rows that it has not seen, fitted, converted and measured."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lastmile.definitions import read_definition
from lastmile.errors import BadDefinition, LastmileError
from lastmile.exporting.cost import cost_of, measure
from lastmile.exporting.cost.measuring import Machine
from lastmile.exporting.definition import Budget, Candidates, ExportFile
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.source import load_candidates, load_labelled, load_sample
from lastmile.workspace import Workspace, find_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One estimator: its mean score with the standard error, and what its graph costs.

    A score is better when it is higher. `size` in bytes, `latency` in seconds for one row here,
    `weight` as it is counted without a device. What cannot be converted has `refused` instead.
    """

    name: str
    score: float
    error: float
    size: int = 0
    latency: float = 0.0
    visited: float = 0.0
    weight: float = 0.0
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All candidates of an export, best first, with what they were judged by."""

    title: str
    metric: str
    splits: int
    rows: int
    budget: Budget
    machine: Machine
    candidates: tuple[Candidate, ...]


def read_candidates(workspace: Workspace, name: str) -> tuple[ExportFile, Candidates]:
    """The export `name` and its `[candidates]`.

    Raises:
        UnknownName: there is no export `name`.
        BadDefinition: it names no candidates.
    """
    path = workspace.definition("export", name)
    file = read_definition(path, ExportFile, shown=workspace.shown(path))
    if file.candidates is None:
        raise BadDefinition(
            f"the export `{name}` names no candidates",
            where=workspace.shown(path),
            fix='add [candidates] with estimators = ["module:function"] and '
            'rows = "module:function"',
        )
    return file, file.candidates


def compare_export(name: str, root: str | Path = ".", *, trust: bool = False) -> Found:
    """Judge the candidates of the export `name` of the workspace around `root`.

    Raises:
        BadDefinition: the definition names no candidates.
        LastmileError: whatever else is wrong with it, its estimators or its rows.
    """
    workspace = find_workspace(Path(root))
    file, wanted = read_candidates(workspace, name)
    workspace.open_modules()
    estimators = load_candidates(wanted.estimators, root=workspace.root, trust=trust)
    rows, answers = load_labelled(wanted.rows)
    sample = load_sample(file.sample, root=workspace.root)
    judged = [_judged(*each, rows, answers, sample, wanted) for each in estimators.items()]
    return Found(
        title=file.title,
        metric=wanted.metric,
        splits=wanted.splits,
        rows=len(rows),
        budget=file.budget,
        machine=Machine.here(),
        candidates=tuple(sorted(judged, key=lambda one: -one.score)),
    )


def _judged(
    name: str,
    estimator: Any,
    rows: pd.DataFrame,
    answers: Any,
    sample: pd.DataFrame,
    wanted: Candidates,
) -> Candidate:
    scores = np.array(list(_scores(estimator, rows, answers, wanted)))
    error = float(scores.std(ddof=1) / np.sqrt(len(scores)))
    seen = Candidate(name=name, score=float(scores.mean()), error=error)
    fitted = estimator if _is_fitted(estimator) else _fitted(estimator, rows, answers)
    try:
        graph = to_onnx(fitted, sample)
    except LastmileError as refusal:
        return replace(seen, refused=refusal.what)
    counted = cost_of(graph, sample).total
    return replace(
        seen,
        size=graph.size,
        latency=measure(graph, sample).latency,
        visited=counted.visited,
        weight=counted.weight,
    )


def _scores(
    estimator: Any, rows: pd.DataFrame, answers: Any, wanted: Candidates
) -> Iterator[float]:
    """The score on each part that was left out; what is fitted already is not fitted again."""
    from sklearn.metrics import get_scorer

    scorer = get_scorer(wanted.metric)
    values = np.asarray(answers)
    for learned, left_out in _splits(estimator, rows, values, wanted):
        judge = estimator
        if not _is_fitted(estimator):
            judge = _fitted(estimator, rows.iloc[learned], values[learned])
        yield float(scorer(judge, rows.iloc[left_out], values[left_out]))


def _splits(estimator: Any, rows: pd.DataFrame, values: np.ndarray, wanted: Candidates) -> Any:
    from sklearn.base import is_classifier
    from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

    if wanted.ordered:
        return TimeSeriesSplit(wanted.splits).split(rows)
    kind = StratifiedKFold if is_classifier(estimator) else KFold
    return kind(wanted.splits, shuffle=True, random_state=0).split(rows, values)


def _is_fitted(estimator: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def _fitted(estimator: Any, rows: pd.DataFrame, answers: Any) -> Any:
    from sklearn.base import clone
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return clone(estimator).fit(rows, answers)


def over_budget(candidate: Candidate, budget: Budget) -> tuple[str, ...]:
    """Which limits a candidate exceeds; the graph's size stands for the bundle's."""
    limits: Mapping[str, tuple[float, float | None]] = {
        "size": (candidate.size, budget.size),
        "latency": (candidate.latency, budget.latency),
    }
    return tuple(name for name, (is_, may) in limits.items() if may is not None and is_ > may)
