"""Estimator and sample become a signature."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import pandas as pd

from lastmile.errors import (
    BadDefinition,
    NotExportable,
    NotFitted,
    RowsRefused,
    each,
    nearest,
    raise_faults,
)
from lastmile.exporting.signature import phone
from lastmile.exporting.signature.boosters import RANKERS, last_of
from lastmile.exporting.signature.categories import (
    is_id,
    known_categories,
    read_by_encoders_only,
    unused_number,
)
from lastmile.exporting.signature.identifiers import identifiers
from lastmile.exporting.signature.outputs import read_outputs
from lastmile.exporting.signature.parts import raw_names, read_positions
from lastmile.exporting.signature.refusals import closed_columns, missing_values
from lastmile.exporting.signature.shape import Column, Kind, Signature, Task

NOTES = {
    "missing number": "NaN",
    "missing text": "the empty string",
    "numbers": "32-bit floats; whole numbers are 64-bit integers",
    "required": "a column without `missing` has to be sent with every row",
    "closed": "only `known` values may be sent: the estimator refuses others",
}


class Described(Protocol):
    """What a definition says about a column."""

    @property
    def help(self) -> str:
        """What the column is."""
        ...

    @property
    def unit(self) -> str:
        """What its numbers count."""
        ...


def read_signature(
    estimator: Any,
    sample: pd.DataFrame,
    columns_help: Mapping[str, Described] | None = None,
    *,
    score: bool = False,
) -> Signature:
    """The raw columns that `estimator` reads, with their types in `sample`, and its outputs.

    `score` asks for the `decision_function` of a classifier as one more output.

    Raises:
        NotFitted: the estimator has learned nothing yet.
        SampleLacksColumn: the sample has not all columns that it reads.
        RowsRefused: the sample is no table, is empty, or the estimator cannot be applied to it.
        NotExportable: a column or an output has a type that phones do not have.
        BadDefinition: `columns_help` describes a column that is not read.
        Faults: several of these, all at once.
    """
    demand_fitted(estimator)
    _demand_rows(sample)
    names = _names_read(estimator, sample)
    texts = columns_help or {}
    raise_faults([_described_in_vain(name, names) for name in texts if name not in names])
    written = _columns(estimator, sample, names)
    identified = zip(written, identifiers(names), strict=True)
    columns = [
        replace(
            column,
            identifier=identifier,
            help=texts[column.name].help if column.name in texts else "",
            unit=texts[column.name].unit if column.name in texts else "",
        )
        for column, identifier in identified
    ]
    task = read_task(estimator)
    outputs = read_outputs(estimator, task, sample, score=score)
    limited = _limited(estimator, task, sample, columns)
    return Signature(task=task, columns=limited, outputs=outputs, notes=NOTES)


def _columns(estimator: Any, sample: pd.DataFrame, names: Sequence[str]) -> list[Column]:
    """The columns with their kinds and the categories that are known of them.

    Ids are whole numbers also where some are missing, as 32-bit floats would make one of many; a
    number that is no id stands for a missing one.
    """
    all_names = raw_names(estimator, [str(name) for name in sample.columns])
    known = known_categories(estimator, all_names)
    encoded = {all_names[at] for at in read_by_encoders_only(estimator, len(all_names))}
    kinds = each(column_kind, (sample[name] for name in names))
    columns = []
    for name, kind in zip(names, kinds, strict=True):
        learned = known.get(name, ())
        column = Column(name=name, identifier=name, kind=kind, known=learned)
        if kind is Kind.FLOAT and name in encoded and is_id(sample[name], learned):
            missing = unused_number(sample[name], learned)
            column = replace(column, kind=Kind.INT, missing=missing)
        columns.append(column)
    return columns


def _limited(
    estimator: Any, task: Task, sample: pd.DataFrame, columns: Sequence[Column]
) -> tuple[Column, ...]:
    """The columns, with what the estimator refuses of them."""
    answered = missing_values(estimator, task, sample, columns)
    closed = closed_columns(estimator, task, sample, columns)
    return tuple(
        replace(
            column,
            missing=_written_missing(column) if column.name in answered else None,
            closed=column.name in closed,
        )
        for column in columns
    )


def _written_missing(column: Column) -> str | int | None:
    """How a phone writes a missing value of the column."""
    return phone.MISSING.get(column.kind, column.missing)


def _described_in_vain(name: str, names: list[str]) -> BadDefinition:
    return BadDefinition(
        f"`{name}` is described, but the estimator reads no such column",
        where=f"columns.{name}",
        fix=nearest(name, names),
    )


def demand_fitted(estimator: Any) -> None:
    """Raise `NotFitted` unless scikit-learn takes the estimator for fitted."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise NotFitted(type(estimator).__name__) from error
    except TypeError as error:
        raise NotExportable(
            type(estimator).__name__, target="a phone", reason="it is not a scikit-learn estimator"
        ) from error


def _demand_rows(sample: pd.DataFrame) -> None:
    if not isinstance(sample, pd.DataFrame):
        raise RowsRefused(f"the sample is a {type(sample).__name__}, not a pandas DataFrame")
    if sample.empty:
        raise RowsRefused("the sample has no rows")
    if not all(isinstance(name, str) for name in sample.columns):
        raise RowsRefused(
            "the sample's columns are not called by texts",
            fix="sample.columns = sample.columns.astype(str)",
        )
    names = list(sample.columns)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        named = ", ".join(f"`{name}`" for name in twice)
        raise RowsRefused(f"the sample has more than one column called {named}")


def _names_read(estimator: Any, sample: pd.DataFrame) -> list[str]:
    """The raw columns that influence the answer, in the order of the estimator."""
    present = [str(name) for name in sample.columns]
    names = raw_names(estimator, present)
    expected = getattr(estimator, "n_features_in_", len(names))
    if len(names) != expected:
        raise RowsRefused(
            f"the sample has {len(names)} columns, but the estimator was fitted with {expected}"
        )
    read = [names[position] for position in sorted(read_positions(estimator, len(names)))]
    phone.demand_columns(sample, read)
    return read


def column_kind(series: "pd.Series[Any]") -> Kind:
    """What the values of a sample's column are on a phone.

    Raises:
        NotExportable: nothing that a phone has.
    """
    values = series.cat.categories.to_series() if series.dtype == "category" else series
    seen = pd.api.types.infer_dtype(values, skipna=True)
    missing = bool(series.isna().any())
    if seen in ("string", "empty") and not pd.api.types.is_numeric_dtype(series):
        return Kind.STRING
    if seen == "boolean" and not missing:
        return Kind.BOOL
    if seen == "integer":
        return Kind.FLOAT if missing else Kind.INT
    if seen in ("floating", "mixed-integer-float") or pd.api.types.is_float_dtype(series):
        return Kind.FLOAT
    raise NotExportable(
        f"column `{series.name}`",
        target="a phone",
        reason=f"its values are {'boolean and missing' if seen == 'boolean' else seen}",
        fix="turn it into numbers or texts before the estimator sees it",
    )


def read_task(estimator: Any) -> Task:
    """What the estimator does with a row.

    Raises:
        NotExportable: nothing that an app could ask for.
    """
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

    if is_classifier(estimator):
        return Task.CLASSIFY
    if is_regressor(estimator) or type(last_of(estimator)).__name__ in RANKERS:
        return Task.REGRESS
    if is_outlier_detector(estimator) and hasattr(estimator, "predict"):
        return Task.DETECT
    if hasattr(estimator, "predict") and (
        is_clusterer(estimator) or hasattr(estimator, "predict_proba")
    ):
        return Task.CLUSTER
    if hasattr(estimator, "transform"):
        return Task.TRANSFORM
    raise NotExportable(
        type(estimator).__name__,
        target="a phone",
        reason="it answers nothing about new rows",
        fix="export a classifier, a regressor, a transformer, or what finds clusters or outliers",
    )
