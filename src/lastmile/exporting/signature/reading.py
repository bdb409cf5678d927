"""Estimator and sample become a signature."""

from collections.abc import Mapping
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
from lastmile.exporting.signature.identifiers import identifiers
from lastmile.exporting.signature.outputs import read_outputs
from lastmile.exporting.signature.parts import (
    parts,
    positions_of,
    raw_names,
    raw_transformers,
    read_positions,
)
from lastmile.exporting.signature.shape import Column, Kind, Signature, Task

NOTES = {
    "missing number": "NaN",
    "missing text": "the empty string",
    "numbers": "32-bit floats; whole numbers are 64-bit integers and are never missing",
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
    known = known_categories(estimator, raw_names(estimator, [str(c) for c in sample.columns]))
    column_kinds = each(column_kind, (sample[name] for name in names))
    columns = tuple(
        Column(
            name=name,
            identifier=identifier,
            kind=kind,
            help=texts[name].help if name in texts else "",
            unit=texts[name].unit if name in texts else "",
            known=known.get(name, ()),
        )
        for name, identifier, kind in zip(names, identifiers(names), column_kinds, strict=True)
    )
    task = read_task(estimator)
    outputs = read_outputs(estimator, task, sample, score=score)
    return Signature(task=task, columns=columns, outputs=outputs, notes=NOTES)


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


def known_categories(estimator: Any, names: list[str]) -> dict[str, tuple[str | int, ...]]:
    """The categories that encoders behind a raw column have learned, by column name."""
    found: dict[str, tuple[str | int, ...]] = {}
    for transformer in raw_transformers(estimator, names):
        for name, inner, _ in transformer.transformers_:
            positions = positions_of(transformer, name)
            for _, part in parts(inner):
                learned = getattr(part, "categories_", None)
                if learned is not None and len(learned) == len(positions):
                    for position, values in zip(positions, learned, strict=True):
                        found.setdefault(names[position], _plain_categories(values))
    return found


def _plain_categories(values: Any) -> tuple[str | int, ...]:
    plain: list[str | int] = []
    for value in values:
        if isinstance(value, str):
            if value != phone.MISSING_TEXT:
                plain.append(value)
        elif not pd.isna(value) and float(value).is_integer():
            plain.append(int(value))
    return tuple(plain)


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
