"""What encoders behind the raw columns have learned, and how a phone must write such a column."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from lastmile.exporting.signature.parts import first_readers, is_drop, positions_of
from lastmile.exporting.signature.phone import MISSING_TEXT

UNSEEN_TEXT = "value never seen"
"""A text that no encoder has learned."""

ENCODERS = ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder")
"""Classes that look each column up in a table of its own."""

_INT64_ENDS = (-(2**63), 2**63 - 1)


def known_categories(
    estimator: Any, names: Sequence[str]
) -> dict[str, tuple[str | int | float, ...]]:
    """The categories that encoders of the raw columns have learned, by column name."""
    known: dict[str, tuple[str | int | float, ...]] = {}
    for reader in readers_of(estimator, range(len(names))):
        learned = getattr(reader.estimator, "categories_", None)
        if learned is not None and len(learned) == len(reader.positions):
            for position, values in zip(reader.positions, learned, strict=True):
                known.setdefault(names[position], _plain(values))
    return known


def _plain(values: Any) -> tuple[str | int | float, ...]:
    plain: list[str | int | float] = []
    for value in values:
        if isinstance(value, str):
            if value != MISSING_TEXT:
                plain.append(value)
        elif not pd.isna(value):
            plain.append(int(value) if float(value).is_integer() else float(value))
    return tuple(plain)


def unseen_value(known: Sequence[str | int | float], *, whole: bool) -> Any:
    """A value of the kind of the `known` ones that is none of them; `whole` asks for an integer."""
    numbers = [value for value in known if not isinstance(value, str)]
    if len(numbers) < len(known) or not numbers:
        return UNSEEN_TEXT
    beside = 1 if whole else 0.5
    largest, smallest = max(numbers), min(numbers)
    value = largest + beside if largest < _INT64_ENDS[1] else smallest - beside
    return int(value) if whole else value


# --- columns that must be whole numbers ----------------------------------------------------------


def is_id(series: "pd.Series[Any]", known: Sequence[str | int | float]) -> bool:
    """Whether a column holds whole numbers that 32-bit floats cannot tell apart.

    `known` are the categories that were learned of it.
    """
    values = pd.to_numeric(series, errors="coerce").dropna().astype(np.float64).to_numpy()
    numbers = np.unique([*values, *(float(v) for v in known if not isinstance(v, str))])
    whole = len(numbers) > 0 and bool((np.trunc(numbers) == numbers).all())
    inside = whole and bool((np.abs(numbers) < 2.0**53).all())
    return inside and len(np.unique(numbers.astype(np.float32))) < len(numbers)


def unused_number(series: "pd.Series[Any]", known: Sequence[str | int | float]) -> int:
    """A whole number that stands for a missing one: -1, or else one below all others."""
    taken = {int(value) for value in known if not isinstance(value, str)}
    taken |= {int(value) for value in series.dropna()}
    return -1 if -1 not in taken else min(taken) - 1


def read_by_encoders_only(estimator: Any, width: int) -> set[int]:
    """The raw columns, by position, that nothing reads but encoders of categories.

    An imputer before the encoder does not count, where it puts in whole numbers.
    """
    encoded: set[int] = set()
    measured: set[int] = set()
    for reader in readers_of(estimator, range(width)):
        encodes = type(reader.estimator).__name__ in ENCODERS and reader.imputes_whole_numbers
        (encoded if encodes else measured).update(reader.positions)
    return encoded - measured


@dataclass(frozen=True, slots=True)
class Reader:
    """An estimator that is given raw columns, perhaps through an imputer."""

    positions: tuple[int, ...]
    estimator: Any
    imputer: Any = None

    @property
    def imputes_whole_numbers(self) -> bool:
        """Whether nothing but whole numbers comes to stand for missing ones."""
        if self.imputer is None:
            return True
        learned = np.asarray(self.imputer.statistics_)
        if learned.dtype.kind not in "fiu":
            return False
        return bool((np.isfinite(learned) & (np.trunc(learned) == learned)).all())


def readers_of(estimator: Any, columns: Iterable[int]) -> Iterator[Reader]:
    """Every estimator that reads the raw columns themselves; imputers are looked through."""
    positions = tuple(columns)
    if hasattr(estimator, "transformers_"):
        for name, inner, _ in estimator.transformers_:
            if not is_drop(inner):
                yield from readers_of(
                    inner, [positions[at] for at in positions_of(estimator, name)]
                )
    elif hasattr(estimator, "steps"):
        yield from _of_pipeline(estimator, positions)
    elif hasattr(estimator, "transformer_list"):
        for _, inner in estimator.transformer_list:
            yield from readers_of(inner, positions)
    elif inside := first_readers(estimator):
        for inner in inside:
            yield from readers_of(inner, positions)
    else:
        yield Reader(positions, estimator)


def _of_pipeline(pipeline: Any, positions: tuple[int, ...]) -> Iterator[Reader]:
    steps = [step for _, step in pipeline.steps if hasattr(step, "get_params")]
    if len(steps) > 1 and type(steps[0]).__name__ == "SimpleImputer" and _keeps_columns(steps[0]):
        for reader in readers_of(steps[1], positions):
            yield replace(reader, imputer=steps[0])
    elif steps:
        yield from readers_of(steps[0], positions)


def _keeps_columns(imputer: Any) -> bool:
    """Whether an imputer answers exactly the columns that it is given."""
    return not imputer.add_indicator and imputer.n_features_in_ == len(
        imputer.get_feature_names_out()
    )
